// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <set>

#include "base_test_support.hpp"
#include "holdfastctl/doctor_checks.hpp"
#include "holdfastctl_sample.hpp"

using namespace holdfast;
using namespace holdfast::holdfastctl;
using nlohmann::json;
using Facts = DoctorFacts;

namespace {

/// A host on which nothing is wrong.
Facts healthy() {
  Facts facts;
  facts.own_version = "1.0";
  facts.release = "6.1.0-18-amd64";
  facts.command_line = "root=/dev/sda1 quiet";
  facts.kernel_config =
      "CONFIG_MODULES=y\nCONFIG_FUNCTION_TRACER=y\nCONFIG_DYNAMIC_FTRACE_WITH_ARGS=y\nCONFIG_KPROBES=y\n"
      "CONFIG_TRACEPOINTS=y\nCONFIG_CGROUPS=y\nCONFIG_OVERLAY_FS=m\nCONFIG_SECURITY=y\n";
  facts.lockdown = "none";
  facts.secure_boot = false;
  facts.loads_modules = true;
  facts.ftrace_enabled = true;
  facts.cgroups = Facts::Cgroups::Unified;
  facts.module_loaded = true;
  facts.module_version = "1.0";
  facts.module_source_version = "ABC";
  facts.module_file =
      Facts::ModuleFile{"/lib/modules/6.1.0-18-amd64/updates/dkms/holdfast.ko", true, "6.1.0-18-amd64", "1.0", "ABC"};
  facts.headers = true;
  facts.dkms_versions = {"1.0"};
  facts.module_at_boot = true;
  facts.runtimes = {"runc"};
  facts.unit_installed = facts.unit_enabled = facts.controller_runs = true;
  facts.status.emplace();
  facts.status->interceptable = "Normal";
  facts.status->module.loaded = facts.status->module.attached = facts.status->module.overlay_verified = true;
  facts.status->module.controller = facts.status->module.policy = true;
  facts.status->hooks.push_back({"security_bprm_check", true, true, false, 12});
  facts.status->containers.total = 1;
  facts.rules = {{"web", true, false, "block", "block", ""}, {"vendor", true, true, "alert", "none", "replaced"}};
  facts.state = {true, false, std::uint64_t{1} << 34, 1'000'000, "/"};
  facts.config.emplace();
  facts.now_ns = 1'700'000'000'000'000'000;
  facts.installed_ns = 1'600'000'000'000'000'000;
  return facts;
}

void gone(Facts& facts) {
  facts.module_loaded = false;
  facts.module_version.clear();
  facts.module_source_version.clear();
  facts.status->module = {};
  facts.status->hooks.clear();
}

void dead(Facts& facts) {
  facts.status.reset();
  facts.rules.reset();
  facts.controller_runs = false;
}

void secureBoot(Facts& facts) {
  gone(facts);
  facts.lockdown = "integrity";
  facts.secure_boot = true;
}

struct Trouble {
  const char* name;
  std::function<void(Facts&)> make;
  const char* check;
  const char* says;
  const char* command;  // the first
};

const std::vector<Trouble> kTroubles = {
    {"kernel too old", [](Facts& f) { f.release = "5.10.0-28-amd64"; }, "kernel-version", "5.10.0-28-amd64",
     "apt-get install linux-image-amd64 linux-headers-amd64"},
    {"kernel without ftrace",
     [](Facts& f) { f.kernel_config->replace(f.kernel_config->find("CONFIG_FUNCTION_TRACER=y"), 24, "#"); },
     "kernel-config", "without CONFIG_FUNCTION_TRACER", "apt-get install linux-image-amd64 linux-headers-amd64"},
    {"kernel without modules",
     [](Facts& f) {
       gone(f);
       f.loads_modules = false;
     },
     "module-loading", "loads no modules", "apt-get install linux-image-amd64 linux-headers-amd64"},
    {"modules switched off",
     [](Facts& f) {
       gone(f);
       f.modules_disabled = true;
     },
     "module-loading", "switched off until the next boot",
     "sed -i '/kernel.modules_disabled/d' /etc/sysctl.conf /etc/sysctl.d/*.conf"},
    {"ftrace off", [](Facts& f) { f.ftrace_enabled = false; }, "ftrace", "switched off",
     "sysctl -w kernel.ftrace_enabled=1"},
    {"disabled at boot", [](Facts& f) { f.command_line += " holdfast.disable=1"; }, "disabled",
     "on the kernel's command line", "sed -i 's/ *\\bholdfast\\.disable[^ \"]*//g' /etc/default/grub"},
    {"disabled by modprobe", [](Facts& f) { f.status->module.disabled = true; }, "disabled", "with disable=1",
     "sed -i '/^options holdfast /d' /etc/modprobe.d/*.conf"},
    {"cgroup v1", [](Facts& f) { f.cgroups = Facts::Cgroups::Legacy; }, "cgroups", "version 1 only",
     "sed -i 's/ *\\bsystemd\\.unified_cgroup_hierarchy[^ \"]*//g' /etc/default/grub"},
    {"cgroup hybrid", [](Facts& f) { f.cgroups = Facts::Cgroups::Hybrid; }, "cgroups", "hybrid",
     "sed -i 's/ *\\bsystemd\\.unified_cgroup_hierarchy[^ \"]*//g' /etc/default/grub"},
    {"no headers", [](Facts& f) { f.headers = false; }, "headers", "6.1.0-18-amd64",
     "apt-get install linux-headers-6.1.0-18-amd64"},
    {"DKMS failed",
     [](Facts& f) {
       gone(f);
       f.module_file.reset();
     },
     "module-built", "no module for the running kernel", "dkms install --force holdfast/1.0 -k 6.1.0-18-amd64"},
    {"DKMS failed for want of headers",
     [](Facts& f) {
       gone(f);
       f.module_file.reset();
       f.headers = false;
     },
     "module-built", "no module for the running kernel", "apt-get install linux-headers-6.1.0-18-amd64"},
    {"loaded by hand", [](Facts& f) { f.module_file.reset(); }, "module-built", "loaded, and not installed",
     "dkms install --force holdfast/1.0 -k 6.1.0-18-amd64"},
    {"never installed",
     [](Facts& f) {
       gone(f);
       f.module_file.reset();
       f.dkms_versions.clear();
     },
     "module-built", "no module for the running kernel", "scripts/up   # in a checkout of Holdfast"},
    {"module of another kernel", [](Facts& f) { f.module_file->release = "6.1.0-17-amd64"; }, "module-kernel",
     "built for the kernel 6.1.0-17-amd64", "dkms install --force holdfast/1.0 -k 6.1.0-18-amd64"},
    {"unsigned under Secure Boot", secureBoot, "module-signature", "not signed, and Secure Boot is on",
     "dkms install --force holdfast/1.0 -k 6.1.0-18-amd64"},
    {"a key that is not enrolled",
     [](Facts& f) {
       secureBoot(f);
       f.module_file->has_signature = true;
     },
     "module-signature", "may not trust", "mokutil --import /var/lib/dkms/mok.pub   # asks for a password"},
    {"unsigned under lockdown alone",
     [](Facts& f) {
       secureBoot(f);
       f.secure_boot = false;
     },
     "module-signature", "loads signed modules only",
     "sed -i 's/ *\\b\\(lockdown\\|module\\.sig_enforce\\)[^ \"]*//g' /etc/default/grub"},
    {"not loaded", gone, "module-loaded", "not loaded", "modprobe holdfast"},
    {"not loaded at boot", [](Facts& f) { f.module_at_boot = false; }, "module-at-boot", "not loaded at boot",
     "echo holdfast >/etc/modules-load.d/holdfast.conf"},
    {"another version", [](Facts& f) { f.module_version = "0.9"; }, "module-version", "is version 0.9",
     "systemctl stop holdfastd"},
    {"another version, installed too", [](Facts& f) { f.module_version = f.module_file->version = "0.9"; },
     "module-version", "is version 0.9", "scripts/up   # in a checkout of Holdfast"},
    {"another build", [](Facts& f) { f.module_source_version = "DEF"; }, "module-version", "another build",
     "systemctl stop holdfastd"},
    {"hook not attached", [](Facts& f) { f.status->hooks[0].attached = false; }, "hooks",
     "not attached: security_bprm_check", "ls /sys/kernel/livepatch"},
    {"hook does not fire", [](Facts& f) { f.status->reasons = {"hooks: security_mmap_file did not fire"}; }, "hooks",
     "security_mmap_file did not fire", "ls /sys/kernel/livepatch"},
    {"overlay not verified", [](Facts& f) { f.status->module.overlay_verified = false; }, "overlay", "not verified",
     "modprobe overlay"},
    {"overlay read wrongly", [](Facts& f) { f.status->module.overlay_mismatch = true; }, "overlay", "differ",
     "systemctl stop holdfastd"},
    {"controller stopped", dead, "controller", "does not run", "systemctl restart holdfastd"},
    {"controller hangs",
     [](Facts& f) {
       dead(f);
       f.controller_runs = true;
       f.status_problem = "does not answer in time";
     },
     "controller", "does not answer in time", "systemctl restart holdfastd"},
    {"another controller", [](Facts& f) { f.status->module.controller = false; }, "controller", "another process",
     "pgrep --list-full holdfastd"},
    {"controller too slow", [](Facts& f) { f.status->module.silent = true; }, "controller", "too late too often",
     "uptime"},
    {"service not enabled", [](Facts& f) { f.unit_enabled = false; }, "service", "not enabled",
     "systemctl enable --now holdfastd"},
    {"service not installed", [](Facts& f) { f.unit_installed = false; }, "service", "not installed",
     "scripts/up   # in a checkout of Holdfast"},
    {"store read-only",
     [](Facts& f) {
       f.state.read_only = true;
       f.state.mount_point = "/var/lib/my disk";
     },
     "store", "read-only", "mount -o remount,rw '/var/lib/my disk'"},
    {"store broken", [](Facts& f) { f.status->store_problem = "attempt to write a readonly database"; }, "store",
     "attempt to write", "ls -ld /var/lib/holdfast /var/lib/holdfast/alerts.db"},
    {"disk full", [](Facts& f) { f.state.free_bytes = 4096; }, "disk", "is full: room for 0.0 MB", "df -h /"},
    {"disk out of files", [](Facts& f) { f.state.free_files = 2; }, "disk", "is full: room for 2 files", "df -h /"},
    {"disk nearly full", [](Facts& f) { f.state.free_bytes = 30 << 20; }, "disk", "nearly full: room for 30.0 MB",
     "df -h /"},
    {"clock set",
     [](Facts& f) {
       f.status->clock = {2, -90'000, 120};
     },
     "clock", "back by 90.0 s, 2 minutes ago", "timedatectl status"},
    {"clock before the installation", [](Facts& f) { f.now_ns = 1'000'000'000'000'000'000; }, "clock",
     "before Holdfast was installed", "timedatectl status"},
    {"no runtime", [](Facts& f) { f.runtimes.clear(); }, "runtimes", "no container runtime", "apt-get install podman"},
    {"container not covered",
     [](Facts& f) {
       f.status->containers = {2, 1, {{"its root directory is the host's", 1}}};
       f.uncovered = {{"x'; reboot", "its root directory is the host's"}};
     },
     "containers", "1 of 2 containers not covered", "holdfastctl containers 'x'\\''; reboot'"},
    {"a mistake in a rule file",
     [](Facts& f) {
       f.rule_errors = {{"unknown key", "/etc/holdfast/rules.d/a.yaml", 3, 5}};
     },
     "rule-set", "/etc/holdfast/rules.d/a.yaml:3:5: unknown key", "holdfastctl rules check"},
    {"a set that the kernel refused",
     [](Facts& f) {
       f.status->controller.rule_set.errors = {{"the rules are not in force: EPERM", "", 0, 0}};
     },
     "rule-set", "EPERM", "holdfastctl rules check"},
    {"rule not in effect",
     [](Facts& f) {
       f.rules->at(0) = {"web", true, false, "block", "none", "this host is not in a cluster of its scope"};
     },
     "rules-in-effect", "rule \"web\" asks for block", "holdfastctl rules show web"},
    {"function off",
     [](Facts& f) {
       f.rules->at(0) = {"web",   true,   false,
                         "block", "none", "the function non_image_program is off in this host's configuration"};
     },
     "rules-in-effect", "rule \"web\"",
     "sed -i 's/^\\( *non_image_program: *\\)off/\\1on/' /etc/holdfast/holdfast.yaml"},
    {"no rule in effect", gone, "rules-in-effect", "no rule is in effect, of 2",
     "holdfastctl doctor   # what it says above, then"},
};

std::vector<Ailment> findings(const Facts& facts) {
  std::vector<Ailment> all;
  for (const auto& result : examine(facts))
    all.insert(all.end(), result.judgement.findings.begin(), result.judgement.findings.end());
  return all;
}

std::string unknown(const Facts& facts, const std::string& check) {
  for (const auto& result : examine(facts))
    if (result.check->name == check) return result.judgement.unknown;
  return "no such check";
}

}  // namespace

TEST_CASE("doctor: where nothing is wrong nothing is found, and everything could be told") {
  for (const auto& result : examine(healthy())) {
    INFO(result.check->name);
    CHECK(result.judgement.findings.empty());
    CHECK(result.judgement.unknown.empty());
  }
}

TEST_CASE("doctor: each trouble is found by its check, with what it means and the command that mends it") {
  for (const auto& trouble : kTroubles) {
    INFO(trouble.name);
    auto facts = healthy();
    trouble.make(facts);
    bool found = false;
    for (const auto& finding : findings(facts)) {
      CHECK_FALSE(finding.commands.empty());
      CHECK_FALSE(finding.what.empty());
      if (finding.check != trouble.check || finding.what.find(trouble.says) == std::string::npos) continue;
      found = true;
      CHECK(finding.commands.front() == trouble.command);
      CHECK_FALSE(finding.meaning.empty());
    }
    CHECK(found);
  }
}

TEST_CASE("doctor: there is a trouble for each check, and none that is found where there is none") {
  std::set<std::string> checks;
  for (const auto& result : examine(healthy())) checks.insert(result.check->name);
  std::set<std::string> covered;
  for (const auto& trouble : kTroubles) covered.insert(trouble.check);
  CHECK(checks == covered);
}

TEST_CASE("doctor: what looks like a trouble and is none") {
  const std::vector<std::pair<const char*, std::function<void(Facts&)>>> twins = {
      {"a newer kernel", [](Facts& f) { f.release = f.module_file->release = "10.0.1"; }},
      {"holdfast.disable=0", [](Facts& f) { f.command_line += " holdfast.disable=0 xholdfast.disable=1"; }},
      {"options as modules", [](Facts& f) { f.kernel_config = "# x\n" + *f.kernel_config; }},
      {"modules switched off after ours was loaded", [](Facts& f) { f.modules_disabled = true; }},
      {"lockdown with the module loaded",
       [](Facts& f) {
         f.lockdown = "integrity";
         f.secure_boot = true;
       }},
      {"modules of other kernels too", [](Facts& f) { f.other_releases = {"6.1.0-17-amd64"}; }},
      {"a step of the clock long ago",
       [](Facts& f) {
         f.status->clock = {3, 5000, 3601};
       }},
      {"a rule that is off",
       [](Facts& f) { f.rules->at(0) = {"web", false, false, "block", "none", "its status is off"}; }},
      {"a system rule that made room", [](Facts& f) { f.rules->at(1).effective = "none"; }},
      {"a file system that does not count files", [](Facts& f) { f.state.free_files = UINT64_MAX; }},
  };
  for (const auto& [name, make] : twins) {
    INFO(name);
    auto facts = healthy();
    make(facts);
    for (const auto& finding : findings(facts)) {
      INFO(finding.what);
      CHECK(false);
    }
  }
}

TEST_CASE("doctor: what cannot be seen is said to be unknown, never good") {
  auto facts = healthy();
  dead(facts);
  facts.controller_runs = true;
  facts.may_ask = false;
  facts.kernel_config.reset();
  facts.ftrace_enabled.reset();
  facts.rules_readable = false;
  facts.module_file->readable = false;
  facts.state.exists = false;
  CHECK(findings(facts).empty());
  for (const char* check : {"controller", "hooks", "overlay", "store", "containers", "clock", "rules-in-effect",
                            "rule-set", "kernel-config", "ftrace", "module-kernel", "disk"}) {
    INFO(check);
    CHECK_FALSE(unknown(facts, check).empty());
  }
  for (const auto& function : functionNeeds(facts, examine(facts)))
    for (const auto& need : function.prerequisites)
      if (need.name == "the controller") CHECK(need.met == Prerequisite::Met::Unknown);
}

TEST_CASE("doctor: each function's prerequisites are met or not, with the reason") {
  const auto need = [](const Facts& facts, const std::string& function, const std::string& name) {
    for (const auto& one : functionNeeds(facts, examine(facts)))
      for (const auto& found : one.prerequisites)
        if (one.function == function && found.name.starts_with(name)) return found;
    return Prerequisite{"none", Prerequisite::Met::Unknown, "no such need"};
  };
  const auto good = healthy();
  for (const auto& function : functionNeeds(good, examine(good)))
    for (const auto& one : function.prerequisites) {
      INFO(function.function << ": " << one.name);
      CHECK((one.met == Prerequisite::Met::Yes || one.name == "enforced by this version"));
      CHECK((one.met == Prerequisite::Met::Yes) == one.why.empty());
    }
  CHECK(need(good, "non-image-program", "enforced").met == Prerequisite::Met::Yes);
  CHECK(need(good, "container-escape", "overlayfs").why == "no such need");
  auto bad = healthy();
  gone(bad);
  bad.config->container_escape = false;
  CHECK(need(bad, "non-image-program", "the module").why == "the module is not loaded");
  CHECK(need(bad, "non-image-program", "overlayfs").met == Prerequisite::Met::Unknown);
  CHECK(need(bad, "container-escape", "switched on").met == Prerequisite::Met::No);
  CHECK(need(bad, "image-risk", "switched on").met == Prerequisite::Met::Yes);
  bad.config.reset();
  CHECK(need(bad, "image-risk", "switched on").met == Prerequisite::Met::Unknown);
}

TEST_CASE("doctor: words for a shell") {
  CHECK(shellWord("web-1.2_x") == "web-1.2_x");
  CHECK(shellWord("") == "''");
  CHECK(shellWord("-rf") == "'-rf'");
  CHECK(shellWord("a b$(x)'") == "'a b$(x)'\\'''");
}

TEST_CASE("doctor: the facts come out of the host's own files") {
  const test::ScratchDirectory host;
  host.write("proc/sys/kernel/osrelease", "6.1.0-18-amd64\n");
  host.write("proc/cmdline", "quiet holdfast.disable\n");
  host.write("proc/modules", "");
  host.write("proc/sys/kernel/ftrace_enabled", "1\n");
  host.write("proc/self/mounts",
             "/dev/sda1 / ext4 rw 0 0\ncgroup2 /sys/fs/cgroup cgroup2 rw 0 0\ntmpfs /var/lib tmpfs rw 0 0\n"
             "tmpfs /var/libx tmpfs rw 0 0\n");
  host.write("proc/77/comm", "holdfastd\n");
  host.write("boot/config-6.1.0-18-amd64", "CONFIG_MODULES=y\n");
  host.write("sys/kernel/security/lockdown", "none [integrity] confidentiality\n");
  host.write("sys/module/module/parameters/sig_enforce", "N\n");
  host.write("lib/modules/6.1.0-18-amd64/modules.dep",
             "kernel/fs/ext4.ko: kernel/lib/crc.ko\nupdates/dkms/holdfast.ko: kernel/x.ko\n");
  const std::string module = std::string(
                                 "\x7f"
                                 "ELF\0",
                                 5) +
                             std::string("\0version=0.9\0srcversion=ABC\0", 29) +
                             std::string("vermagic=6.1.0-17-amd64 SMP mod_unload \0junk", 44);
  host.write("lib/modules/6.1.0-18-amd64/updates/dkms/holdfast.ko", module + "~Module signature appended~\n");
  host.write("lib/modules/6.12.1/modules.dep", "updates/dkms/holdfast.ko.xz:\n");
  host.write("lib/modules/6.12.1/updates/dkms/holdfast.ko.xz", "x");
  host.write("lib/modules/6.12.2/modules.dep", "updates/dkms/holdfast.ko:\n");  // and no such file
  host.write("var/lib/dkms/holdfast/0.9/source/dkms.conf", "");
  host.write("etc/modules-load.d/holdfast.conf", "# ours\nholdfast\n");
  host.write("usr/sbin/runc", "");
  host.write("usr/lib/systemd/system/holdfastd.service", "");
  host.write("etc/holdfast/holdfast.yaml", "version: 1\nlog_levle: info\n");
  test::Terminal terminal;
  terminal.root = host.path();
  terminal.answer = tl::unexpected(Error{"holdfastd does not run"});
  const auto facts = terminal.facts();
  CHECK(facts.release == "6.1.0-18-amd64");
  CHECK(facts.lockdown == "integrity");
  CHECK(facts.secure_boot == false);
  CHECK(facts.loads_modules);
  CHECK_FALSE(facts.signatures_enforced);
  CHECK(facts.cgroups == Facts::Cgroups::Unified);
  CHECK(facts.state.mount_point == "/var/lib");
  CHECK(facts.controller_runs);
  CHECK_FALSE(facts.module_loaded);
  REQUIRE(facts.module_file);
  CHECK(facts.module_file->path == "/lib/modules/6.1.0-18-amd64/updates/dkms/holdfast.ko");
  CHECK(facts.module_file->release == "6.1.0-17-amd64");
  CHECK(facts.module_file->version == "0.9");
  CHECK(facts.module_file->source_version == "ABC");
  CHECK(facts.module_file->has_signature);
  CHECK(facts.other_releases == std::vector<std::string>{"6.12.1"});
  CHECK_FALSE(facts.headers);
  CHECK(facts.dkms_versions == std::vector<std::string>{"0.9"});
  CHECK(facts.module_at_boot);
  CHECK(facts.runtimes == std::vector<std::string>{"runc"});
  CHECK(facts.unit_installed);
  CHECK_FALSE(facts.unit_enabled);
  REQUIRE(facts.rule_errors.size() == 1);
  CHECK(facts.rule_errors[0].line == 2);

  CHECK(terminal.run({"doctor"}) == 1);
  CHECK(terminal.says("apt-get install linux-headers-6.1.0-18-amd64"));
  CHECK(terminal.says("log_levle"));
  CHECK(terminal.says("What the functions need:"));
  CHECK(terminal.run({"doctor", "--output", "json"}) == 1);
  const auto report = json::parse(terminal.out.str());
  CHECK(report["ok"] == false);
  CHECK(report["checks"].size() == examine(healthy()).size());
  CHECK(report["findings"][0]["severity"] == "urgent");
  CHECK(report["functions"].size() == 3);
}

TEST_CASE("doctor: an empty host and a controller that talks nonsense break nothing") {
  const test::ScratchDirectory host;
  test::Terminal terminal;
  terminal.root = host.path();
  for (const json& answer : {json(5), json::object({{"hooks", 7}}), json::object({{"interceptable", "Normal"}})}) {
    terminal.answer = answer;
    CHECK(terminal.run({"doctor"}) == 1);
    CHECK(terminal.run({"doctor", "--output", "json"}) == 1);
  }
}

TEST_CASE("doctor: hostile names neither reach the terminal nor leave their quotes") {
  const test::ScratchDirectory host;
  test::Terminal terminal;
  terminal.root = host.path();
  control::StatusReport report;
  report.module.loaded = true;
  report.store_problem = "x\x1b[2J";
  report.containers = {1, 1, {{"because\x1b[2J", 1}}};
  control::ContainerReport container;
  container.id = "a\n# rm -rf /\x1b[2J";
  container.not_covered = "because";
  terminal.queued = {json(report), json{{"rules", json::array()}}, control::ContainerPage{{container}}};
  CHECK(terminal.run({"doctor"}) == 1);
  CHECK(terminal.out.str().find('\x1b') == std::string::npos);
  CHECK(terminal.out.str().find("\n# rm") == std::string::npos);
  CHECK(terminal.says("# holdfastctl containers 'a\\x0a# rm -rf /\\x1b[2J'"));
}
