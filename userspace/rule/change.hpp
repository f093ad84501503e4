// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "rule/edit.hpp"
#include "rule/host_config.hpp"
#include "rule/load.hpp"

namespace holdfast::rule {

// Changes of rule files. The whole set is checked as it would be; only then the file is replaced, in one step; its mode
// and its group stay. Who does this at the same time waits for the other; what an editor made of the file meanwhile is
// an error, not lost. Nothing is written unless all goes well.

/// What a change came to.
struct Changed {
  Rule rule;             // as it was; the first one that was added, as it is
  bool written = false;  // false: it was so already
  RuleSet before;        // the whole set
  RuleSet after;         // as holdfastd will load it
};

template <class T>
using Attempt = tl::expected<T, std::vector<Error>>;

/// Try: all but the writing.
enum class Mode { Write, Try };

/// Changes one custom rule where it stands, by all edits or by none.
[[nodiscard]] Attempt<Changed> change(const Sources& sources, const HostConfig& config, const std::string& rule_name,
                                      const std::vector<Edit>& edits, Mode mode = Mode::Write);

/// Puts the rules of a rule file's text into the file `name` of the rules' directory: behind those that it has, or, if
/// there is none, as this very file. Errors call the text `addition_file`.
[[nodiscard]] Attempt<Changed> add(const Sources& sources, const HostConfig& config, const std::string& name,
                                   std::string_view addition, const std::string& addition_file);

/// A file with a rule, to be edited as a whole.
struct Found {
  std::string path;
  std::string content;
  int line = 0;         // where the rule stands
  bool system = false;  // it ships with Holdfast
};

/// Also in a set that has mistakes: they are there to be mended.
[[nodiscard]] Attempt<Found> findRule(const Sources& sources, const std::string& rule_name);

/// Gives a file another content, unless it has changed since it was `found`. `before` of the outcome is empty if the
/// set had mistakes; `rule` is the rule as it was, if it was right.
[[nodiscard]] Attempt<Changed> rewrite(const Sources& sources, const HostConfig& config, const Found& found,
                                       const std::string& rule_name, const std::string& content);

}  // namespace holdfast::rule
