// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "alert/sink.hpp"

namespace holdfast::alert {

/// The record's type: AUDIT_ANOM_EXEC for a program or image that should not run, AUDIT_ANOM_ACCESS_FS for what a
/// container did to what is not its own, AUDIT_TRUSTED_APP for what Holdfast says of itself.
[[nodiscard]] int auditType(const Alert& alert);

/// The record's text as given to audit_log_user_message(), which adds exe=, hostname=, addr=, terminal= and res=.
/// Bounded so that the kernel cuts nothing off. A value with any byte that could end it, begin another field or another
/// record is in hexadecimal, which ausearch --interpret turns back.
[[nodiscard]] std::string auditText(const Alert& alert, std::uint64_t held_back);

/// The Linux audit trail. Needs CAP_AUDIT_WRITE, and CAP_AUDIT_CONTROL to ask whether anybody keeps the records: the
/// kernel takes them without a word where nobody does.
class AuditSink final : public Sink {
 public:
  AuditSink() = default;
  AuditSink(const AuditSink&) = delete;
  AuditSink& operator=(const AuditSink&) = delete;
  ~AuditSink() override;
  [[nodiscard]] const char* name() const override { return "audit"; }
  [[nodiscard]] Result<void> ready() override;
  [[nodiscard]] Result<void> deliver(const Alert& alert, std::uint64_t held_back) override;

 private:
  int fd_ = -1;
};

}  // namespace holdfast::alert
