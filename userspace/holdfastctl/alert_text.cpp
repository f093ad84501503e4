// SPDX-License-Identifier: Apache-2.0
#include "holdfastctl/alert_text.hpp"

#include <fmt/core.h>

#include <cmath>

#include "base/json.hpp"
#include "base/time.hpp"
#include "holdfastctl/table.hpp"

namespace holdfast::holdfastctl {
namespace {

using alert::Alert;

std::string containerName(const Alert& a) {
  constexpr std::size_t kShown = 12;
  if (!a.container.name.empty()) return a.container.name;
  return a.container.id.empty() ? "-" : a.container.id.substr(0, kShown);
}

/// Without the year and with seconds, for lists; the rest is in the JSON.
std::string shortTime(std::uint64_t real_ns) {
  std::string text = utcText(real_ns).substr(5, 14);
  text[5] = ' ';
  return text;
}

/// For lists: the object if there is one.
std::string whatOf(const Alert& a) { return a.path.empty() ? a.message : a.kind + " " + a.path; }

class Sheet {
 public:
  void line(const char* title, const std::string& text) { out_ += fmt::format("{:<14}{}\n", title, safeUtf8(text)); }
  void lineIfAny(const char* title, const std::string& text) {
    if (!text.empty()) line(title, text);
  }
  void raw(const std::string& text) { out_ += text; }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

void container(Sheet& sheet, const Alert& a) {
  const auto& c = a.container;
  if (c.cgroup_id == 0 && c.id.empty()) return;
  sheet.line("Container", fmt::format("{} ({})", orUnknown(c.id), orUnknown(c.name)));
  sheet.line("Runtime", orUnknown(c.runtime));
  sheet.line("Image", orUnknown(c.image));
  for (const auto& digest : c.digests) sheet.line("  digest", digest);
  sheet.line("Pod", c.pod.empty() ? "unknown" : fmt::format("{}/{}", orUnknown(c.pod_namespace), c.pod));
}

void process(Sheet& sheet, const Alert& a) {
  if (!a.event) return;
  sheet.line("Process", fmt::format("{} ({}), user {}{}", a.comm, a.tgid, a.uid,
                                    a.euid == a.uid ? "" : fmt::format(" as {}", a.euid)));
  bool first = true;
  for (const auto& ancestor : a.ancestors) {
    sheet.line(first ? "  started by" : "", fmt::format("{} ({})", ancestor.comm, ancestor.tgid));
    first = false;
  }
  if (a.target_pid != 0) sheet.line("Target", fmt::format("process {}", a.target_pid));
}

void rule(Sheet& sheet, const Alert& a) {
  if (!a.rule) {
    if (a.event) sheet.line("Rule", "none: refused or reported whatever the rules say, or the rule is gone");
    return;
  }
  sheet.lineIfAny("Rule", a.rule->name);
  sheet.line(a.rule->name.empty() ? "Where" : "  from",
             a.rule->line > 0 ? fmt::format("{}:{}", a.rule->file, a.rule->line) : a.rule->file);
  if (a.rule->rule_set != 0) sheet.line("  rule set", std::to_string(a.rule->rule_set));
}

void operation(Sheet& sheet, const Alert& a) {
  if (!a.event) return;
  sheet.line("Operation", a.kind);
  if (!a.path.empty() || !a.origin.empty()) sheet.line(a.check.empty() ? "Program" : "Object", orUnknown(a.path));
  if (!a.check.empty()) sheet.line("Check", fmt::format("{}, MITRE ATT&CK {}", a.check, a.technique));
  sheet.lineIfAny("Stage", a.stage);
  sheet.lineIfAny("Origin", a.origin);
  sheet.line("Verdict", a.verdict);
  sheet.line("Action",
             a.requested.empty() ? a.effective : fmt::format("asked {}, in effect {}", a.requested, a.effective));
}

void chain(Sheet& sheet, const Alert& a) {
  bool first = true;
  for (const auto& link : a.chain) {
    const double seconds = (static_cast<double>(link.boot_ns) - static_cast<double>(a.first_boot)) / 1e9;
    sheet.line(first ? "Raised by" : "",
               fmt::format("alert {}, {} ({}), {:.3f} s {}", link.alert, link.item, link.stage, std::abs(seconds),
                           seconds > 0 ? "after its first" : "before"));
    first = false;
  }
}

void handling(Sheet& sheet, const Alert& a) {
  for (const auto& one : a.handling) {
    const std::string who = one.by.name.empty()
                                ? fmt::format("user {}", one.by.login_uid.value_or(one.by.uid))
                                : fmt::format("{} ({})", one.by.name, one.by.login_uid.value_or(one.by.uid));
    const bool another = one.by.login_uid && *one.by.login_uid != one.by.uid;
    sheet.line("Seen to", fmt::format("{} by {}{}, {}", name(one.action), who,
                                      another ? fmt::format(" as user {}", one.by.uid) : "", utcText(one.at_real)));
    sheet.lineIfAny("  note", one.note);
  }
}

}  // namespace

std::string fullText(const Alert& a, std::size_t width) {
  Sheet sheet;
  sheet.line("Alert", fmt::format("{}  {}", a.id, a.name));
  sheet.line("Type", name(a.type));
  sheet.line("Severity", name(a.severity));
  sheet.line("State", fmt::format("{}{}", name(a.state),
                                  a.open && a.state != alert::State::Unhandled ? ", nobody has handled it" : ""));
  handling(sheet, a);
  sheet.raw("\n" + wrapped(safeUtf8(a.message), 0, width) + "\n");
  sheet.line("Host", fmt::format("{} ({}){}", orUnknown(a.host.name), orUnknown(a.host.machine_id),
                                 a.host.cluster.empty() ? "" : ", cluster " + a.host.cluster));
  container(sheet, a);
  operation(sheet, a);
  chain(sheet, a);
  rule(sheet, a);
  process(sheet, a);
  sheet.line("Count", std::to_string(a.count));
  sheet.line("First", utcText(a.first_real));
  sheet.line("Last", utcText(a.last_real));
  sheet.line("  since boot", fmt::format("{:.3f} s to {:.3f} s, boot {}", static_cast<double>(a.first_boot) / 1e9,
                                         static_cast<double>(a.last_boot) / 1e9, orUnknown(a.boot_id)));
  if (a.event) sheet.line("Event", std::to_string(a.event->number));
  sheet.raw("\nWhat to do next:\n" + wrapped(safeUtf8(a.advice), 2, width));
  return sheet.take();
}

std::vector<std::string> rowOf(const Alert& a) {
  return {std::to_string(a.id), shortTime(a.last_real),  name(a.severity), name(a.state),
          containerName(a),     std::to_string(a.count), whatOf(a)};
}

std::string lineOf(const Alert& a) {
  return safeUtf8(fmt::format("{} {:<10} #{} {} x{}: {}", utcText(a.last_real), name(a.severity), a.id,
                              containerName(a), a.count, a.message));
}

}  // namespace holdfast::holdfastctl
