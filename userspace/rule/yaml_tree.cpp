// SPDX-License-Identifier: Apache-2.0
#include "rule/yaml_tree.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>
#include <utility>

#include "base/json.hpp"

namespace holdfast::rule {
namespace {

constexpr std::size_t kDepthMax = 16;
constexpr std::size_t kNodesMax = 65536;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

/// Leaves the parser; caught in parseYaml().
struct Refused {
  std::string message;
  YAML::Mark mark;
};

class Builder final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) throw Refused{"a second document; one file holds one", mark};
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(make(YamlNode::Kind::Null, mark, "", anchor));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    throw Refused{"aliases are not supported; write the value out", mark};
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    YamlNode node = make(YamlNode::Kind::Text, mark, tag, anchor);
    node.text = value;
    node.quoted = tag == "!";
    last_quoted_ = node.quoted ? mark : YAML::Mark::null_mark();
    add(std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(make(YamlNode::Kind::List, mark, tag, anchor), mark);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(make(YamlNode::Kind::Map, mark, tag, anchor), mark);
  }
  void OnMapEnd() override { close(); }
  void OnAnchor(const YAML::Mark& mark, const std::string&) override { refuseAnchor(mark); }

  /// Where the last scalar begins if it is a quoted one, else null.
  [[nodiscard]] const YAML::Mark& lastQuoted() const { return last_quoted_; }

  [[nodiscard]] YamlNode take() { return std::move(root_); }

 private:
  [[noreturn]] static void refuseAnchor(const YAML::Mark& mark) {
    throw Refused{"anchors are not supported; write the value out where it is needed", mark};
  }

  YamlNode make(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) refuseAnchor(mark);
    // yaml-cpp says "?" for what has no tag and "!" for a quoted scalar.
    if (!tag.empty() && tag != "?" && tag != "!") throw Refused{"tags are not supported", mark};
    if (++nodes_ > kNodesMax) throw Refused{"more than " + std::to_string(kNodesMax) + " values", mark};
    YamlNode node;
    node.kind = kind;
    node.line = mark.line + 1;
    node.column = mark.column + 1;
    return node;
  }

  /// The parser places what is missing after "key:" where the next value begins, lines below.
  static void placeMissingValues(YamlNode& map) {
    for (std::size_t i = 0; i + 1 < map.items.size(); i += 2) {
      YamlNode& value = map.items[i + 1];
      if (value.kind != YamlNode::Kind::Null) continue;
      value.line = map.items[i].line;
      value.column = map.items[i].column;
    }
  }

  void open(YamlNode node, const YAML::Mark& mark) {
    if (open_.size() >= kDepthMax) throw Refused{"nested deeper than " + std::to_string(kDepthMax) + " levels", mark};
    open_.push_back(std::move(node));
  }

  void close() {
    YamlNode done = std::move(open_.back());
    open_.pop_back();
    if (done.kind == YamlNode::Kind::Map) placeMissingValues(done);
    add(std::move(done));
  }

  void add(YamlNode node) {
    if (open_.empty()) {
      root_ = std::move(node);
    } else {
      open_.back().items.push_back(std::move(node));
    }
  }

  YamlNode root_;
  std::vector<YamlNode> open_;
  YAML::Mark last_quoted_ = YAML::Mark::null_mark();
  std::size_t nodes_ = 0;
  int documents_ = 0;
};

/// The parser would guess UTF-16, and a terminal would act on what an editor does not show.
Result<void> checkBytes(std::string_view content, const std::string& file) {
  int line = 0;
  while (!content.empty()) {
    ++line;
    std::string text(content.substr(0, content.find('\n')));
    content.remove_prefix(std::min(text.size() + 1, content.size()));
    if (text.ends_with('\r')) text.pop_back();
    std::ranges::replace(text, '\t', ' ');
    const std::string safe = safeUtf8(text);
    if (safe == text) continue;
    const auto at = std::ranges::mismatch(text, safe).in1 - text.begin();
    const bool utf8 = isUtf8(text);
    return tl::unexpected<Error>(
        Error{utf8 ? "an invisible control character" : "not UTF-8", file, line, static_cast<int>(at) + 1});
  }
  return {};
}

/// Whether the quoted scalar that begins at `start` is never closed. yaml-cpp takes the end of the file for its end,
/// and with it all rules that follow for text.
bool unclosed(std::string_view content, std::size_t start) {
  if (start >= content.size()) return true;
  if (content[start] == '|' || content[start] == '>') return false;  // a text of several lines counts as quoted
  if (content[start] != '"' && content[start] != '\'') return true;
  const char quote = content[start];
  for (std::size_t i = start + 1; i < content.size(); ++i) {
    const bool doubled = quote == '\'' && content[i] == quote && i + 1 < content.size() && content[i + 1] == quote;
    if (doubled || (quote == '"' && content[i] == '\\')) {
      ++i;
    } else if (content[i] == quote) {
      return false;
    }
  }
  return true;
}

Error at(const YAML::Mark& mark, std::string message, const std::string& file) {
  if (mark.is_null()) return Error{std::move(message), file};
  return Error{std::move(message), file, mark.line + 1, mark.column + 1};
}

}  // namespace

const YamlNode* YamlNode::find(std::string_view key) const {
  if (kind != Kind::Map) return nullptr;
  for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
    if (items[i].kind == Kind::Text && items[i].text == key) return &items[i + 1];
  }
  return nullptr;
}

Result<YamlNode> parseYaml(std::string_view content, const std::string& file) {
  if (content.starts_with(kByteOrderMark)) content.remove_prefix(kByteOrderMark.size());
  if (auto sound = checkBytes(content, file); !sound) return tl::unexpected<Error>(sound.error());
  try {
    std::istringstream stream{std::string(content)};
    YAML::Parser parser(stream);
    Builder builder;
    if (!parser.HandleNextDocument(builder)) return tl::unexpected<Error>(Error{"the file is empty", file, 1, 1});
    while (parser.HandleNextDocument(builder)) {
    }
    const YAML::Mark& quoted = builder.lastQuoted();
    if (!quoted.is_null() && unclosed(content, static_cast<std::size_t>(quoted.pos))) {
      throw Refused{"a quotation mark that is never closed", quoted};
    }
    return builder.take();
  } catch (const Refused& refused) {
    return tl::unexpected<Error>(at(refused.mark, refused.message, file));
  } catch (const YAML::Exception& error) {
    return tl::unexpected<Error>(at(error.mark, "not YAML: " + safeUtf8(error.msg), file));
  } catch (const std::exception& error) {
    return tl::unexpected<Error>(Error{std::string("cannot be parsed: ") + error.what(), file});
  }
}

}  // namespace holdfast::rule
