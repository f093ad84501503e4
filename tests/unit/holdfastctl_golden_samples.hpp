// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "alert/json.hpp"
#include "alert_sample.hpp"
#include "base_test_support.hpp"
#include "control/metrics.hpp"
#include "control/shapes.hpp"
#include "holdfastctl/rules_explain.hpp"
#include "holdfastctl/selftest_judge.hpp"
#include "holdfastctl_sample.hpp"

// What holdfastctl_golden_test.cpp compares: for each command at least one sample, named as its words are with hyphens
// ("rules-check"), further ones with a dot behind ("rules-check.mistakes"). Each types a command twice, for people and
// for programs.
namespace holdfast::test {

/// A terminal in an empty directory, and a record of what was typed and answered.
class Session : public Terminal {
  using Arguments = holdfastctl::Arguments;

 public:
  Session() : before_(std::filesystem::current_path()) { std::filesystem::current_path(scratch.path()); }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() { std::filesystem::current_path(before_); }

  /// As a table.
  void type(const Arguments& arguments) { record(arguments, run(withPlaces(arguments))); }
  /// As a table and as JSON, for what changes nothing.
  void typeBoth(Arguments arguments) {
    type(arguments);
    arguments.insert(arguments.end(), {"--output", "json"});
    type(arguments);
  }
  /// Adds what was not typed but printed into `out`.
  void record(const Arguments& arguments, int status) {
    transcript_ += "$ holdfastctl";
    for (const auto& word : arguments) transcript_ += " " + word;
    transcript_ += "\n" + out.str();
    if (!err.str().empty()) transcript_ += "[standard error]\n" + err.str();
    transcript_ += "[exit status " + std::to_string(status) + "]\n\n";
  }

  /// Without the name of the directory, which is another one each time.
  [[nodiscard]] std::string transcript() const {
    std::string text = transcript_;
    const std::string directory = scratch.path().string();
    for (auto at = text.find(directory); at != std::string::npos; at = text.find(directory, at))
      text.replace(at, directory.size(), "/scratch");
    return text;
  }

  /// From now on commands find configuration and rules in this directory: holdfast.yaml, rules.d, vendor.
  void useFilesHere() {
    scratch.write("holdfast.yaml", "version: 1\n");
    std::filesystem::create_directories(scratch / "rules.d");
    scratch.write("vendor/10-vendor.yaml",
                  "version: 1\nrules:\n  - { name: vendor, type: non-image-program, action: alert, system: true }\n");
    places_ = {"--config", "holdfast.yaml", "--rules-dir", "rules.d", "--vendor-dir", "vendor"};
  }

  const ScratchDirectory scratch;

 private:
  [[nodiscard]] Arguments withPlaces(Arguments arguments) const {
    arguments.insert(arguments.end(), places_.begin(), places_.end());
    return arguments;
  }

