// SPDX-License-Identifier: Apache-2.0
#include "rule/edit.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "rule/describe.hpp"
#include "rule/parse.hpp"
#include "rule/yaml_tree.hpp"

namespace holdfast::rule {
namespace {

/// A file's lines with their ends, as YAML's places count them.
std::vector<std::string> linesOf(std::string_view content) {
  std::vector<std::string> lines;
  while (!content.empty()) {
    const auto end = std::min(content.find('\n'), content.size() - 1) + 1;
    lines.emplace_back(content.substr(0, end));
    content.remove_prefix(end);
  }
  return lines;
}

std::size_t indentOf(const std::string& line) { return std::min(line.find_first_not_of(' '), line.size()); }

bool isBlankOrComment(const std::string& line) {
  const auto at = line.find_first_not_of(" \t\r\n");
  return at == std::string::npos || line[at] == '#';
}

/// One rule in the lines of its file. Places of nodes begin at 1, indices at 0.
class Editor {
 public:
  Editor(std::string_view content, std::string file) : lines_(linesOf(content)), file_(std::move(file)) {}

  Result<std::string> apply(const YamlNode& root, const YamlNode& rule, Edit edit) {
    const auto done = edit == Edit::Delete ? remove(root, rule) : setStatus(rule, edit == Edit::Enable);
    if (!done) return tl::unexpected(done.error());
    std::string content;
    for (const auto& line : lines_) content += line;
    return content;
  }

 private:
  [[nodiscard]] Error tooHard(const YamlNode& at) const {
    return Error{"this rule is written in a way that cannot be changed line by line: edit the file", file_, at.line,
                 at.column};
  }
  std::string& lineOf(const YamlNode& node) { return lines_[static_cast<std::size_t>(node.line) - 1]; }
  static std::size_t offset(const YamlNode& node) { return static_cast<std::size_t>(node.column) - 1; }
  bool isFlow(const YamlNode& map) { return lineOf(map).compare(offset(map), 1, "{") == 0; }

  Result<void> setStatus(const YamlNode& rule, bool on) {
    const char* word = on ? "on" : "off";
    if (const YamlNode* status = rule.find("status")) {
      if (status->quoted || lineOf(*status).compare(offset(*status), status->text.size(), status->text) != 0)
        return tl::unexpected(tooHard(*status));
      lineOf(*status).replace(offset(*status), status->text.size(), word);
      return {};
    }
    if (on) return {};
    if (isFlow(rule)) {
      const bool spaced = lineOf(rule).compare(offset(rule) + 1, 1, " ") == 0;
      lineOf(rule).insert(offset(rule) + 1, std::string(spaced ? " " : "") + "status: off,");
      return {};
    }
    const YamlNode* name = rule.find("name");
    std::string& line = lineOf(*name);
    if (line.back() != '\n') line += '\n';
    const char* end = line.ends_with("\r\n") ? "\r\n" : "\n";
    lines_.insert(lines_.begin() + name->line, std::string(offset(rule), ' ') + "status: off" + end);
    return {};
  }

  Result<void> remove(const YamlNode& root, const YamlNode& rule) {
    const auto first = static_cast<std::size_t>(rule.line) - 1;
    const std::size_t dash = indentOf(lines_[first]);
    // "- name: x", and nothing but blanks between.
    if (lines_[first].compare(dash, 1, "-") != 0 || dash >= offset(rule) ||
        lines_[first].find_first_not_of(' ', dash + 1) != offset(rule)) {
      return tl::unexpected(tooHard(rule));
    }
    std::size_t end = first + 1;
    for (std::size_t i = end; i < lines_.size() && (isBlankOrComment(lines_[i]) || indentOf(lines_[i]) > dash); ++i) {
      // What is said before the next rule is about that one.
      if (!isBlankOrComment(lines_[i])) end = i + 1;
    }
    lines_.erase(lines_.begin() + static_cast<std::ptrdiff_t>(first),
                 lines_.begin() + static_cast<std::ptrdiff_t>(end));
    if (root.find("rules")->items.size() > 1) return {};
    // A key without a value would be a mistake.
    const auto key = std::ranges::find(root.items, std::string("rules"), &YamlNode::text);
    lineOf(*key).insert(offset(*key) + (key->quoted ? 7 : 5) + 1, " []");
    return {};
  }

  std::vector<std::string> lines_;
  std::string file_;
};

/// All that rules say, but for where they stand and what that comes to.
std::vector<nlohmann::json> meaning(const std::vector<Draft>& drafts) {
  std::vector<nlohmann::json> rules;
  for (const auto& draft : drafts) {
    auto one = describe(draft.rule, {}, {}, {});
    for (const char* key : {"line", "column", "effective", "reason"}) one.erase(key);
    rules.push_back(std::move(one));
  }
  return rules;
}

}  // namespace

Result<std::string> edited(std::string_view content, const std::string& file, const std::string& rule_name, Edit edit) {
  const auto read = [&file](std::string_view text) -> Result<std::vector<Draft>> {
    Findings findings;
    auto drafts = parseRules(text, file, FileOrigin::Unknown, findings);
    if (!findings.ok()) return tl::unexpected(findings.takeErrors().front());
    return drafts;
  };
  const auto before = read(content);
  if (!before) return tl::unexpected(before.error());
  const auto found = std::ranges::find(*before, rule_name, [](const Draft& draft) { return draft.rule.name; });
  if (found == before->end()) return fail("there is no rule " + inQuotes(rule_name) + " in " + file);

  const auto root = parseYaml(content, file);
  if (!root) return tl::unexpected(root.error());
  const auto index = found - before->begin();
  const YamlNode& rule = root->find("rules")->items[static_cast<std::size_t>(index)];
  auto text = Editor(content, file).apply(*root, rule, edit);
  if (!text) return text;

  // Whatever YAML may be up to: the one change was made, and no other.
  auto wanted = meaning(*before);
  if (edit == Edit::Delete) {
    wanted.erase(wanted.begin() + index);
  } else {
    wanted[static_cast<std::size_t>(index)]["status"] = edit == Edit::Enable ? "on" : "off";
  }
  const auto after = read(*text);
  if (!after || meaning(*after) != wanted) {
    return tl::unexpected(Error{"this rule cannot be changed without changing another: edit the file", file,
                                found->rule.line, found->rule.column});
  }
  return text;
}

}  // namespace holdfast::rule
