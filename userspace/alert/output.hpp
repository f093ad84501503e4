// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "alert/sink.hpp"

namespace holdfast::alert {

enum class Target { Journal, Stderr };

/// The journal if the service manager connected standard error to it, else standard error.
[[nodiscard]] Target defaultTarget();

/// The other stages of the attack: "AS1 (12), MT2 (13)"; empty for none.
[[nodiscard]] std::string chainText(const Alert& alert);

/// One line for logs: name, message, container, rule, count.
[[nodiscard]] std::string summary(const Alert& alert);

/// The fields of the journal entry, "KEY=VALUE" each; values are single lines of bounded length.
[[nodiscard]] std::vector<std::string> journalFields(const Alert& alert);

/// The journal (fields HOLDFAST_*), or standard error (one JSON object a line).
class JournalSink final : public Sink {
 public:
  explicit JournalSink(Target target) : target_(target) {}
  [[nodiscard]] const char* name() const override { return "journal"; }
  [[nodiscard]] Result<void> deliver(const Alert& alert, std::uint64_t held_back) override;

 private:
  Target target_;
};

}  // namespace holdfast::alert
