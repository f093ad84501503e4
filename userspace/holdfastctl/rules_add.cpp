// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>
#include <istream>
#include <iterator>
#include <ostream>

#include "base/file.hpp"
#include "base/json.hpp"
#include "holdfastctl/change_report.hpp"
#include "holdfastctl/table.hpp"

namespace holdfast::holdfastctl {
namespace {

namespace fs = std::filesystem;
namespace po = boost::program_options;

constexpr const char* kTemplates = "/usr/share/holdfast/templates";

/// A rule file's text and what errors call it.
struct Text {
  std::string content;
  std::string name;
};

std::vector<fs::path> templatesIn(const fs::path& directory) {
  std::vector<fs::path> files;
  std::error_code ignored;
  for (fs::directory_iterator it(directory, ignored), end; !ignored && it != end; it.increment(ignored)) {
    if (it->path().extension() == ".yaml") files.push_back(it->path());
  }
  std::ranges::sort(files);
  return files;
}

/// The first line of a file, a comment, says what it is for.
std::string summaryOf(const std::string& content) {
  std::string first = content.substr(0, content.find('\n'));
  return first.substr(std::min(first.find_first_not_of("# "), first.size()));
}

int listTemplates(const CommandLine& line, const Environment& environment) {
  Table table({{"TEMPLATE"}, {"FOR", Fit::Cut}});
  auto list = nlohmann::json::array();
  for (const auto& file : templatesIn(line.text("templates-dir"))) {
    const auto content = readFile(file, rule::kFileBytesMax);
    if (!content) return failed(environment, content.error());
    table.add({file.stem().string(), summaryOf(*content)});
    list.push_back({{"name", file.stem().string()}, {"summary", safeUtf8(summaryOf(*content))}});
  }
  if (line.json()) {
    printJson(environment, list);
  } else if (table.empty()) {
    environment.out << "There are no templates in " << line.text("templates-dir") << "\n";
  } else {
    table.print(environment.out, environment.width);
  }
  return Done;
}

Result<Text> readTemplate(const CommandLine& line) {
  const std::string name = line.text("template");
  for (const auto& file : templatesIn(line.text("templates-dir"))) {
    if (file.stem() != name) continue;
    auto content = readFile(file, rule::kFileBytesMax);
    if (!content) return tl::unexpected(content.error());
    return Text{std::move(*content), file.string()};
  }
  return fail("there is no template '" + name + "': --list-templates shows them");
}

Result<Text> readGiven(const CommandLine& line, const Environment& environment) {
  if (line.values().count("template") != 0) return readTemplate(line);
  const std::string from = line.text("from");
  if (from != "-") {
    auto content = readFile(from, rule::kFileBytesMax);
    if (!content) return tl::unexpected(content.error());
    return Text{std::move(*content), safeUtf8(from)};
  }
  std::string content;
  for (std::istreambuf_iterator<char> it(environment.in), end; it != end && content.size() <= rule::kFileBytesMax; ++it)
    content += *it;
  return Text{std::move(content), "standard input"};
}

/// A file of the rule's name, as far as it is one for a file.
std::string fileFor(const std::string& rule) {
  std::string name;
  for (const char c : rule) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
    name += plain ? c : '-';
  }
  return (name.starts_with('.') ? "rule" : "") + name + ".yaml";
}

/// With --name, --set and further edits, which only make sense for one rule.
rule::Attempt<Text> withEdits(Text text, const std::string& rule_name, std::vector<rule::Edit> edits) {
  if (edits.empty()) return text;
  auto content = rule::edited(text.content, text.name, rule_name, edits);
  if (!content) return tl::unexpected(std::vector<Error>{content.error()});
  text.content = std::move(*content);
  return text;
}

}  // namespace

