// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <ostream>

#include "base/json.hpp"
#include "holdfastctl/command_line.hpp"
#include "holdfastctl/rule_place.hpp"
#include "rule/describe.hpp"
#include "rule/load.hpp"

namespace holdfast::holdfastctl {
namespace {

using nlohmann::json;

/// What is installed, as the daemon would load it.
rule::Loaded checkInstalled(const CommandLine& line) {
  const auto place = rulePlace(line);
  if (!place) return tl::unexpected(place.error());
  return rule::load(place->sources, place->config);
}

void print(const rule::Loaded& loaded, const Environment& environment) {
  std::ostream& out = environment.out;
  if (!loaded) {
    for (const Error& error : loaded.error()) out << safeUtf8(error.text()) << "\n";
    return;
  }
  for (const Error& warning : loaded->warnings) out << "warning: " << safeUtf8(warning.text()) << "\n";
  out << "No mistakes: " << loaded->rules.size() << (loaded->rules.size() == 1 ? " rule in " : " rules in ")
      << loaded->files.size() << (loaded->files.size() == 1 ? " file.\n" : " files.\n");
}

json report(const rule::Loaded& loaded) {
  json out = {{"ok", loaded.has_value()},
              {"errors", json::array()},
              {"warnings", json::array()},
              {"files", json::array()},
              {"rules", json::array()}};
  if (!loaded) {
    for (const Error& error : loaded.error()) out["errors"].push_back(rule::describe(error));
    return out;
  }
  for (const Error& warning : loaded->warnings) out["warnings"].push_back(rule::describe(warning));
  for (const auto& file : loaded->files) out["files"].push_back(safeUtf8(file));
  for (const auto& rule : loaded->rules) out["rules"].push_back(rule.name);
  return out;
}

}  // namespace

int rulesCheck(const Arguments& arguments, const Environment& environment) {
  CommandLine line(
      "rules check [OPTION]... [FILE]...",
      "Checks rule files and shows every mistake as FILE:LINE:COLUMN. Changes nothing and needs no daemon.\n"
      "Without FILE: all that is installed, together, as holdfastd would load it. With FILE: only these,\n"
      "together. Exit status 1 if there are mistakes; warnings alone do not count.\n",
      "  holdfastctl rules check\n"
      "  holdfastctl rules check new-rule.yaml && mv new-rule.yaml /etc/holdfast/rules.d/\n"
      "  holdfastctl rules check --output json *.yaml | jq .errors\n");
  addRulePlaceOptions(line);
  line.arguments(-1);
  if (const auto done = line.parse(arguments, environment)) return *done;

  const std::vector<std::filesystem::path> files(line.arguments().begin(), line.arguments().end());
  for (const auto& file : files) {
    std::error_code error;
    if (!std::filesystem::exists(file, error))
      return failed(environment, Error{error ? error.message() : "there is no such file", file.string()});
  }
  const auto loaded = files.empty() ? checkInstalled(line) : rule::checkFiles(files);
  if (line.json())
    printJson(environment, report(loaded));
  else
    print(loaded, environment);
  return loaded ? Done : Found;
}

}  // namespace holdfast::holdfastctl
