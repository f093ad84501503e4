// SPDX-License-Identifier: Apache-2.0
#include "rule/edit_text.hpp"

#include <algorithm>
#include <utility>

namespace holdfast::rule {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::string_view kBlanks = " \t";

std::size_t indentIn(std::string_view line) { return std::min(line.find_first_not_of(' '), line.size()); }

/// The first character that is no blank and no line end; none of a blank line.
char firstOf(std::string_view line) {
  const auto at = line.find_first_not_of(" \t\r\n");
  return at == std::string_view::npos ? '\0' : line[at];
}

bool isBlank(std::string_view line) { return firstOf(line) == '\0'; }

/// Past the quotation mark that ends what begins at `begin`; the parser has seen that there is one.
std::size_t pastQuoted(std::string_view text, std::size_t begin) {
  const char quote = text[begin];
  for (std::size_t i = begin + 1; i < text.size(); ++i) {
    const bool doubled = quote == '\'' && text[i] == quote && i + 1 < text.size() && text[i + 1] == quote;
    if (doubled || (quote == '"' && text[i] == '\\'))
      ++i;
    else if (text[i] == quote)
      return i + 1;
  }
  return text.size();
}

/// The index of the key; the map has it.
std::size_t indexOf(const YamlNode& map, std::string_view key) {
  std::size_t i = 0;
  while (map.items[i].text != key) i += 2;
  return i;
}

}  // namespace

std::string yamlText(const std::string& value) {
  const bool plain = !value.empty() && value.find_first_not_of(
                                           "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                           "0123456789_./+ -") == std::string::npos;
  const bool odd = value.starts_with('-') || value.starts_with(' ') || value.ends_with(' ');
  constexpr std::string_view kNulls[] = {"null", "Null", "NULL"};
  if (plain && !odd && std::ranges::find(kNulls, value) == std::end(kNulls)) return value;
  constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n')
      out += "\\n";
    else if (byte < 0x20 || byte == 0x7f)
      out += {'\\', 'x', kHex[byte >> 4], kHex[byte & 0xf]};
    else
      out += c;
  }
  return out + '"';
}

EditText::EditText(std::string_view content, std::string file) : content_(content), file_(std::move(file)) {
  find_lines();
}

void EditText::find_lines() {
  starts_ = {0};
  for (std::size_t at = 0; at < content_.size();) {
    at = std::min(content_.find('\n', at), content_.size() - 1) + 1;
    starts_.push_back(at);
  }
}

tl::unexpected<Error> EditText::tooHard(const YamlNode& at) const {
  return tl::unexpected(Error{"this rule is written in a way that cannot be changed line by line: edit the file", file_,
                              at.line, at.column});
}

std::string_view EditText::line(std::size_t index) const {
  return std::string_view(content_).substr(starts_[index], starts_[index + 1] - starts_[index]);
}

std::size_t EditText::begin(const YamlNode& node) const {
  const std::size_t mark = node.line == 1 && content_.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
  return starts_[static_cast<std::size_t>(node.line) - 1] + mark + static_cast<std::size_t>(node.column) - 1;
}

bool EditText::isFlow(const YamlNode& node) const {
  const std::size_t at = begin(node);
  return at < content_.size() && (content_[at] == '{' || content_[at] == '[');
}

/// Of what stands in one piece: in brackets, in quotation marks, or as plain words of one line.
Result<std::size_t> EditText::end(const YamlNode& node) const {
  const std::size_t at = begin(node);
  if (at >= content_.size()) return tooHard(node);
  if (node.kind == YamlNode::Kind::List || node.kind == YamlNode::Kind::Map) return endOfFlow(node);
  if (node.quoted && (content_[at] == '"' || content_[at] == '\'')) return pastQuoted(content_, at);
  if (node.text.empty() || content_.compare(at, node.text.size(), node.text) != 0) return tooHard(node);
  return at + node.text.size();
}

Result<std::size_t> EditText::endOfFlow(const YamlNode& node) const {
  if (!isFlow(node)) return tooHard(node);
  std::size_t at = begin(node);
  const char close = content_[at] == '{' ? '}' : ']';
  ++at;
  if (!node.items.empty()) {
    const auto last = end(node.items.back());
    if (!last) return last;
    at = *last;
  }
  for (; at < content_.size(); ++at) {
    if (content_[at] == close) return at + 1;
    if (content_[at] == '#') at = std::min(content_.find('\n', at), content_.size() - 1);
    if (content_[at] != ',' && firstOf(std::string_view(content_).substr(at, 1)) != '\0') break;
  }
  return tooHard(node);
}

