// SPDX-License-Identifier: Apache-2.0
#include "rule/change.hpp"

#include <sys/stat.h>

#include <algorithm>

#include "base/json.hpp"
#include "rule/commit.hpp"
#include "rule/parse.hpp"

namespace holdfast::rule {
namespace {

template <class T>
tl::unexpected<std::vector<Error>> one(const T& error) {
  return tl::unexpected(std::vector<Error>{error});
}

/// Why holdfastd would not read a file of this name; empty if it does.
std::string faultOfName(const std::string& name) {
  if (name.find('/') != std::string::npos) return "must be the name of a file, without a directory";
  if (name.starts_with('.') || !(name.ends_with(".yaml") || name.ends_with(".yml")))
    return "must end in .yaml or .yml and not begin with a dot, or it is not read";
  return safeUtf8(name) == name ? "" : "contains a control character";
}

Error noSuchRule(const std::string& name) { return Error{"there is no rule " + inQuotes(name)}; }

}  // namespace

Attempt<Changed> change(const Sources& sources, const HostConfig& config, const std::string& rule_name,
                        const std::vector<Edit>& edits, Mode mode) {
  const auto locked = lockDirectory(sources.rules_dir);
  if (!locked) return one(locked.error());
  const auto now = load(sources, config);
  if (!now) return tl::unexpected(now.error());
  const Rule* rule = now->find(rule_name);
  if (rule == nullptr) return one(noSuchRule(rule_name));
  const Error place{"", rule->file, rule->line, rule->column};
  if (rule->system) {
    return one(Error{"rule " + inQuotes(rule_name) + " ships with Holdfast: only custom rules are changed here",
                     place.file, place.line, place.column});
  }
  const auto original = readOriginal(place);
  if (!original) return one(original.error());
  auto text = edited(original->content, rule->file, rule_name, edits);
  if (!text) return one(text.error());
  Changed changed{*rule, *text != original->content, *now, *now};
  if (!changed.written) return changed;
  const SourceFile file{rule->file, std::move(*text)};
  auto after =
      mode == Mode::Write ? commit(sources, config, file, &*original) : Attempt<RuleSet>(load(sources, config, &file));
  if (!after) return tl::unexpected(after.error());
  changed.after = std::move(*after);
  return changed;
}

Attempt<Changed> add(const Sources& sources, const HostConfig& config, const std::string& name,
                     std::string_view addition, const std::string& addition_file) {
  if (const auto fault = faultOfName(name); !fault.empty()) return one(Error{inQuotes(name) + " " + fault});
  const std::string path = (sources.rules_dir / name).string();
  Findings findings;
  const auto drafts = parseRules(addition, addition_file, FileOrigin::Custom, findings);
  if (findings.ok() && drafts.empty()) findings.error(Error{"there is no rule in it", addition_file});
  if (!findings.ok()) return tl::unexpected(findings.takeErrors());
  const auto locked = lockDirectory(sources.rules_dir);
  if (!locked) return one(locked.error());
  auto now = load(sources, config);
  if (!now) return tl::unexpected(now.error());
  Result<Original> original = Original{};
  Result<std::string> text = std::string(addition);
  struct stat status = {};
  const bool exists = ::lstat(path.c_str(), &status) == 0;
  if (exists) {
    original = readOriginal(Error{"", path});
    if (!original) return one(original.error());
    text = appended(original->content, path, addition, addition_file);
    if (!text) return one(text.error());
  }
  auto after = commit(sources, config, {path, std::move(*text)}, exists ? &*original : nullptr);
  if (!after) return tl::unexpected(after.error());
  const Rule* rule = after->find(drafts.front().rule.name);
  return Changed{rule != nullptr ? *rule : drafts.front().rule, true, std::move(*now), std::move(*after)};
}

Attempt<Found> findRule(const Sources& sources, const std::string& rule_name) {
  Findings problems;
  for (const auto& [directory, origin] :
       {std::pair(sources.rules_dir, FileOrigin::Custom), std::pair(sources.vendor_dir, FileOrigin::Vendor)}) {
    for (auto& file : readDirectory(directory, problems)) {
      Findings ignored;
      for (const auto& [rule, sound] : parseRules(file.content, file.path, origin, ignored)) {
        if (rule.name == rule_name)
          return Found{std::move(file.path), std::move(file.content), rule.line, origin == FileOrigin::Vendor};
      }
    }
  }
  if (!problems.ok()) return tl::unexpected(problems.takeErrors());
  return one(noSuchRule(rule_name));
}

Attempt<Changed> rewrite(const Sources& sources, const HostConfig& config, const Found& found,
                         const std::string& rule_name, const std::string& content) {
  if (found.system)
    return one(
        Error{"rule " + inQuotes(rule_name) + " ships with Holdfast: copy it to change it", found.path, found.line});
  const auto locked = lockDirectory(sources.rules_dir);
  if (!locked) return one(locked.error());
  const auto original = readOriginal(Error{"", found.path, found.line});
  if (!original) return one(original.error());
  if (original->content != found.content)
    return one(Error{"was changed by somebody else meanwhile: nothing is written", found.path});
  const auto now = load(sources, config);
  Changed changed;
  if (now) changed.before = *now;
  if (const Rule* rule = changed.before.find(rule_name)) changed.rule = *rule;
  changed.after = changed.before;
  if (content == found.content) return changed;
  auto after = commit(sources, config, {found.path, content}, &*original);
  if (!after) return tl::unexpected(after.error());
  changed.after = std::move(*after);
  changed.written = true;
  return changed;
}

}  // namespace holdfast::rule
