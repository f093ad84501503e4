// SPDX-License-Identifier: Apache-2.0
#include "rule/reader.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <numeric>
#include <tuple>

#include "base/json.hpp"

namespace holdfast::rule {
namespace {

constexpr std::size_t kFindingsMax = 100;
constexpr std::size_t kShownMax = 60;
constexpr std::array<std::string_view, 2> kOnOff = {"on", "off"};
constexpr std::array<std::string_view, 2> kTrueFalse = {"true", "false"};

char lowerCase(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// How many characters differ, whatever their case.
std::size_t editDistance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (lowerCase(a[i]) == lowerCase(b[j]) ? 0 : 1);
      diagonal = std::exchange(row[j + 1], std::min({replaced, row[j] + 1, row[j + 1] + 1}));
    }
  }
  return row.back();
}

std::string joined(std::span<const std::string_view> words) {
  std::string out;
  for (const auto word : words) out += (out.empty() ? "" : ", ") + std::string(word);
  return out;
}

auto placeOf(const Error& error) { return std::tie(error.file, error.line, error.column, error.message); }

const char* kindName(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::Null:
      return "nothing";
    case YamlNode::Kind::Text:
      return "a single value";
    case YamlNode::Kind::List:
      return "a list";
    case YamlNode::Kind::Map:
      return "a map";
  }
  return "unknown";
}

}  // namespace

std::string inQuotes(std::string_view value) {
  if (value.size() <= kShownMax) return '"' + safeUtf8(value) + '"';
  value = value.substr(0, kShownMax);
  // A character of several bytes that the cut splits goes as a whole.
  while (!value.empty() && (value.back() & 0xc0) == 0x80) value.remove_suffix(1);
  if (!value.empty() && (value.back() & 0x80) != 0) value.remove_suffix(1);
  return '"' + safeUtf8(value) + "...\"";
}

std::string suggestion(std::string_view word, std::span<const std::string_view> known) {
  const auto distance = [&](std::string_view candidate) { return editDistance(word.substr(0, kShownMax), candidate); };
  const auto nearest = std::ranges::min_element(known, {}, distance);
  if (nearest != known.end() && distance(*nearest) <= std::max<std::size_t>(1, nearest->size() / 2)) {
    return " (did you mean " + inQuotes(*nearest) + "?)";
  }
  return " (known are: " + joined(known) + ")";
}

void Findings::error(Error error) {
  if (errors_.size() < kFindingsMax) {
    errors_.push_back(std::move(error));
  } else {
    ++more_errors_;
  }
}

void Findings::warning(Error warning) {
  if (warnings_.size() < kFindingsMax) warnings_.push_back(std::move(warning));
}

std::vector<Error> Findings::takeErrors() {
  std::ranges::sort(errors_, {}, placeOf);
  if (more_errors_ > 0) errors_.push_back(Error{"and " + std::to_string(more_errors_) + " more errors"});
  more_errors_ = 0;
  return std::move(errors_);
}

void Reader::error(const YamlNode& at, std::string message) {
  findings_.error(Error{std::move(message), file_, at.line, at.column});
}

void Reader::warning(const YamlNode& at, std::string message) {
  findings_.warning(Error{std::move(message), file_, at.line, at.column});
}

bool Reader::map(const YamlNode& node, std::string_view what, std::span<const std::string_view> known) {
  if (node.kind != YamlNode::Kind::Map) {
    error(node, std::string(what) + " must be a map of keys and values, not " + kindName(node));
    return false;
  }
  std::map<std::string_view, int> first_lines;
  for (std::size_t i = 0; i + 1 < node.items.size(); i += 2) {
    const YamlNode& key = node.items[i];
    if (key.kind != YamlNode::Kind::Text) {
      error(key, std::string("a key must be plain text, not ") + kindName(key));
    } else if (const auto [seen, fresh] = first_lines.emplace(key.text, key.line); !fresh) {
      error(key, "key " + inQuotes(key.text) + " is given twice, first in line " + std::to_string(seen->second));
    } else if (std::ranges::find(known, key.text) == known.end()) {
      error(key, "unknown key " + inQuotes(key.text) + " in " + std::string(what) + suggestion(key.text, known));
    }
  }
  return true;
}

const YamlNode* Reader::required(const YamlNode& map, std::string_view key, std::string_view what) {
  const YamlNode* value = map.find(key);
  if (value == nullptr) error(map, std::string(what) + " needs the key " + inQuotes(key));
  return value;
}

std::optional<std::string> Reader::text(const YamlNode& node, std::string_view what, std::size_t bytes_max) {
  const std::string label(what);
  if (node.kind != YamlNode::Kind::Text) {
    error(node, label + " must be text, not " + kindName(node));
  } else if (node.text.find_first_not_of(" \t\r\n") == std::string::npos) {
    error(node, label + " must not be empty");
  } else if (node.text.size() > bytes_max) {
    error(node, label + " is longer than " + std::to_string(bytes_max) + " bytes");
  } else if (safeUtf8(node.text) != node.text) {
    error(node, label + " " + inQuotes(node.text) + " contains a control character or a line break");
  } else if (node.text.front() == ' ' || node.text.back() == ' ') {
    error(node, label + " " + inQuotes(node.text) + " begins or ends with a blank");
  } else {
    return node.text;
  }
  return std::nullopt;
}

std::optional<int> Reader::number(const YamlNode& node, std::string_view what, int least, int most) {
  int value = 0;
  const char* end = node.text.data() + node.text.size();
  const bool plain = node.kind == YamlNode::Kind::Text && !node.quoted;
  if (plain) {
    const auto [stopped, problem] = std::from_chars(node.text.data(), end, value);
    if (problem == std::errc() && stopped == end && value >= least && value <= most) return value;
  }
  const std::string range = least == most
                                ? std::to_string(least)
                                : "a whole number from " + std::to_string(least) + " to " + std::to_string(most);
  error(node, std::string(what) + " must be " + range + ", not " +
                  (node.kind == YamlNode::Kind::Text ? inQuotes(node.text) : kindName(node)));
  return std::nullopt;
}

std::optional<bool> Reader::onOff(const YamlNode& node, std::string_view what) {
  const auto index = choice(node, what, kOnOff);
  return index ? std::optional<bool>(*index == 0) : std::nullopt;
}

std::optional<bool> Reader::trueFalse(const YamlNode& node, std::string_view what) {
  const auto index = choice(node, what, kTrueFalse);
  return index ? std::optional<bool>(*index == 0) : std::nullopt;
}

std::optional<std::size_t> Reader::choice(const YamlNode& node, std::string_view what,
                                          std::span<const std::string_view> names) {
  if (node.kind == YamlNode::Kind::Text) {
    const auto found = std::ranges::find(names, node.text);
    if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  }
  error(node, std::string(what) + " must be one of " + joined(names) + ", not " +
                  (node.kind == YamlNode::Kind::Text ? inQuotes(node.text) : kindName(node)));
  return std::nullopt;
}

std::span<const YamlNode> Reader::list(const YamlNode& node, std::string_view what, std::size_t most) {
  const std::string label(what);
  if (node.kind == YamlNode::Kind::Text) {
    error(node, label + " must be a list; write [" + safeUtf8(node.text.substr(0, kShownMax)) + "]");
  } else if (node.kind != YamlNode::Kind::List) {
    error(node, label + " must be a list, not " + kindName(node));
  } else if (node.items.size() > most) {
    error(node.items[most],
          label + " has " + std::to_string(node.items.size()) + " entries; the limit is " + std::to_string(most));
  } else {
    return node.items;
  }
  return {};
}

}  // namespace holdfast::rule
