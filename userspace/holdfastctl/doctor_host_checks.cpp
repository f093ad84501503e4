// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <array>

#include "base/time.hpp"
#include "holdfastctl/doctor_checks.hpp"

namespace holdfast::holdfastctl {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;
constexpr std::uint64_t kFull = kMiB;
constexpr std::uint64_t kNearlyFull = 64 * kMiB;
constexpr std::uint64_t kFewFiles = 16;
constexpr std::int64_t kRecentSeconds = 3600;

void controller(const DoctorFacts& facts, Judgement& out) {
  const std::vector<std::string> restart = {"systemctl restart holdfastd", "journalctl --unit holdfastd --lines 50"};
  if (!facts.status && !facts.may_ask) {
    out.unknown = "only root and members of the group holdfast may ask the controller";
    return;
  }
  const std::string kept =
      "The kernel goes on enforcing the last rules and keeps events; nobody resolves new containers "
      "(they run under the default profile), and no alert is made.";
  if (!facts.status && !facts.controller_runs)
    return out.urgent("the controller (holdfastd) does not run", kept, restart);
  if (!facts.status)
    return out.urgent("the controller (holdfastd) runs and does not answer: " + facts.status_problem, kept, restart);
  const auto& module = facts.status->module;
  if (!module.loaded || module.disabled) return;
  if (!module.controller)
    out.urgent("another process is registered with the module as controller",
               "What it tells the kernel is not what the rule files here say.",
               {"pgrep --list-full holdfastd", restart[0]});
  if (module.silent)
    out.urgent("the module does not ask the controller any more, as it answered too late too often",
               "New containers run under the default profile. The host may be overloaded.", {"uptime", restart[0]});
}

void service(const DoctorFacts& facts, Judgement& out) {
  if (!facts.unit_installed) {
    out.suspicious("holdfastd.service is not installed", "Nothing starts the controller.",
                   {"scripts/up   # in a checkout of Holdfast"});
  } else if (!facts.unit_enabled) {
    out.suspicious("holdfastd.service is not enabled", "The controller does not start with the next boot.",
                   {"systemctl enable --now holdfastd"});
  }
}

void store(const DoctorFacts& facts, Judgement& out) {
  if (facts.state.exists && facts.state.read_only)
    return out.urgent(
        "/var/lib/holdfast is on a file system that is read-only",
        "Alerts cannot be stored; the kernel keeps events, and only counts them when it can keep no more.",
        {"mount -o remount,rw " + shellWord(facts.state.mount_point)});
  if (!facts.status) {
    out.unknown = "the controller has to be there for it";
    return;
  }
  if (facts.status->store_problem.empty()) return;
  out.urgent("alerts cannot be stored: " + facts.status->store_problem,
             "The kernel keeps events, and only counts them when it can keep no more.",
             {"ls -ld /var/lib/holdfast /var/lib/holdfast/alerts.db", "lsattr -d /var/lib/holdfast",
              "chattr -R -i /var/lib/holdfast", "systemctl restart holdfastd"});
}

void disk(const DoctorFacts& facts, Judgement& out) {
  const auto& state = facts.state;
  if (!state.exists) {
    out.unknown = "there is no /var/lib/holdfast yet";
    return;
  }
  const std::string place = shellWord(state.mount_point);
  const std::vector<std::string> commands = {"df -h " + place, "df -i " + place,
                                             "du -xh " + place + " | sort -h | tail", "apt-get clean",
                                             "journalctl --vacuum-size=100M"};
  const bool files = state.free_files < kFewFiles;
  const std::string left = files ? std::to_string(state.free_files) + " files"
                                 : fmt::format("{:.1f} MB", static_cast<double>(state.free_bytes) / kMiB);
  if (files || state.free_bytes < kFull) {
    out.urgent("the disk of /var/lib/holdfast is full: room for " + left,
               "Alerts cannot be stored; the kernel keeps events, and only counts them when it can keep no more.",
               commands);
  } else if (state.free_bytes < kNearlyFull) {
    out.suspicious("the disk of /var/lib/holdfast is nearly full: room for " + left,
                   "When it is full alerts cannot be stored.", commands);
  }
}

void clock(const DoctorFacts& facts, Judgement& out) {
  const std::vector<std::string> commands = {"timedatectl status", "apt-get install systemd-timesyncd",
                                             "timedatectl set-ntp true"};
  // A package's files are made when it is installed; a second is for coarse file systems.
  constexpr std::uint64_t kSlack = 1'000'000'000;
  if (facts.now_ns + kSlack < facts.installed_ns)
    out.suspicious("the clock says " + utcText(facts.now_ns) + ", which is before Holdfast was installed here (" +
                       utcText(facts.installed_ns) + ")",
                   "Alerts carry wrong times in UTC; their order by boot time is right.", commands);
  if (!facts.status) {
    out.unknown = "whether it was set while the controller ran, only the controller knows";
    return;
  }
  const auto& clock = facts.status->clock;
  if (clock.steps == 0 || clock.seconds_ago > kRecentSeconds) return;
  out.reminder(
      fmt::format("the clock was set {} by {:.1f} s, {} minutes ago ({} times since the controller started)",
                  clock.last_ms < 0 ? "back" : "forward",
                  static_cast<double>(clock.last_ms < 0 ? -clock.last_ms : clock.last_ms) / 1000,
                  clock.seconds_ago / 60, clock.steps),
      "Times in UTC before and after it do not fit together; alerts carry boot time as well. Shown for an hour.",
      commands);
}

void runtimes(const DoctorFacts& facts, Judgement& out) {
  if (!facts.runtimes.empty()) return;
  out.reminder("no container runtime was found",
               "There is nothing to protect: runc, crun, podman, docker, containerd and "
               "CRI-O are looked for in /usr/bin, /usr/sbin and /usr/local.",
               {"apt-get install podman"});
}

void containers(const DoctorFacts& facts, Judgement& out) {
  if (!facts.status) {
    out.unknown = "the controller has to be there for it";
    return;
  }
  const auto& all = facts.status->containers;
  if (all.not_covered == 0 || !facts.status->module.loaded || facts.status->module.disabled) return;
  std::string meaning;
  for (const auto& [reason, count] : all.not_covered_because)
    meaning += (meaning.empty() ? "" : "; ") + std::to_string(count) + ": " + reason;
  std::vector<std::string> commands;
  for (const auto& container : facts.uncovered) commands.push_back("holdfastctl containers " + shellWord(container.id));
  if (commands.empty()) commands.emplace_back("holdfastctl containers");
  out.suspicious(fmt::format("{} of {} containers not covered", all.not_covered, all.total), meaning + ".",
                 std::move(commands));
}

const std::array kChecks = {
    DoctorCheck{"controller", "the controller runs and is the module's", controller},
    DoctorCheck{"service", "the controller starts at boot", service},
    DoctorCheck{"store", "alerts can be stored", store},
    DoctorCheck{"disk", "there is room for alerts", disk},
    DoctorCheck{"clock", "the clock is right and was not set", clock},
    DoctorCheck{"runtimes", "there is a container runtime", runtimes},
    DoctorCheck{"containers", "every container is covered", containers},
};

}  // namespace

std::span<const DoctorCheck> hostChecks() { return kChecks; }

}  // namespace holdfast::holdfastctl
