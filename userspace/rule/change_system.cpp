// SPDX-License-Identifier: Apache-2.0
#include "rule/change_system.hpp"

#include <algorithm>
#include <cerrno>

#include "base/nlohmann.hpp"
#include "rule/commit.hpp"
#include "rule/judge.hpp"
#include "rule/reader.hpp"
#include "rule/source.hpp"

namespace holdfast::rule {
namespace {

constexpr std::string_view kNewFile =
    "# Switches of the rules that ship with Holdfast; 'holdfastctl rules list' shows their names.\n"
    "version: 1\n"
    "system_rules: {}\n";

template <class T>
tl::unexpected<std::vector<Error>> one(const T& error) {
  return tl::unexpected(std::vector<Error>{error});
}

/// Lines with their ends. Places of nodes begin at 1, indices at 0.
std::vector<std::string> linesOf(std::string_view content) {
  std::vector<std::string> lines;
  while (!content.empty()) {
    const auto end = std::min(content.find('\n'), content.size() - 1) + 1;
    lines.emplace_back(content.substr(0, end));
    content.remove_prefix(end);
  }
  if (!lines.empty() && lines.back().back() != '\n') lines.back() += '\n';
  return lines;
}

bool isComment(const std::string& line) {
  const auto at = line.find_first_not_of(" \t\r\n");
  return at != std::string::npos && line[at] == '#';
}

bool isBlank(const std::string& line) { return line.find_first_not_of(" \t\r\n") == std::string::npos; }

std::size_t indexOf(const YamlNode& node) { return static_cast<std::size_t>(node.line) - 1; }

/// In quotes: valid YAML, whatever the text is.
std::string quoted(const std::string& text) { return nlohmann::json(text).dump(); }

std::string entryOf(const SystemSwitch& wanted) {
  std::string entry = "{";
  if (wanted.enabled) entry += std::string(" status: ") + (*wanted.enabled ? "on" : "off");
  if (!wanted.exclude_clusters.empty()) {
    entry += std::string(wanted.enabled ? "," : "") + " exclude_clusters: [";
    for (const auto& cluster : wanted.exclude_clusters) {
      entry += (&cluster == &wanted.exclude_clusters.front() ? "" : ", ") + quoted(cluster);
    }
    entry += "]";
  }
  return entry + (entry.size() > 1 ? " }" : "}");
}

/// What stands at the end of an entry's first line, behind its key and, if it is in this line, its value.
std::string commentOf(const std::string& line, std::size_t key) {
  std::size_t from = line.find_first_of("{#", key);
  if (from != std::string::npos && line[from] == '{') from = line.find('}', from);
  const auto at = from == std::string::npos ? from : line.find(" #", from - 1);
  return at == std::string::npos ? "" : line.substr(at, line.find_last_not_of("\r\n") + 1 - at);
}

bool means(const SystemSwitch& a, const SystemSwitch& b) {
  return a.rule == b.rule && a.enabled == b.enabled && a.exclude_clusters == b.exclude_clusters;
}

/// Everything that stood there stands there, and what is wanted.
bool isWanted(const std::vector<SystemSwitch>& before, const std::vector<SystemSwitch>& after,
              const SystemSwitch& wanted) {
  const auto has = [](const std::vector<SystemSwitch>& list, const SystemSwitch& other) {
    return std::ranges::count_if(list, [&](const auto& one) { return means(one, other); }) == 1;
  };
  const bool known = std::ranges::find(before, wanted.rule, &SystemSwitch::rule) != before.end();
  return after.size() == before.size() + (known ? 0 : 1) && has(after, wanted) &&
         std::ranges::all_of(before, [&](const auto& one) { return one.rule == wanted.rule || has(after, one); });
}

/// Puts the entry into the lines: in place of the old one, or behind the last.
void put(std::vector<std::string>& lines, const YamlNode& root, const SystemSwitch& wanted) {
  const YamlNode& map = *root.find("system_rules");
  const auto own =
      static_cast<std::size_t>(std::ranges::find(root.items, "system_rules", &YamlNode::text) - root.items.begin());
  std::size_t end = own + 2 < root.items.size() ? indexOf(root.items[own + 2]) : lines.size();
  const std::string entry = quoted(wanted.rule) + ": " + entryOf(wanted);
  if (map.items.empty()) {
    std::string& line = lines[indexOf(map)];
    const auto braces = line.find("{}", static_cast<std::size_t>(map.column) - 1);
    if (braces == std::string::npos || braces == 0) return;
    line.erase(line[braces - 1] == ' ' ? braces - 1 : braces, line[braces - 1] == ' ' ? 3 : 2);
    lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(indexOf(map)) + 1, "  " + entry + "\n");
    return;
  }
  const std::string indent(static_cast<std::size_t>(map.items[0].column) - 1, ' ');
  for (std::size_t i = 0; i < map.items.size(); i += 2) {
    if (map.items[i].text != wanted.rule) continue;
    const std::size_t first = indexOf(map.items[i]);
    if (i + 2 < map.items.size()) end = indexOf(map.items[i + 2]);
    // What is said before the next entry is about that one.
    while (end > first + 1 && (isBlank(lines[end - 1]) || isComment(lines[end - 1]))) --end;
    std::vector<std::string> instead;
    std::copy_if(lines.begin() + static_cast<std::ptrdiff_t>(first), lines.begin() + static_cast<std::ptrdiff_t>(end),
                 std::back_inserter(instead), isComment);
    instead.push_back(indent + entry + commentOf(lines[first], static_cast<std::size_t>(map.items[i].column)) + "\n");
    lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(first), lines.begin() + static_cast<std::ptrdiff_t>(end));
    lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(first), instead.begin(), instead.end());
    return;
  }
  while (end > 1 && isBlank(lines[end - 1])) --end;
  lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(end), indent + entry + "\n");
}