int rulesAdd(const Arguments& arguments, const Environment& environment) {
  CommandLine line(
      "rules add (--template NAME | --from FILE) [OPTION]...",
      "Adds a rule to the rules' directory, to a file of its own or behind the rules that a file has. The whole\n"
      "rule set is checked first: with a mistake anywhere nothing is written. Needs no daemon; holdfastd sees the\n"
      "file change.\n",
      "  holdfastctl rules add --list-templates\n"
      "  holdfastctl rules add --template web-block-all-drift --name web --set scope.images=registry.example/web\n"
      "  generate-rules | holdfastctl rules add --from - --file generated.yaml\n");
  line.options()("template", po::value<std::string>()->value_name("NAME"),
                 "a rule that ships with Holdfast, to begin with")("from", po::value<std::string>()->value_name("FILE"),
                                                                   "a rule file; - is standard input")(
      "name", po::value<std::string>()->value_name("NAME"), "what the rule is to be called");
  addSetOption(line);
  line.options()("file", po::value<std::string>()->value_name("NAME.yaml"),
                 "the file of the rules' directory that it goes to, instead of one of the rule's name")(
      "list-templates", "show the templates, and add nothing")(
      "templates-dir", po::value<std::string>()->default_value(kTemplates)->value_name("DIR"), "where they are");
  addRulePlaceOptions(line);
  if (const auto done = line.parse(arguments, environment)) return *done;
  if (line.values().count("list-templates") != 0) return listTemplates(line, environment);
  if (line.values().count("template") + line.values().count("from") != 1)
    return line.wrongUse(environment, "either --template or --from is needed");
  auto edits = setEdits(line);
  if (!edits) return line.wrongUse(environment, edits.error().message);
  if (line.values().count("name") != 0) edits->push_back(rule::Edit::set("name", line.text("name")));

  const auto place = rulePlace(line);
  if (!place) return failed(environment, place.error());
  auto given = readGiven(line, environment);
  if (!given) return failed(environment, given.error());
  const auto rules = rule::checkText(given->content, given->name);
  if (!rules) return failed(environment, rules.error());
  if (rules->rules.empty()) return failed(environment, Error{"there is no rule in it", given->name});
  const bool single = rules->rules.size() == 1;
  if (!single && (!edits->empty() || line.values().count("file") == 0))
    return line.wrongUse(environment,
                         given->name + " has several rules: they need --file, and take no --name or --set");
  const auto text = withEdits(std::move(*given), rules->rules.front().name, *edits);
  if (!text) return failed(environment, text.error());
  const auto now = rule::checkText(text->content, text->name);
  if (!now) return failed(environment, now.error());
  const std::string file = line.values().count("file") != 0 ? line.text("file") : fileFor(now->rules.front().name);
  const auto added = rule::add(place->sources, place->config, file, text->content, text->name);
  return report(added, *place, "added", "there already", line, environment);
}

int rulesCopy(const Arguments& arguments, const Environment& environment) {
  CommandLine line("rules copy [OPTION]... NAME NEW",
                   "Copies a rule, with its comments, under another name: behind the rules of its file, or, of a rule "
                   "that\nships with Holdfast, to a file of its own. The copy is off, so that it can be changed before "
                   "it does\nanything; --enable turns it on. Of two rules for all containers one must be narrowed with "
                   "--set.\n",
                   "  holdfastctl rules copy web api --set scope.images=registry.example/api --enable\n"
                   "  holdfastctl rules copy system-non-image-program mine --set action=block\n");
  line.options()("enable", "the copy is on");
  addSetOption(line);
  addRulePlaceOptions(line);
  line.arguments(2);
  if (const auto done = line.parse(arguments, environment)) return *done;
  if (line.arguments().size() != 2) return line.wrongUse(environment, "which rule, and what is the copy to be called?");
  const auto edits = setEdits(line);
  if (!edits) return line.wrongUse(environment, edits.error().message);
  const auto place = rulePlace(line);
  if (!place) return failed(environment, place.error());
  const auto& name = line.arguments()[0];
  const auto found = rule::findRule(place->sources, name);
  if (!found) return failed(environment, found.error());
  auto alone = rule::extracted(found->content, found->path, name);
  if (!alone) return failed(environment, alone.error());
  std::vector<rule::Edit> all;
  if (found->system) all.push_back(rule::Edit::unset("system"));
  all.push_back(rule::Edit::status(line.values().count("enable") != 0));
  all.insert(all.end(), edits->begin(), edits->end());
  all.push_back(rule::Edit::set("name", line.arguments()[1]));
  const auto text = withEdits({std::move(*alone), found->path}, name, std::move(all));
  if (!text) return failed(environment, text.error());
  const std::string file = found->system ? fileFor(line.arguments()[1]) : fs::path(found->path).filename().string();
  const auto added = rule::add(place->sources, place->config, file, text->content, text->name);
  return report(added, *place, "copied", "there already", line, environment);
}

}  // namespace holdfast::holdfastctl
