// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <istream>
#include <ostream>

#include "base/file.hpp"
#include "holdfastctl/change_report.hpp"

namespace holdfast::holdfastctl {
namespace {

namespace fs = std::filesystem;

/// A copy of a rule file in a directory that nobody else may enter, gone with the object unless it is kept.
class PrivateCopy {
 public:
  static Result<PrivateCopy> make(const std::string& file, const std::string& content) {
    std::error_code error;
    std::string directory = (fs::temp_directory_path(error) / "holdfast-edit-XXXXXX").string();
    if (::mkdtemp(directory.data()) == nullptr)
      return tl::unexpected(systemError("cannot make a directory for the copy", errno));
    PrivateCopy copy(directory, fs::path(directory) / fs::path(file).filename());
    constexpr mode_t kPrivate = 0600;
    if (auto done = writeFileAtomically(copy.path_, content, kPrivate); !done) return tl::unexpected(done.error());
    return copy;
  }
  PrivateCopy(PrivateCopy&& other) noexcept : directory_(std::move(other.directory_)), path_(std::move(other.path_)) {
    other.directory_.clear();
  }
  PrivateCopy& operator=(PrivateCopy&&) = delete;
  ~PrivateCopy() {
    std::error_code ignored;
    if (!directory_.empty()) fs::remove_all(directory_, ignored);
  }

  [[nodiscard]] const fs::path& path() const { return path_; }
  /// Its content stays for the person.
  Error keep() {
    directory_.clear();
    return Error{"your text is kept here", path_.string()};
  }

 private:
  PrivateCopy(std::string directory, fs::path path) : directory_(std::move(directory)), path_(std::move(path)) {}

  std::string directory_;
  fs::path path_;
};

bool wantsAgain(const Environment& environment) {
  for (;;) {
    environment.err << "[e]dit again or [d]iscard? " << std::flush;
    std::string answer;
    if (!std::getline(environment.in, answer)) return false;
    if (answer == "e") return true;
    if (answer == "d") return false;
  }
}

int inEditor(const CommandLine& line, const RulePlace& place, const std::string& name, const Environment& environment) {
  const auto found = rule::findRule(place.sources, name);
  if (!found) return failed(environment, found.error());
  if (found->system)
    return failed(environment, Error{"this rule ships with Holdfast: copy it to change it", found->path, found->line});
  auto copy = PrivateCopy::make(found->path, found->content);
  if (!copy) return failed(environment, copy.error());
  for (int at = found->line;;) {
    const auto done = environment.edit(copy->path(), at);
    const auto text = readFile(copy->path(), rule::kFileBytesMax);
    if (!done && text && *text == found->content) return failed(environment, done.error());
    if (!done || !text) return failed(environment, {done ? text.error() : done.error(), copy->keep()});
    const auto changed = rule::rewrite(place.sources, place.config, *found, name, *text);
    if (changed) return report(changed, place, "changed", "as it was", line, environment);
    (void)failed(environment, changed.error());
    const auto now = readFile(found->path, rule::kFileBytesMax);
    const bool overtaken = !now || *now != found->content;
    // Whose text it is, nobody but that person can tell.
    if (overtaken || !environment.interactive) return failed(environment, copy->keep());
    if (!wantsAgain(environment)) return failed(environment, Error{"discarded: nothing is written"});
    for (const auto& error : changed.error())
      if (error.file == found->path && error.line > 0) at = error.line;
  }
}

}  // namespace

int rulesEdit(const Arguments& arguments, const Environment& environment) {
  CommandLine line(
      "rules edit [OPTION]... NAME",
      "Changes a custom rule: with --set single keys of it, and only their lines; without, its file in $VISUAL,\n"
      "$EDITOR or vi, on a private copy. The whole rule set is checked before anything is written. A file that\n"
      "somebody else has changed meanwhile is left alone, and your text is kept; so it is when the editor fails.\n",
      "  holdfastctl rules edit web\n"
      "  holdfastctl rules edit web --set action=block --set scope.tags=v1,v2\n");
  addSetOption(line);
  addRulePlaceOptions(line);
  line.arguments(1);
  if (const auto done = line.parse(arguments, environment)) return *done;
  if (line.arguments().empty())
    return line.wrongUse(environment, "which rule? 'holdfastctl rules list' shows their names");
  const auto edits = setEdits(line);
  if (!edits) return line.wrongUse(environment, edits.error().message);
  const auto place = rulePlace(line);
  if (!place) return failed(environment, place.error());
  const auto& name = line.arguments()[0];
  if (edits->empty()) return inEditor(line, *place, name, environment);
  return report(rule::change(place->sources, place->config, name, *edits), *place, "changed", "so already", line,
                environment);
}

}  // namespace holdfast::holdfastctl
