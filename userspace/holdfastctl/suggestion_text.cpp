// SPDX-License-Identifier: Apache-2.0
#include "holdfastctl/suggestion_text.hpp"

#include <algorithm>

#include "alert/text.hpp"
#include "base/json.hpp"
#include "base/time.hpp"
#include "rule/edit_text.hpp"

namespace holdfast::holdfastctl {
namespace {

using alert::Exemption;
using alert::Grounds;
using alert::SuggestedEntry;
using alert::SuggestedRule;
using nlohmann::json;

constexpr std::size_t kUnhelpedMax = 100;  // as comments; JSON has all
constexpr std::size_t kReasonMax = 400;

/// One line, whatever the text is.
std::string comment(std::size_t indent, const std::string& text) {
  return std::string(indent, ' ') + "# " + safeUtf8(text) + "\n";
}

std::string counted(std::size_t count, const char* what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

std::string joined(const std::vector<std::string>& texts, const char* between) {
  std::string out;
  for (const auto& text : texts) out += (out.empty() ? "" : between) + text;
  return out;
}

/// "3 times in 2 alerts (17, 18), last 2023-11-14T22:13:20.000Z, in web of registry.example/web:1"
std::string when(const Grounds& grounds) {
  std::string ids;
  for (const auto id : grounds.ids) ids += (ids.empty() ? "" : ", ") + std::to_string(id);
  if (grounds.ids.size() < grounds.alerts) ids += ", ...";
  std::string text = std::to_string(grounds.operations) + (grounds.operations == 1 ? " time in " : " times in ") +
                     counted(grounds.alerts, "alert") + " (" + ids + "), last " + utcText(grounds.last_real);
  if (!grounds.containers.empty()) text += ", in " + joined(grounds.containers, ", ");
  return text;
}

std::string who(const Grounds& grounds) {
  return joined(grounds.programs, ", ") + (grounds.programs.empty() ? "by " : ", by ") +
         joined(grounds.chains, "; or ");
}

std::string list(const char* key, std::size_t indent, const std::vector<std::string>& values) {
  if (values.empty()) return "";
  std::string out;
  for (const auto& value : values) out += std::string(indent + 2, ' ') + "- " + rule::yamlText(value) + "\n";
  return std::string(indent, ' ') + key + ":\n" + out;
}

std::string entries(const SuggestedRule& suggested, Exemption::List of) {
  std::string out;
  for (const auto& entry : suggested.entries) {
    if (entry.exemption.list != of) continue;
    out += comment(8, when(entry.grounds)) + comment(8, who(entry.grounds));
    if (!entry.grounds.because.empty())
      out += comment(8, "nothing narrower: " + joined(entry.grounds.because, "; or "));
    out += "        - " + rule::yamlText(entry.exemption.value) + "\n";
  }
  return out;
}

std::string ruleText(const SuggestedRule& suggested) {
  const auto& rule = suggested.rule;
  std::string out;
  if (suggested.instead_of.empty()) {
    out += comment(2, "It is in " + rule.place() + ": put the entries that have a comment into its allow_list there.");
  } else {
    out += comment(2, "Takes the place of " + suggested.instead_of +
                          ", which ships with Holdfast and has no allow list: 'holdfastctl rules add --from'.");
    if (!rule.exclude_clusters.empty())
      out += comment(2, "That one leaves out the clusters " + joined(rule.exclude_clusters, ", ") +
                            "; this one does not: name the others in its scope.");
  }
  out += "  - name: " + rule::yamlText(rule.name) + "\n    type: " + name(rule.type) + "\n";
  if (!rule.description.empty() && suggested.instead_of.empty())
    out += "    description: " + rule::yamlText(rule.description) + "\n";
  out += std::string("    action: ") + name(rule.action) + "\n";
  const std::string scope = list("clusters", 6, rule.scope.clusters) + list("images", 6, rule.scope.images) +
                            list("tags", 6, rule.scope.tags) + list("labels", 6, rule.scope.labels);
  if (!scope.empty()) out += "    scope:\n" + scope;
  auto old_images = rule.allow_list.images;
  old_images.insert(old_images.end(), rule.allow_list.digests.begin(), rule.allow_list.digests.end());
  const auto block = [](const char* key, const std::vector<std::string>& old, const std::string& added) {
    const std::string before = list(key, 6, old);
    return before.empty() && !added.empty() ? std::string("      ") + key + ":\n" + added : before + added;
  };
  out += "    allow_list:\n" +
         block("programs", rule.allow_list.programs, entries(suggested, Exemption::List::Programs)) +
         list("program_lists", 6, rule.allow_list.program_lists) +
         block("directories", rule.allow_list.directories, entries(suggested, Exemption::List::Directories)) +
         block("images", old_images, entries(suggested, Exemption::List::Images));
  if (rule.on_running != rule::OnRunning::Report) out += std::string("    on_running: ") + name(rule.on_running) + "\n";
  return out;
}

json printable(const std::vector<std::string>& texts) {
  json out = json::array();
  for (const auto& text : texts) out.push_back(safeUtf8(text));
  return out;
}

json toJson(const Grounds& grounds) {
  return {{"alerts", grounds.alerts},
          {"operations", grounds.operations},
          {"last", utcText(grounds.last_real)},
          {"ids", grounds.ids},
          {"programs", printable(grounds.programs)},
          {"containers", printable(grounds.containers)},
          {"chains", printable(grounds.chains)}};
}

}  // namespace

std::string toYaml(const alert::Suggestion& suggestion, std::uint64_t since) {
  std::size_t unhelped = 0;
  for (const auto& one : suggestion.unhelped) unhelped += one.grounds.alerts;
  std::string out =
      comment(0, counted(suggestion.alerts, "alert") + " of programs since " + utcText(since) + ": " +
                     std::to_string(suggestion.quiet_already) + " would not come under the rules as they are now, " +
                     std::to_string(unhelped) + " no entry makes quiet, see the end.");
  if (!suggestion.rules.empty())
    out += comment(0, "An entry exempts what an attacker has put there, too: look at each first.");
  out += suggestion.rules.empty() ? "version: 1\nrules: []\n" : "version: 1\nrules:\n";
  for (const auto& rule : suggestion.rules) out += ruleText(rule);
  if (suggestion.unhelped.empty()) return out;
  out += "\n" + comment(0, "No entry makes these quiet:");
  for (std::size_t i = 0; i < std::min(suggestion.unhelped.size(), kUnhelpedMax); ++i) {
    const auto& one = suggestion.unhelped[i];
    out += comment(0, "- " + when(one.grounds) + ", rule " + one.rule);
    out += comment(0, "  " + who(one.grounds));
    out += comment(0, "  " + alert::shown(one.reason, kReasonMax));
  }
  if (suggestion.unhelped.size() > kUnhelpedMax)
    out += comment(0, "- and " + std::to_string(suggestion.unhelped.size() - kUnhelpedMax) +
                          " reasons more: '--output json' has them all");
  return out;
}

json toJson(const alert::Suggestion& suggestion, std::uint64_t since) {
  json out = {{"since", utcText(since)},
              {"alerts", suggestion.alerts},
              {"quiet_already", suggestion.quiet_already},
              {"rules", json::array()},
              {"unhelped", json::array()}};
  for (const auto& suggested : suggestion.rules) {
    json rule = {{"name", safeUtf8(suggested.rule.name)}, {"instead_of", nullptr}, {"entries", json::array()}};
    rule["place"] = suggested.instead_of.empty() ? json(safeUtf8(suggested.rule.place())) : json(nullptr);
    if (!suggested.instead_of.empty()) rule["instead_of"] = safeUtf8(suggested.instead_of);
    for (const auto& entry : suggested.entries) {
      json one = toJson(entry.grounds);
      one["list"] = name(entry.exemption.list);
      one["because"] = printable(entry.grounds.because);
      one["value"] = safeUtf8(entry.exemption.value);
      rule["entries"].push_back(std::move(one));
    }
    out["rules"].push_back(std::move(rule));
  }
  for (const auto& unhelped : suggestion.unhelped) {
    json one = toJson(unhelped.grounds);
    one["rule"] = safeUtf8(unhelped.rule);
    one["reason"] = safeUtf8(unhelped.reason);
    out["unhelped"].push_back(std::move(one));
  }
  return out;
}

}  // namespace holdfast::holdfastctl
