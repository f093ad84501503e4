// SPDX-License-Identifier: Apache-2.0
#include "rule/parse_checks.hpp"

#include <array>

#include "rule/parse_lists.hpp"

namespace holdfast::rule {
namespace {

constexpr std::array<std::string_view, 2> kChecksKeys = {"types", "except"};

bool judgeType(Reader& reader, const YamlNode& node, std::string_view name) {
  if (findCheckType(name)) return true;
  if (const auto item = findCheckItem(name)) {
    reader.error(node, inQuotes(name) + " is a check item; name its type, " +
                           std::string(checkTypes()[checkItems()[*item].type].name) +
                           ", and leave the others out under except");
    return false;
  }
  std::vector<std::string_view> known;
  for (const CheckType& type : checkTypes()) known.push_back(type.name);
  reader.error(node, inQuotes(name) + " is no check type" + suggestion(name, known));
  return false;
}

bool judgeItem(Reader& reader, const YamlNode& node, std::string_view name, const CheckTypeSet& named) {
  if (const auto item = findCheckItem(name)) {
    const std::size_t type = checkItems()[*item].type;
    if (named[type]) return true;
    reader.error(node, "check item " + inQuotes(name) + " is of type " + std::string(checkTypes()[type].name) +
                           ", which types does not name");
    return false;
  }
  if (findCheckType(name)) {
    reader.error(node, inQuotes(name) + " is a check type, not an item; name the others under types");
    return false;
  }
  std::vector<std::string_view> known;
  for (const CheckItem& item : checkItems()) {
    if (named[item.type]) known.push_back(item.name);
  }
  reader.error(node, inQuotes(name) + " is no check item of the types that are named" + suggestion(name, known));
  return false;
}

}  // namespace

Checks allChecks() {
  Checks checks;
  checks.named.set();
  checks.items.set();
  return checks;
}

Checks readChecks(Reader& reader, const YamlNode& node) {
  Checks checks = allChecks();
  if (!reader.map(node, "checks", kChecksKeys)) return checks;
  const std::size_t errors_before = reader.findings().errorCount();
  checks.types = readEntries(reader, node, "types", kCheckTypes, kNameBytesMax,
                             [&](const YamlNode& at, const auto& name) { return judgeType(reader, at, name); });
  if (const YamlNode* types = node.find("types")) {
    if (types->kind == YamlNode::Kind::List && types->items.empty()) {
      reader.error(*types, "types must name a check type; leave it out for all types");
    }
    checks.named.reset();
    checks.items.reset();
  }
  for (const auto& name : checks.types) {
    const std::size_t type = *findCheckType(name);
    checks.named.set(type);
    checks.items |= itemsOf(type);
  }
  // With a mistake in the types nobody can say which items would be right.
  if (reader.findings().errorCount() != errors_before) return checks;
  checks.except =
      readEntries(reader, node, "except", kCheckItems, kNameBytesMax,
                  [&](const YamlNode& at, const auto& name) { return judgeItem(reader, at, name, checks.named); });
  for (const auto& name : checks.except) checks.items.reset(*findCheckItem(name));
  if (checks.items.none() && reader.findings().errorCount() == errors_before) {
    reader.error(*node.find("except"), "except leaves no check; use status: off to turn the rule off");
  }
  return checks;
}

}  // namespace holdfast::rule