/// The line after those that belong to `first`: indented deeper, or (`dashes`) entries of a list at the same indent.
/// Comments before what follows are about that.
std::size_t EditText::lineAfter(std::size_t first, std::size_t indent, bool dashes, bool all_is_text) const {
  std::size_t after = first + 1;
  for (std::size_t i = after; i + 1 < starts_.size(); ++i) {
    const std::string_view text = line(i);
    if (isBlank(text)) continue;
    const std::size_t own = indentIn(text);
    const bool comment = firstOf(text) == '#' && !(all_is_text && own > indent);
    if (comment) continue;
    if (own < indent || (own == indent && !(dashes && firstOf(text) == '-'))) break;
    after = i + 1;
  }
  return after;
}

std::size_t EditText::lineAfterKey(const YamlNode& key, const YamlNode& value) const {
  const std::size_t at = begin(value);
  // Plain text cannot begin so.
  const bool block =
      value.kind == YamlNode::Kind::Text && at < content_.size() && (content_[at] == '|' || content_[at] == '>');
  const bool dashes = value.kind == YamlNode::Kind::List && !isFlow(value);
  return lineAfter(static_cast<std::size_t>(key.line) - 1, static_cast<std::size_t>(key.column) - 1, dashes, block);
}

/// The column of the dash of a list's entry, "- entry", with nothing but blanks before and between.
Result<std::size_t> EditText::dashOf(const YamlNode& item) const {
  const std::string_view text = line(static_cast<std::size_t>(item.line) - 1);
  const std::size_t dash = indentIn(text);
  const auto column = static_cast<std::size_t>(item.column) - 1;
  if (dash >= column || text[dash] != '-' || text.find_first_not_of(' ', dash + 1) != column) return tooHard(item);
  return dash;
}

void EditText::replace(std::size_t begin, std::size_t end, std::string_view with) {
  content_.replace(begin, end - begin, with);
  find_lines();
}

void EditText::insertLine(std::size_t index, std::string text) {
  const bool crlf = index > 0 && line(index - 1).ends_with("\r\n");
  if (index > 0 && !line(index - 1).ends_with('\n')) replace(content_.size(), content_.size(), "\n");
  const std::string line_end = crlf ? "\r\n" : "\n";
  for (std::size_t at = 0; crlf && (at = text.find('\n', at)) != std::string::npos; at += 2) text.insert(at, "\r");
  replace(starts_[index], starts_[index], text + line_end);
}

void EditText::eraseLines(std::size_t first, std::size_t after) { replace(starts_[first], starts_[after], ""); }

/// An entry in brackets, with one of the commas around it, and with its line if that is empty then.
void EditText::eraseFlow(std::size_t begin, std::size_t end) {
  const auto next = std::min(content_.find_first_not_of(kBlanks, end), content_.size());
  const auto before = content_.find_last_not_of(" \t\r\n", begin - 1);
  if (next < content_.size() && content_[next] == ',') {
    end = std::min(content_.find_first_not_of(kBlanks, next + 1), content_.size());
  } else if (before != std::string::npos && content_[before] == ',') {
    begin = before;
  }
  replace(begin, end, "");
  const auto row = static_cast<std::size_t>(std::ranges::upper_bound(starts_, begin) - starts_.begin()) - 1;
  if (row + 1 < starts_.size() && isBlank(line(row))) eraseLines(row, row + 1);
}

