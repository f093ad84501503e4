// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "container/program.hpp"
#include "control/client.hpp"
#include "control/shapes.hpp"

namespace holdfast::holdfastctl {

/// What a command has to do with the world, so that tests can stand in for it.
struct Environment {
  std::ostream& out;
  std::ostream& err;
  std::size_t width = 100;  // columns of a table, if they can be had
  std::function<Result<nlohmann::json>(const std::filesystem::path&, const control::Request&)> call;
  std::function<Result<void>(const std::filesystem::path&, const control::Request&,
                             const std::function<bool(const nlohmann::json&)>&)>
      follow;
  std::function<std::uint64_t()> now;  // nanoseconds since 1970
  std::istream& in;
  bool interactive = false;  // a person at a terminal can be asked
  /// Lets a person edit a file, with the cursor in a line; returns when that is done.
  std::function<Result<void>(const std::filesystem::path&, int)> edit = {};
  std::filesystem::path root = "/";  // below which doctor looks at the host
  /// findInContainer().
  std::function<Result<container::Program>(const control::ContainerReport&, const std::string&,
                                           std::chrono::milliseconds, container::Links)>
      find_program = {};
};

/// Exit statuses, the same for all commands.
enum Exit : int { Done = 0, Found = 1, Failed = 2 };

using Arguments = std::vector<std::string>;

/// A whole command line without the program's name. Returns the exit status.
[[nodiscard]] int run(const Arguments& arguments, const Environment& environment);

/// The words of every command that run() knows, as {"rules", "check"}.
[[nodiscard]] std::vector<Arguments> commands();

// The commands; their arguments are what follows their name.
[[nodiscard]] int status(const Arguments& arguments, const Environment& environment);
[[nodiscard]] int doctor(const Arguments& arguments, const Environment& environment);
[[nodiscard]] int metrics(const Arguments& arguments, const Environment& environment);
[[nodiscard]] int selftest(const Arguments& arguments, const Environment& environment);
[[nodiscard]] int rulesCheck(const Arguments& arguments, const Environment& environment);
[[nodiscard]] int rulesList(const Arguments& arguments, const Environment& environment);
[[nodiscard]] int rulesAdd(const Arguments& arguments, const Environment& environment);
[[nodiscard]] int rulesEdit(const Arguments& arguments, const Environment& environment);
[[nodiscard]] int rulesCopy(const Arguments& arguments, const Environment& environment);
[[nodiscard]] int rulesTest(const Arguments& arguments, const Environment& environment);
[[nodiscard]] int rulesSuggest(const Arguments& arguments, const Environment& environment);
[[nodiscard]] int rulesExplain(const Arguments& arguments, const Environment& environment);
[[nodiscard]] int rulesEnable(const Arguments& arguments, const Environment& environment);
[[nodiscard]] int rulesDisable(const Arguments& arguments, const Environment& environment);
[[nodiscard]] int rulesDelete(const Arguments& arguments, const Environment& environment);
[[nodiscard]] int rulesShow(const Arguments& arguments, const Environment& environment);
[[nodiscard]] int containers(const Arguments& arguments, const Environment& environment);
[[nodiscard]] int alertsList(const Arguments& arguments, const Environment& environment);
[[nodiscard]] int alertsShow(const Arguments& arguments, const Environment& environment);
[[nodiscard]] int alertsFollow(const Arguments& arguments, const Environment& environment);
[[nodiscard]] int alertsHandle(const Arguments& arguments, const Environment& environment);
[[nodiscard]] int alertsIgnore(const Arguments& arguments, const Environment& environment);
[[nodiscard]] int alertsAllowList(const Arguments& arguments, const Environment& environment);
[[nodiscard]] int alertsStats(const Arguments& arguments, const Environment& environment);
[[nodiscard]] int alertsExport(const Arguments& arguments, const Environment& environment);
[[nodiscard]] int alertsBackup(const Arguments& arguments, const Environment& environment);
[[nodiscard]] int alertsPurge(const Arguments& arguments, const Environment& environment);

}  // namespace holdfast::holdfastctl
