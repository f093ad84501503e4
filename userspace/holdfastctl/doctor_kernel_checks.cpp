// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstdio>
#include <sstream>

#include "holdfastctl/doctor_checks.hpp"

namespace holdfast::holdfastctl {
namespace {

const char* const kNewKernel = "apt-get install linux-image-amd64 linux-headers-amd64";
const char* const kUpdateGrub = "update-grub";

/// A word of the kernel's command line, "name" or "name=value"; nothing if it is not there.
std::optional<std::string> bootParameter(const std::string& command_line, const std::string& name) {
  std::istringstream words(command_line);
  std::optional<std::string> found;
  for (std::string word; words >> word;) {
    if (word == name) found = "";
    if (word.starts_with(name + "=")) found = word.substr(name.size() + 1);
  }
  return found;
}

/// Takes such words out of what GRUB passes on.
std::string withoutParameter(const std::string& pattern) {
  return "sed -i 's/ *\\b" + pattern + "[^ \"]*//g' /etc/default/grub";
}

void kernelVersion(const DoctorFacts& facts, Judgement& out) {
  int major = 0;
  int minor = 0;
  if (std::sscanf(facts.release.c_str(), "%d.%d", &major, &minor) != 2) {  // NOLINT(cert-err34-c): checked
    out.unknown = "the kernel's release cannot be read";
    return;
  }
  if (major > 6 || (major == 6 && minor >= 1)) return;
  out.urgent("the running kernel is " + facts.release, "The module needs Linux 6.1 or newer, as Debian 12 has it.",
             {kNewKernel, "reboot"});
}

void kernelConfig(const DoctorFacts& facts, Judgement& out) {
  if (!facts.kernel_config) {
    out.unknown = "/boot/config-" + facts.release + " cannot be read";
    return;
  }
  std::string missing;
  for (const char* option : {"MODULES", "FUNCTION_TRACER", "DYNAMIC_FTRACE_WITH_ARGS", "KPROBES", "TRACEPOINTS",
                             "CGROUPS", "OVERLAY_FS", "SECURITY"}) {
    const std::string key = std::string("CONFIG_") + option + "=";
    const auto at = facts.kernel_config->find("\n" + key);
    const bool set = at != std::string::npos || facts.kernel_config->starts_with(key);
    if (!set) missing += (missing.empty() ? "CONFIG_" : ", CONFIG_") + std::string(option);
  }
  if (missing.empty()) return;
  out.urgent("the running kernel (" + facts.release + ") was built without " + missing,
             "The module redirects kernel functions with ftrace and finds them with kprobes; Debian's own kernels have "
             "all of it.",
             {kNewKernel, "reboot"});
}

void moduleLoading(const DoctorFacts& facts, Judgement& out) {
  if (facts.module_loaded) return;
  if (!facts.loads_modules)
    return out.urgent("the running kernel loads no modules", "Holdfast is a module of the kernel.",
                      {kNewKernel, "reboot"});
  if (facts.modules_disabled)
    out.urgent("loading modules was switched off until the next boot", "kernel.modules_disabled is 1.",
               {"sed -i '/kernel.modules_disabled/d' /etc/sysctl.conf /etc/sysctl.d/*.conf", "reboot"});
}

void ftrace(const DoctorFacts& facts, Judgement& out) {
  if (!facts.ftrace_enabled) {
    out.unknown = "/proc/sys/kernel/ftrace_enabled cannot be read";
  } else if (!*facts.ftrace_enabled) {
    out.urgent("ftrace is switched off", "The module cannot redirect a function and does not load.",
               {"sysctl -w kernel.ftrace_enabled=1", "modprobe holdfast", "systemctl restart holdfastd"});
  }
}

void disabled(const DoctorFacts& facts, Judgement& out) {
  const auto value = bootParameter(facts.command_line, "holdfast.disable");
  const bool off = value && *value != "0" && *value != "n" && *value != "N" && *value != "off";
  if (off)
    return out.urgent("Holdfast is switched off on the kernel's command line (holdfast.disable)",
                      "The module loads, attaches nothing and enforces nothing.",
                      {withoutParameter("holdfast\\.disable"), kUpdateGrub, "reboot"});
  if (facts.status && facts.status->module.disabled)
    out.urgent("the module was loaded with disable=1", "It attaches nothing and enforces nothing.",
               {"sed -i '/^options holdfast /d' /etc/modprobe.d/*.conf", "systemctl stop holdfastd",
                "modprobe -r holdfast", "modprobe holdfast", "systemctl start holdfastd"});
}

void cgroups(const DoctorFacts& facts, Judgement& out) {
  using Cgroups = DoctorFacts::Cgroups;
  if (facts.cgroups == Cgroups::Unified) return;
  if (facts.cgroups == Cgroups::Unknown) {
    out.unknown = "no cgroup file system is mounted at /sys/fs/cgroup";
    return;
  }
  const bool hybrid = facts.cgroups == Cgroups::Hybrid;
  std::vector<std::string> commands = {
      withoutParameter("systemd\\.unified_cgroup_hierarchy"),
      withoutParameter("systemd\\.legacy_systemd_cgroup_controller"),
      "sed -i 's/^GRUB_CMDLINE_LINUX=\"/&systemd.unified_cgroup_hierarchy=1 /' /etc/default/grub", kUpdateGrub,
      "reboot"};
  out.urgent(hybrid ? "cgroups are mounted in the hybrid way (v1, with v2 beside it)" : "cgroups are of version 1 only",
             "A container is known by its cgroup of version 2: on this host none is recognised and none is covered.",
             std::move(commands));
}

const std::array kChecks = {
    DoctorCheck{"kernel-version", "the kernel is new enough", kernelVersion},
    DoctorCheck{"kernel-config", "the kernel has what the module needs", kernelConfig},
    DoctorCheck{"module-loading", "the kernel loads modules", moduleLoading},
    DoctorCheck{"ftrace", "ftrace is on", ftrace},
    DoctorCheck{"disabled", "Holdfast is not switched off at boot", disabled},
    DoctorCheck{"cgroups", "cgroups are of version 2", cgroups},
};

}  // namespace

std::span<const DoctorCheck> kernelChecks() { return kChecks; }

}  // namespace holdfast::holdfastctl