Result<void> EditText::setText(const YamlNode& map, std::string_view key, const std::string& value,
                               std::string_view after) {
  const YamlNode* old = map.find(key);
  if (old == nullptr) return addKey(map, key, yamlText(value), after);
  const std::size_t at = begin(*old);
  if (old->kind != YamlNode::Kind::Text || at >= content_.size()) return tooHard(*old);
  if ((content_[at] == '|' || content_[at] == '>') && !isFlow(map)) {
    const YamlNode& name = map.items[indexOf(map, key)];
    const auto row = static_cast<std::size_t>(old->line) - 1;
    const std::size_t end_of_line = starts_[row] + std::min(line(row).find_last_not_of("\r\n") + 1, line(row).size());
    const auto comment = std::min(content_.find(" #", at), end_of_line);
    const std::size_t last = lineAfterKey(name, *old);
    eraseLines(row + 1, last);
    replace(at, comment, yamlText(value));
    return {};
  }
  const auto end_of_old = end(*old);
  if (!end_of_old) return tl::unexpected(end_of_old.error());
  replace(at, *end_of_old, yamlText(value));
  return {};
}

Result<void> EditText::addKey(const YamlNode& map, std::string_view key, const std::string& value,
                              std::string_view after) {
  const std::string text = std::string(key) + (value.starts_with('\n') ? ":" : ": ") + value;
  if (!isFlow(map)) {
    const std::size_t index = after.empty() ? map.items.size() - 2 : indexOf(map, after);
    insertLine(lineAfterKey(map.items[index], map.items[index + 1]), std::string(indentOf(map), ' ') + text);
    return {};
  }
  if (map.items.empty() || !after.empty()) {
    const std::size_t at = begin(map) + 1;
    const std::string blank = content_.compare(at, 1, " ") == 0 ? " " : "";
    replace(at, at, blank + text + (map.items.empty() ? "" : ","));
    return {};
  }
  const auto at = end(map.items.back());
  if (!at) return tl::unexpected(at.error());
  replace(*at, *at, ", " + text);
  return {};
}

Result<void> EditText::removeKey(const YamlNode& map, std::string_view key) {
  const std::size_t index = indexOf(map, key);
  const YamlNode& name = map.items[index];
  const YamlNode& value = map.items[index + 1];
  if (isFlow(map)) {
    const auto at = end(value);
    if (!at) return tl::unexpected(at.error());
    eraseFlow(begin(name), *at);
    return {};
  }
  const auto row = static_cast<std::size_t>(name.line) - 1;
  if (indentIn(line(row)) != indentOf(map)) return tooHard(name);  // it stands behind a dash
  eraseLines(row, lineAfterKey(name, value));
  return {};
}

Result<void> EditText::addEntry(const YamlNode& list, const std::string& entry) {
  const std::string text = yamlText(entry);
  if (!isFlow(list)) {
    const YamlNode& last = list.items.back();
    const auto dash = dashOf(last);
    if (!dash) return tl::unexpected(dash.error());
    insertLine(lineAfter(static_cast<std::size_t>(last.line) - 1, *dash, false, false),
               std::string(*dash, ' ') + "- " + text);
    return {};
  }
  if (list.items.empty()) {
    replace(begin(list) + 1, begin(list) + 1, text);
    return {};
  }
  const YamlNode& last = list.items.back();
  const auto at = end(last);
  if (!at) return tl::unexpected(at.error());
  const auto row = static_cast<std::size_t>(last.line) - 1;
  const auto column = static_cast<std::size_t>(last.column) - 1;
  if (last.line == list.line || indentIn(line(row)) != column) {
    replace(*at, *at, ", " + text);
    return {};
  }
  // Each entry has a line of its own, perhaps with a comment.
  const auto next = content_.find_first_not_of(kBlanks, *at);
  if (next == std::string::npos || content_[next] != ',') replace(*at, *at, ",");
  const auto end_row = static_cast<std::size_t>(std::ranges::upper_bound(starts_, *at) - starts_.begin()) - 1;
  const std::string_view rest = std::string_view(content_).substr(*at, starts_[end_row + 1] - *at);
  const auto closing = rest.substr(0, rest.find('#')).find(']');
  if (closing != std::string_view::npos) {  // "b]"
    replace(*at + 1, *at + closing, "\n" + std::string(column, ' ') + text);
  } else {
    insertLine(end_row + 1, std::string(column, ' ') + text);
  }
  return {};
}

Result<void> EditText::removeEntry(const YamlNode& list, std::size_t index) {
  const YamlNode& item = list.items[index];
  if (isFlow(list)) {
    const auto at = end(item);
    if (!at) return tl::unexpected(at.error());
    eraseFlow(begin(item), *at);
    return {};
  }
  const auto dash = dashOf(item);
  if (!dash) return tl::unexpected(dash.error());
  const auto row = static_cast<std::size_t>(item.line) - 1;
  eraseLines(row, lineAfter(row, *dash, false, false));
  return {};
}