  std::filesystem::path before_;
  Arguments places_;
  std::string transcript_;
};

inline constexpr const char* kWebRule =
    "version: 1\n"
    "rules:\n"
    "  # the shop\n"
    "  - name: web\n"
    "    type: non-image-program\n"
    "    action: block\n"
    "    allow_list: { directories: [/opt/plugins] }\n";

inline control::StatusReport normalStatus() {
  control::StatusReport report;
  report.interceptable = "Normal";
  auto& module = report.module;
  module.loaded = module.attached = module.overlay_verified = module.controller = module.policy = true;
  module.version = "0.1.0";
  module.abi = 1;
  module.generation = 4;
  module.default_profile = 1;
  module.query_timeout_ms = 2000;
  module.canary_at = "2023-11-14T22:13:00.000000000Z";
  report.hooks = {{"security_bprm_check", true, true, false, 12345}, {"sched_process_fork", true, true, true, 678}};
  report.controller = {4711, "0.1.0", "2023-11-14T20:00:00.000000000Z", {}};
  report.controller.rule_set = {4, "2023-11-14T21:00:00.000000000Z", {"/etc/holdfast/rules.d/web.yaml"}, 1, {}, {}};
  report.controller.rule_set.warnings.push_back(
      {"\"yun\" is short and may match more than is meant", "/etc/holdfast/rules.d/web.yaml", 8, 16});
  report.policy = {{"web", "block", "block", ""}, {"vendor", "alert", "none", "replaced by the custom rule \"web\""}};
  report.counters = {2, 31, 3, 1, 1, 900, 4000, 12, 2, 5, 4, 1, 0, 0};
  report.events = {14, 9, 3, 2, 0};
  report.store = {9, 4, 5, 12, 1};
  report.outputs = {{"journal", true, "", 4, 0},
                    {"audit", true, "no audit daemon runs: see 'systemctl status auditd'", 3, 1}};
  report.unclassified = 1;
  report.containers = {2, 1, {{"its root directory is the host's", 1}}};
  report.functions = {
      {"non-image-program", true, true, "", 2, 1},
      {"container-escape", true, false, "this version does not enforce container-escape rules", 1, 0},
      {"image-risk", false, false, "the function image_risk is off in this host's configuration", 0, 0}};
  report.policy.push_back({"inside", "block", "none", report.functions[1].reason, "container-escape"});
  report.clock = {1, -3'600'000, 90};
  return report;
}

inline control::StatusReport abnormalStatus() {
  control::StatusReport report;
  report.reasons = {"the module is not loaded: modprobe holdfast", "no alert can be stored: database is locked"};
  report.controller = {4711, "0.1.0", "2023-11-14T20:00:00.000000000Z", {}};
  report.store_problem = "database is locked";
  report.controller.rule_set.errors.push_back({"unknown key \"actoin\"", "/etc/holdfast/rules.d/web.yaml", 4, 5});
  return report;
}

inline std::vector<control::ContainerReport> containerReports() {
  control::ContainerReport web;
  web.id = std::string(60, '0') + "beef";
  web.name = "web";
  web.engine = "docker";
  web.runtime = "runc";
  web.state = "running";
  web.cgroup_id = 4242;
  web.cgroup_path = "/system.slice/docker-" + web.id + ".scope";
  web.init_pid = 1234;
  web.image = "registry.example/web:1";
  web.digests = {"sha256:" + std::string(64, 'a')};
  web.members = 7;
  web.profile_id = 3;
  web.generation = 4;
  web.covered = true;
  web.rules = {{"web", "block", "block", ""}};
  web.skipped = {{"db", "alert", "none", "scoped to other images"}};
  web.posture = {true,
                 "",
                 {{"host-root", "high", "the host's root directory is mounted", {"/, writable, at /host"}, 0},
                  {"host-network", "medium", "the host's network, with what listens there", {}, 0}}};
  control::ContainerReport hostile;  // as a container would name itself
  hostile.posture = {true, "", {{"runtime-socket", "high", "a socket", {"/run/docker.sock, at \x1b[2J"}, 3}}};
  hostile.id = "a\nb\x1b]0;pwned\x07" + std::string(120, 'x');
  hostile.not_covered = "its root is the host's";
  return {web, hostile};
}

inline nlohmann::json ruleJson() {
  return {{"name", "web"},
          {"description", "the shop runs what was shipped"},
          {"type", "non-image-program"},
          {"status", "on"},
          {"requested", "block"},
          {"effective", "none"},
          {"reason", "scoped to another cluster"},
          {"system", false},
          {"scope", {{"clusters", {"prod"}}, {"images", {"registry.example/web", "shop"}}}},
          {"allow_list", {{"directories", {"/opt/plugins"}}, {"images", nlohmann::json::array()}}},
          {"file", "/etc/holdfast/rules.d/web.yaml"},
          {"line", 3},
          {"column", 5}};
}

inline alert::Alert goldenAlert() {
  auto alert = sampleAlert(7);
  alert.id = 17;
  alert.revision = 40;
  alert.count = 1000;
  alert.container.pod = "shop-7f9";
  alert.container.pod_namespace = "shop";
  alert.container.digests = {"sha256:" + std::string(64, 'a')};
  alert.ancestors = {{99, "bash"}, {1, "init"}};
  alert.chain = {{15, "PT2", "reconnaissance", alert.first_boot - 2'500'000'000}};
  return alert;
}

/// Of Holdfast itself: without container, event or process.
inline alert::Alert goldenNotice() {
  auto notice = alert::fromNotice(alert::NoticeKind::BadRuleSet, "unknown key \"actoin\"", {"machine", "host", "prod"},
                                  "0f0f0f0f-0000-4000-8000-000000000001", "/etc/holdfast/rules.d/web.yaml", 4);
  notice.id = 18;
  notice.revision = 41;
  notice.first_real = notice.last_real = 1'700'000'000'000'000'000;
  notice.first_boot = notice.last_boot = 1'000'000'000'000;
  return notice;
}

inline nlohmann::json alertList() {
  return {{"alerts", {toJson(goldenNotice()), toJson(goldenAlert())}},
          {"more", true},
          {"totals", control::StoreTotals{9, 4, 5, 12, 1}}};
}

inline void selftestSample(Session& session, const std::string& outcomes) {
  const auto verdict = holdfastctl::judge(holdfastctl::parseProbe(outcomes), {{{"exec", "added", "deny", 1},
                                                                               {"exec", "memory", "deny", 2},
                                                                               {"map", "added", "deny", 1},
                                                                               {"mprotect", "changed", "deny", 1}}});
  const int status = verdict.ok ? holdfastctl::Done : holdfastctl::Found;
  holdfastctl::print(verdict, session.out, 100);
  session.record({"selftest"}, status);
  session.out.str("");
  session.out << holdfastctl::toJson(verdict).dump(2) << "\n";
  session.record({"selftest", "--output", "json"}, status);
}

/// As if the container ran and had the program.
inline void explainSample(Session& session, const container::Program& program,
                          const std::vector<container::Program>& interpreters = {}) {
  auto report = containerReports()[0];
  auto list = nlohmann::json{{"rules", {ruleJson()}}};
  std::vector<container::Program> programs = {program};
  programs.insert(programs.end(), interpreters.begin(), interpreters.end());
  for (const bool json : {false, true}) {
    holdfastctl::Arguments words = {"rules", "explain", "web", program.path};
    if (json) words.insert(words.end(), {"--output", "json"});
    session.out.str("");
    session.record(words, holdfastctl::explain(report, list, programs, true, json, session.environment()));
  }
}

/// A change for people, then, on the same file as before, for programs.
inline void changeSample(Session& session, const char* command, const std::string& file) {
  session.useFilesHere();
  for (const bool json : {false, true}) {
    session.scratch.write("rules.d/web.yaml", file);
    holdfastctl::Arguments words = {"rules", command, "web"};
    if (std::string_view(command) == "delete") words.emplace_back("--yes");
    if (json) words.insert(words.end(), {"--output", "json"});
    session.type(words);
  }
}

inline std::string switchedOff() { return std::string(kWebRule) + "    status: off\n"; }

/// A host where the module was built for the kernel before this one, as doctor sees it.
inline void hostFiles(Session& session) {
  const auto write = [&session](const std::string& path, const std::string& text) {
    session.scratch.write("host/" + path, text);
  };
  session.root = session.scratch / "host";
  write("proc/sys/kernel/osrelease", "6.1.0-18-amd64\n");
  write("proc/cmdline", "quiet\n");
  write("proc/modules", "");
  write("proc/self/mounts", "/dev/sda1 / ext4 rw 0 0\ncgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n");
  write("sys/kernel/security/lockdown", "[none] integrity confidentiality\n");
  write("lib/modules/6.1.0-17-amd64/modules.dep", "updates/dkms/holdfast.ko:\n");
  write("lib/modules/6.1.0-17-amd64/updates/dkms/holdfast.ko", "");
  write("var/lib/dkms/holdfast/0.1.0/source/dkms.conf", "");
  write("usr/bin/podman", "");
  write("etc/holdfast/holdfast.yaml", "version: 1\n");
  write("etc/holdfast/rules.d/web.yaml", kWebRule);
  write("usr/share/holdfast/rules.d/10-vendor.yaml",
        "version: 1\nrules:\n  - { name: vendor, type: non-image-program, action: alert, system: true }\n");
}

inline const std::map<std::string, void (*)(Session&)> kGoldenSamples = {
    {"status",
     [](Session& session) {
       session.answer = nlohmann::json(normalStatus());
       session.typeBoth({"status"});
     }},
    {"status.abnormal",
     [](Session& session) {
       session.answer = nlohmann::json(abnormalStatus());
       session.typeBoth({"status"});
     }},
    {"status.all",
     [](Session& session) {
       session.answer = nlohmann::json(normalStatus());
       session.type({"status", "--all"});
     }},
    {"status.no-daemon",
     [](Session& session) {
       session.answer = tl::unexpected(Error{"holdfastd does not run: systemctl status holdfastd", "/run/s"});
       session.typeBoth({"status"});
     }},
    {"doctor",
     [](Session& session) {
       hostFiles(session);
       session.answer = tl::unexpected(Error{"holdfastd does not run: systemctl status holdfastd", "/run/s"});
       session.typeBoth({"doctor", "--socket", "holdfastd.sock"});
     }},
    {"doctor.running",
     [](Session& session) {
       hostFiles(session);
       session.queued = {
           nlohmann::json(normalStatus()), {{"rules", {ruleJson()}}}, control::ContainerPage{containerReports()}};
       session.type({"doctor", "--socket", "holdfastd.sock"});
     }},
    {"metrics",
     [](Session& session) {
       session.answer = nlohmann::json(std::vector<control::MetricFamily>{
           {"holdfast_interceptable",
            "gauge",
            "1 if this host intercepts (Normal), 0 if not (Abnormal).",
            {{.value = 1}}},
           {"holdfast_containers",
            "gauge",
            "Containers on this host, by whether they are covered.",
            {{.labels = {{"covered", "yes"}}, .value = 2}, {.labels = {{"covered", "no"}}, .value = 1}}}});
       session.typeBoth({"metrics"});
     }},
    {"selftest",
     [](Session& session) {
       selftestSample(session,
                      "image-exec 0\ncopied-exec 1\ntmpfs-exec 1\nmemfd-exec 1\ncopied-map 1\ncopied-mprotect 1\n"
                      "image-exec-again 0\n");
     }},
    {"selftest.wrong",
     [](Session& session) {
       selftestSample(session, "image-exec 1\ncopied-exec 0\ntmpfs-exec 1\nmemfd-exec 13\ncopied-map 1\n");
     }},
    {"rules-check",
     [](Session& session) {
       session.useFilesHere();
       session.scratch.write("rules.d/web.yaml", kWebRule);
       session.typeBoth({"rules", "check"});
     }},
    {"rules-check.mistakes",
     [](Session& session) {
       session.scratch.write("web.yaml", kWebRule);
       session.scratch.write("bad.yaml",
                             "version: 1\nrules:\n  - name: bad\n    type: non-image-program\n    actoin: block\n");
       session.typeBoth({"rules", "check", "web.yaml", "bad.yaml"});
       session.type({"rules", "check", "missing.yaml"});
     }},
    {"rules-list",
     [](Session& session) {
       session.answer = nlohmann::json{{"rules", {ruleJson()}},
                                       {"warnings", nlohmann::json::array()},
                                       {"files", {"/etc/holdfast/rules.d/web.yaml"}},
                                       {"generation", 4},
                                       {"errors", {abnormalStatus().controller.rule_set.errors[0]}}};
       session.typeBoth({"rules", "list"});
     }},
    {"rules-show",
     [](Session& session) {
       for (int i = 0; i < 2; ++i) {
         session.queued.insert(session.queued.end(), {nlohmann::json(normalStatus()), ruleJson(),
                                                      control::ContainerPage{containerReports()}});
       }
       session.typeBoth({"rules", "show", "web"});
       session.useFilesHere();
       session.scratch.write("rules.d/web.yaml", kWebRule);
       session.answer = tl::unexpected(Error{"holdfastd does not run: systemctl status holdfastd", "/run/s"});
       session.type({"rules", "show", "web"});
     }},
    {"rules-explain",
     [](Session& session) {
       auto program = sampleProgram("/mnt/x", 1);
       program.origin = kernel::Origin::Volume;
       program.file_system = "fuse";
       program.not_by_digest = "it is on fuse, which does not tell reliably when a file is written";
       session.programs = {program};
       for (int i = 0; i < 3; ++i) {
         session.queued.insert(session.queued.end(),
                               {nlohmann::json(containerReports()[0]), {{"rules", {ruleJson()}}}, normalStatus()});
       }
       session.typeBoth({"rules", "explain", "web", "/mnt/x"});
       session.type({"rules", "explain", "web", "/tmp/x"});
     }},
    {"rules-explain.running",
     [](Session& session) {
       container::Program program;
       program.path = "/tmp/x";
       program.origin = kernel::Origin::Added;
       program.file_system = "overlay";
       program.not_executable = "its mode allows nobody to run it";
       program.layer = "/var/lib/docker/overlay2/1f/diff";
       program.digest = Sha256{0xab};
       explainSample(session, program);
       program.not_executable.clear();
       program.path = "/opt/plugins/geo.so";
       explainSample(session, program);
       program.path = "/usr/bin/curl";
       program.origin = kernel::Origin::Changed;
       program.unchanged = true;
       explainSample(session, program);
       container::Program loader;
       loader.path = "/lib/ld.so";
       loader.origin = kernel::Origin::Image;
       loader.file_system = "overlay";
       explainSample(session, program, {loader});
       program.origin = kernel::Origin::Image;
       program.unchanged = false;
       auto dropped = loader;
       dropped.path = "/tmp/ld.so";
       dropped.origin = kernel::Origin::Added;
       explainSample(session, program, {loader, dropped});
       program = {};
       program.not_executable = "its interpreter /opt/\x1b[2J\xff: it has no x permission";
       program.path = "/dev/shm/a\x1b[2Jb";
       program.origin = kernel::Origin::Memory;
       program.file_system = "tmpfs";
       explainSample(session, program);
     }},
    {"rules-test",
     [](Session& session) {
       session.scratch.write("web.yaml", kWebRule);
       session.typeBoth(
           {"rules", "test", "--rules", "web.yaml", "--image", "registry.example/web:1", "--path", "/tmp/x"});
       std::string listed = kWebRule;
       listed.replace(listed.find("directories: [/opt/plugins]"), 27, "programs: [" + digestText(Sha256{1}) + "]");
       session.scratch.write("listed.yaml", listed);
       session.scratch.write("alerts.jsonl", toJson(goldenAlert()).dump());
       session.typeBoth({"rules", "test", "--rules", "listed.yaml", "--events", "alerts.jsonl"});
     }},
    {"rules-suggest",
     [](Session& session) {
       session.useFilesHere();
       session.programs = {sampleProgram("/srv/tool", 1)};
       session.scratch.write("rules.d/web.yaml", kWebRule);
       const auto recorded = [](std::int64_t id, const std::string& path, const std::string& origin) {
         auto alert = goldenAlert();
         alert.id = id;
         alert.rule->name = "web";
         alert.path = path;
         alert.origin = origin;
         return toJson(alert);
       };
       for (int i = 0; i < 2; ++i) {
         session.queued.push_back({{"alerts", {recorded(20, "/memfd:x", "memory")}}});
         session.queued.push_back(
             {{"alerts",
               {recorded(17, "/opt/app/tool", "added"), recorded(18, "/opt/app/other", "added"),
                recorded(19, "/tmp/evil", "added"), recorded(20, "/memfd:x", "memory"),
                recorded(21, "/opt/plugins/known", "added"), recorded(22, "/srv/tool", "volume")}}});
         session.queued.push_back({{"alerts", nlohmann::json::array()}});
       }
       session.typeBoth({"rules", "suggest"});
     }},
    {"rules-suggest.none",
     [](Session& session) {
       session.useFilesHere();
       session.answer = nlohmann::json{{"alerts", nlohmann::json::array()}};
       session.type({"rules", "suggest", "--since", "2h"});
       session.type({"rules", "suggest", "--since", "soon"});
     }},
    {"rules-add",
     [](Session& session) {
       session.useFilesHere();
       session.scratch.write("new.yaml", kWebRule);
       session.type({"rules", "add", "--from", "new.yaml", "--name", "api", "--set", "scope.images=api"});
       session.type({"rules", "add", "--from", "new.yaml", "--output", "json"});
       session.type({"rules", "add", "--from", "new.yaml"});
       session.scratch.write("templates/web.yaml", std::string("# a web server\n") + kWebRule);
       session.typeBoth({"rules", "add", "--list-templates", "--templates-dir", "templates"});
     }},
    {"rules-edit",
     [](Session& session) {
       session.useFilesHere();
       session.scratch.write("rules.d/web.yaml", kWebRule);
       session.type({"rules", "edit", "web", "--set", "action=alert"});
       session.type({"rules", "edit", "web", "--set", "scope.tags=v1,v2", "--output", "json"});
       session.type({"rules", "edit", "web", "--set", "action=explode"});
       session.type({"rules", "edit", "web", "--set", "system=true"});
     }},
    {"rules-copy",
     [](Session& session) {
       session.useFilesHere();
       session.scratch.write("rules.d/web.yaml", kWebRule);
       session.type({"rules", "copy", "web", "api"});
       session.type({"rules", "copy", "web", "api", "--set", "scope.images=api", "--output", "json"});
     }},
    {"rules-enable", [](Session& session) { changeSample(session, "enable", switchedOff()); }},
    {"rules-enable.already", [](Session& session) { changeSample(session, "enable", kWebRule); }},
    {"rules-disable", [](Session& session) { changeSample(session, "disable", kWebRule); }},
    {"rules-delete", [](Session& session) { changeSample(session, "delete", kWebRule); }},
    {"rules-delete.missing",
     [](Session& session) {
       session.useFilesHere();
       session.typeBoth({"rules", "delete", "web"});
     }},
    {"containers",
     [](Session& session) {
       session.answer = control::ContainerPage{containerReports()};
       session.typeBoth({"containers"});
       session.answer = control::ContainerPage{};
       session.type({"containers"});
     }},
    {"containers.one",
     [](Session& session) {
       session.answer = nlohmann::json(containerReports()[0]);
       session.typeBoth({"containers", "web"});
       session.answer = nlohmann::json(containerReports()[1]);
       session.typeBoth({"containers", "4343"});
     }},
    {"alerts-list",
     [](Session& session) {
       for (const bool json : {false, true}) {
         session.queued = {alertList()};
         session.type(json ? holdfastctl::Arguments{"alerts", "list", "--limit", "2", "--output", "json"}
                           : holdfastctl::Arguments{"alerts", "list", "--limit", "2"});
       }
       session.answer = nlohmann::json{{"alerts", nlohmann::json::array()}, {"more", false}};
       session.type({"alerts", "list", "--since", "1h"});
     }},
    {"alerts-show",
     [](Session& session) {
       session.answer = toJson(goldenAlert());
       session.typeBoth({"alerts", "show", "17"});
     }},
    {"alerts-show.notice",
     [](Session& session) {
       session.answer = toJson(goldenNotice());
       session.typeBoth({"alerts", "show", "18"});
     }},
    {"alerts-follow",
     [](Session& session) {
       session.stream = {toJson(goldenAlert()), toJson(goldenNotice())};
       session.typeBoth({"alerts", "follow"});
       session.answer = tl::unexpected(Error{"too slow: what followed is in 'holdfastctl alerts list'"});
       session.type({"alerts", "follow"});
     }},
    {"alerts-handle",
     [](Session& session) {
       session.answer = control::HandleReport{3, 1};
       session.typeBoth({"alerts", "handle", "17", "18", "19", "--note", "tested"});
     }},
    {"alerts-ignore",
     [](Session& session) {
       session.answer = control::HandleReport{1, 0};
       session.typeBoth({"alerts", "ignore", "--rule", "web"});
     }},
    {"alerts-allow-list",
     [](Session& session) {
       session.useFilesHere();
       auto alert = goldenAlert();
       alert.rule->name = "web";
       for (const bool json : {false, true}) {
         session.scratch.write("rules.d/web.yaml", kWebRule);
         session.queued = {toJson(alert), control::HandleReport{1, 0}};
         holdfastctl::Arguments words = {"alerts", "allow-list", "17", "--image"};
         if (json) words.insert(words.end(), {"--output", "json"});
         session.type(words);
       }
       session.queued = {toJson(alert)};
       session.type({"alerts", "allow-list", "17"});
       session.programs = {sampleProgram(alert.path, 1)};
       session.queued = {toJson(alert), control::HandleReport{1, 0}};
       session.type({"alerts", "allow-list", "17"});
       alert.path = "/opt/app/tool";
       session.queued = {toJson(alert), control::HandleReport{1, 0}};
       session.type({"alerts", "allow-list", "17", "--output", "json"});
       alert.path = "/opt/other/tool";
       session.queued = {toJson(alert), control::HandleReport{1, 0}};
       session.type({"alerts", "allow-list", "17"});
     }},
    {"alerts-stats",
     [](Session& session) {
       const auto share = [](const nlohmann::json& value, int alerts, int open, int operations) {
         return nlohmann::json{{"value", value}, {"alerts", alerts}, {"open", open}, {"operations", operations}};
       };
       session.answer = {{"alerts", 4},
                         {"open", 3},
                         {"operations", 1000},
                         {"by",
                          {{"type", {share("Container Active Defense", 4, 3, 1000)}},
                           {"container", {share("web", 3, 2, 999), share(nullptr, 1, 1, 1)}},
                           {"day", {share("2023-11-14", 4, 3, 1000)}}}}};
       session.typeBoth({"alerts", "stats", "--since", "7d"});
     }},
    {"alerts-export",
     [](Session& session) {
       const auto type = [&session](const holdfastctl::Arguments& arguments) {
         session.queued = {alertList(),
                           {{"alerts", {toJson(goldenAlert()), toJson(goldenNotice())}}},
                           {{"alerts", nlohmann::json::array()}}};
         session.type(arguments);
       };
       type({"alerts", "export", "--output", "json"});
       type({"alerts", "export", "--format", "ecs"});
       type({"alerts", "export", "--format", "ocsf"});
       session.type({"alerts", "export", "--format", "cef"});
     }},
    {"alerts-backup",
     [](Session& session) {
       (void)alert::Store::open(session.scratch / "alerts.db");
       session.type({"alerts", "backup", "copy.db", "--store", "alerts.db"});
       session.type({"alerts", "backup", "copy.db", "--store", "alerts.db"});
       session.type({"alerts", "backup", "copy2.db", "--store", "alerts.db", "--output", "json"});
     }},
    {"alerts-purge",
     [](Session& session) {
       const auto type = [&session](holdfastctl::Arguments arguments) {
         session.queued = {alertList(), {{"alerts", 2}}, {{"alerts", 7}}, control::PurgeReport{7, 0, 70, false}};
         session.type(arguments);
       };
       type({"alerts", "purge", "--older-than", "90d"});
       type({"alerts", "purge", "--older-than", "90d", "--yes"});
       type({"alerts", "purge", "--older-than", "90d", "--yes", "--output", "json"});
       session.type({"alerts", "purge"});
     }},
};

}  // namespace holdfast::test
