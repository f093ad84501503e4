// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "alert/alert.hpp"
#include "control/shapes.hpp"
#include "holdfastd/options.hpp"
#include "holdfastd/policy_keeper.hpp"
#include "rule/load.hpp"

namespace holdfast::holdfastd {

/// Reads the configuration and the rules, and puts them in force or refuses them whole. For the main thread.
class RuleService {
 public:
  using Notice = std::function<void(alert::NoticeKind, const Error&)>;

  RuleService(const Options& options, PolicyKeeper& keeper, Notice notice);

  /// Reads the files without putting them in force; false if they have mistakes.
  bool read();
  /// After read(): puts in force what was read. If that was not possible, what the kernel has stays; if it has
  /// nothing, the vendor's rules come into force alone.
  void applyFirst();
  /// Reads, and puts in force if all is well.
  [[nodiscard]] tl::expected<control::ReloadReport, std::vector<Error>> reload();

  [[nodiscard]] const rule::HostConfig& config() const { return config_; }
  /// The configuration as last read without mistakes, whatever became of the rules.
  [[nodiscard]] const rule::HostConfig& lastRead() const { return read_config_; }
  /// Of the last set that was refused; empty if the newest is in force.
  [[nodiscard]] const std::vector<Error>& errors() const { return errors_; }
  [[nodiscard]] const std::string& loadedAt() const { return loaded_at_; }
  [[nodiscard]] std::uint64_t loadedAtNs() const { return loaded_at_ns_; }
  /// Why what is in force is not what the files said at the start; empty if it is.
  [[nodiscard]] const std::string& fallback() const { return fallback_; }
  /// The directories whose changes matter.
  [[nodiscard]] std::vector<std::filesystem::path> directories() const;
  /// Files that may stand beside other things: the switches of system rules, and the lists that rules name.
  [[nodiscard]] std::vector<std::filesystem::path> files() const;

 private:
  void refuse(std::vector<Error> errors);
  [[nodiscard]] bool apply(Rules rules, const rule::HostConfig& config);
  [[nodiscard]] rule::Sources sources(const rule::HostConfig& config) const;

  const Options& options_;
  PolicyKeeper& keeper_;
  Notice notice_;
  rule::HostConfig config_;       // in force
  rule::HostConfig read_config_;  // as last read without mistakes
  Rules read_;
  std::vector<std::filesystem::path> lists_;  // that rules named when they were last read without mistakes
  std::vector<Error> errors_;
  std::string loaded_at_;
  std::uint64_t loaded_at_ns_ = 0;  // since 1970
  std::string fallback_;
  std::string said_;  // the last refusal that a notice told of
};

}  // namespace holdfast::holdfastd
