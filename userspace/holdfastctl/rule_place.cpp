// SPDX-License-Identifier: Apache-2.0
#include "holdfastctl/rule_place.hpp"

namespace holdfast::holdfastctl {

void addRulePlaceOptions(CommandLine& line) {
  namespace po = boost::program_options;
  const rule::Sources standard;
  line.options()("config", po::value<std::string>()->default_value("/etc/holdfast/holdfast.yaml")->value_name("PATH"),
                 "the host's configuration")("rules-dir", po::value<std::string>()->value_name("DIR"),
                                             "the rules, instead of rules_dir of the configuration")(
      "vendor-dir", po::value<std::string>()->default_value(standard.vendor_dir.string())->value_name("DIR"),
      "the rules that ship with Holdfast");
}

tl::expected<RulePlace, std::vector<Error>> rulePlace(const CommandLine& line) {
  auto config = rule::loadHostConfig(line.text("config"));
  if (!config) return tl::unexpected(config.error());
  RulePlace place{{}, std::move(*config)};
  place.sources.vendor_dir = line.text("vendor-dir");
  place.sources.rules_dir =
      line.values().count("rules-dir") != 0 ? line.text("rules-dir") : place.config.rules_dir.string();
  return place;
}

}  // namespace holdfast::holdfastctl