Result<void> EditText::emptyList(const YamlNode& map, std::string_view key) {
  const std::size_t index = indexOf(map, key);
  const YamlNode& name = map.items[index];
  const YamlNode& list = map.items[index + 1];
  if (isFlow(list)) {
    const auto at = end(list);
    if (!at) return tl::unexpected(at.error());
    replace(begin(list), *at, "[]");
    return {};
  }
  const auto colon = end(name);
  if (!colon || content_.compare(*colon, 1, ":") != 0) return tooHard(name);
  for (std::size_t i = list.items.size(); i-- > 0;) {
    if (auto done = removeEntry(list, i); !done) return done;
  }
  replace(*colon + 1, *colon + 1, " []");
  return {};
}

/// With the comments at its end that are indented as its keys are: those before the next rule are about that one.
std::size_t EditText::lineAfterRule(const YamlNode& rule, std::size_t dash) const {
  std::size_t after = lineAfter(static_cast<std::size_t>(rule.line) - 1, dash, false, false);
  while (after + 1 < starts_.size() && firstOf(line(after)) == '#' && indentIn(line(after)) > dash) ++after;
  return after;
}

Result<void> EditText::removeRule(const YamlNode& root, const YamlNode& rule) {
  if (isFlow(*root.find("rules"))) return tooHard(rule);
  const auto dash = dashOf(rule);
  if (!dash) return tl::unexpected(dash.error());
  const std::size_t after = lineAfterRule(rule, *dash);
  eraseLines(static_cast<std::size_t>(rule.line) - 1, after);
  if (root.find("rules")->items.size() > 1) return {};
  // A key without a value would be a mistake.
  const YamlNode& key = root.items[indexOf(root, "rules")];
  const auto colon = end(key);
  if (!colon || content_.compare(*colon, 1, ":") != 0) return tooHard(key);
  replace(*colon + 1, *colon + 1, " []");
  return {};
}

Result<std::string> EditText::ruleLines(const YamlNode& rule, std::size_t indent) const {
  const auto dash = dashOf(rule);
  if (!dash) return tl::unexpected(dash.error());
  auto row = static_cast<std::size_t>(rule.line) - 1;
  const std::size_t after = lineAfterRule(rule, *dash);
  while (row > 0 && firstOf(line(row - 1)) == '#' && indentIn(line(row - 1)) == *dash) --row;
  std::string lines;
  for (; row < after; ++row) {
    std::string_view text = line(row);
    text = text.substr(0, text.find_last_not_of("\r\n") + 1);
    if (!isBlank(text)) {
      lines += std::string(indent, ' ');
      text.remove_prefix(std::min(indentIn(text), *dash));
    }
    lines += std::string(text) + "\n";
  }
  return lines;
}

Result<std::size_t> EditText::ruleIndent(const YamlNode& root) const {
  const YamlNode& rules = *root.find("rules");
  return rules.items.empty() ? Result<std::size_t>(2) : dashOf(rules.items.back());
}

Result<void> EditText::addRules(const YamlNode& root, const std::string& lines) {
  const std::size_t index = indexOf(root, "rules");
  const YamlNode& rules = root.items[index + 1];
  std::string text = lines.substr(0, lines.size() - 1);
  if (rules.items.empty()) {
    const auto at = end(rules);
    if (!at || isFlow(root)) return tooHard(rules);
    std::size_t from = begin(rules);
    while (content_[from - 1] == ' ') --from;
    replace(from, *at, "");
    insertLine(static_cast<std::size_t>(rules.line), text);
    return {};
  }
  const YamlNode& last = rules.items.back();
  if (isFlow(rules)) return tooHard(last);
  const auto dash = dashOf(last);
  if (!dash) return tl::unexpected(dash.error());
  const auto row = static_cast<std::size_t>(last.line) - 1;
  if (firstOf(text) == '#' || isBlank(line(row - 1))) text.insert(0, "\n");
  insertLine(lineAfterRule(last, *dash), text);
  return {};
}

}  // namespace holdfast::rule