/// The file of switches, if there is one.
Result<std::optional<Original>> readSwitches(const std::string& path) {
  struct stat status = {};
  if (::lstat(path.c_str(), &status) != 0 && errno == ENOENT) return std::nullopt;
  auto original = readOriginal(Error{"", path});
  if (!original) return tl::unexpected(original.error());
  return std::move(*original);
}

/// What the file says of the rule, with the change in it.
SystemSwitch switchFor(const Rule& rule, const std::vector<SystemSwitch>& now, const SystemChange& wanted) {
  const auto found = std::ranges::find(now, rule.name, &SystemSwitch::rule);
  SystemSwitch one = found != now.end() ? *found : SystemSwitch{rule.name, std::nullopt, {}, 0, 0};
  if (wanted.enabled) one.enabled = wanted.enabled;
  for (const auto& cluster : wanted.exclude) {
    if (std::ranges::find(one.exclude_clusters, cluster) == one.exclude_clusters.end()) {
      one.exclude_clusters.push_back(cluster);
    }
  }
  std::erase_if(one.exclude_clusters, [&](const auto& cluster) {
    return std::ranges::find(wanted.include, cluster) != wanted.include.end();
  });
  return one;
}

/// RUL-6: all custom rules that have taken the place of a system rule.
std::optional<Error> whyNotEnable(const Rule& rule, const RuleSet& set) {
  std::string names;
  for (const Rule& other : set.rules) {
    if (takesPlaceOf(other, rule)) names += (names.empty() ? "" : ", ") + inQuotes(other.name) + " at " + other.place();
  }
  if (names.empty()) return std::nullopt;
  return Error{"custom rules take the place of " + inQuotes(rule.name) +
               ", which comes back when they are deleted: " + names};
}

}  // namespace

Result<std::string> editedSystemRules(std::string_view content, const std::string& file, const SystemSwitch& wanted) {
  if (content.empty()) content = kNewFile;
  const auto read = [&file](std::string_view text) -> Result<std::vector<SystemSwitch>> {
    Findings findings;
    auto switches = parseSystemRules(text, file, findings);
    if (!findings.ok()) return tl::unexpected(findings.takeErrors().front());
    return switches;
  };
  const auto before = read(content);
  if (!before) return tl::unexpected(before.error());
  const auto alone = read("version: 1\nsystem_rules:\n  " + quoted(wanted.rule) + ": " + entryOf(wanted) + "\n");
  if (!alone) return fail(alone.error().message);
  const auto root = parseYaml(content, file);
  if (!root) return tl::unexpected(root.error());
  auto lines = linesOf(content);
  put(lines, *root, wanted);
  std::string text;
  for (const auto& line : lines) text += line;
  // Whatever YAML may be up to: the one change was made, and no other.
  const auto after = read(text);
  if (!after || !isWanted(*before, *after, wanted)) {
    return tl::unexpected(
        Error{"this file is written in a way that cannot be changed line by line: edit it", file, 1, 1});
  }
  return text;
}

Attempt<Changed> changeSystem(const Sources& sources, const HostConfig& config, const std::string& rule_name,
                              const SystemChange& wanted) {
  const auto locked = lockDirectory(sources.rules_dir);
  if (!locked) return one(locked.error());
  const auto now = load(sources, config);
  if (!now) return tl::unexpected(now.error());
  const Rule* rule = now->find(rule_name);
  if (rule == nullptr) return one(Error{"there is no rule " + inQuotes(rule_name)});
  if (!rule->system) {
    return one(Error{"rule " + inQuotes(rule_name) + " is no system rule: its clusters are in its scope", rule->file,
                     rule->line, rule->column});
  }
  if (wanted.enabled.value_or(false)) {
    if (const auto error = whyNotEnable(*rule, *now)) return one(*error);
  }
  const std::string path = sources.systemRules();
  const auto original = readSwitches(path);
  if (!original) return one(original.error());
  const std::string content = *original ? (*original)->content : "";
  Findings findings;
  const auto switches = content.empty() ? std::vector<SystemSwitch>{} : parseSystemRules(content, path, findings);
  const SystemSwitch target = switchFor(*rule, switches, wanted);
  Changed changed{*rule, false, *now, *now};
  if (target.enabled.value_or(rule->enabled) == rule->enabled && target.exclude_clusters == rule->exclude_clusters) {
    return changed;
  }
  auto text = editedSystemRules(content, path, target);
  if (!text) return one(text.error());
  auto after = commit(sources, config, {path, std::move(*text)}, *original ? &**original : nullptr);
  if (!after) return tl::unexpected(after.error());
  changed.written = true;
  changed.after = std::move(*after);
  return changed;
}

}  // namespace holdfast::rule
