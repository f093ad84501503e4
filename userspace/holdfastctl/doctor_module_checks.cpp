// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "holdfastctl/doctor_checks.hpp"

namespace holdfast::holdfastctl {
namespace {

const char* const kInstall = "scripts/up   # in a checkout of Holdfast";

const std::vector<std::string>& reload() {
  static const std::vector<std::string> commands = {"systemctl stop holdfastd", "modprobe -r holdfast",
                                                    "modprobe holdfast", "systemctl start holdfastd"};
  return commands;
}

std::string dkmsInstall(const DoctorFacts& facts) {
  return "dkms install --force holdfast/" + facts.dkms_versions.back() + " -k " + facts.release;
}

std::vector<std::string> rebuild(const DoctorFacts& facts) {
  if (facts.dkms_versions.empty()) return {kInstall};
  std::vector<std::string> commands;
  if (!facts.headers) commands.push_back("apt-get install linux-headers-" + facts.release);
  commands.push_back(dkmsInstall(facts));
  return commands;
}

bool forAnotherKernel(const DoctorFacts& facts) {
  return facts.module_file && facts.module_file->readable && facts.module_file->release != facts.release;
}

bool signaturesWanted(const DoctorFacts& facts) {
  return facts.signatures_enforced || (!facts.lockdown.empty() && facts.lockdown != "none");
}

void headers(const DoctorFacts& facts, Judgement& out) {
  if (facts.headers) return;
  out.suspicious("there are no headers for the running kernel (" + facts.release + ")",
                 "DKMS cannot build the module for it. Should this version's headers not be there any more: "
                 "'apt-get install linux-image-amd64 linux-headers-amd64', and reboot into the newer kernel.",
                 {"apt-get install linux-headers-" + facts.release});
}

void built(const DoctorFacts& facts, Judgement& out) {
  if (facts.module_file) return;
  std::string meaning = facts.dkms_versions.empty()
                            ? "DKMS does not know the module."
                            : "DKMS has its source and did not build or install it for this kernel; why is in "
                              "/var/lib/dkms/holdfast/" +
                                  facts.dkms_versions.back() + "/build/make.log.";
  if (!facts.other_releases.empty()) {
    meaning += " It is there for other kernels: " + facts.other_releases.front();
    if (facts.other_releases.size() > 1) meaning += " and " + std::to_string(facts.other_releases.size() - 1) + " more";
    meaning += ".";
  }
  if (facts.module_loaded) {
    out.suspicious("the module is loaded, and not installed for the running kernel (" + facts.release + ")",
                   meaning + " After the next boot it will be missing.", rebuild(facts));
  } else {
    auto commands = rebuild(facts);
    if (!facts.dkms_versions.empty()) commands.insert(commands.end(), {"modprobe holdfast"});
    out.urgent("there is no module for the running kernel (" + facts.release + ")",
               "Nothing is enforced on this host. " + meaning, std::move(commands));
  }
}

void builtForThisKernel(const DoctorFacts& facts, Judgement& out) {
  if (facts.module_file && !facts.module_file->readable) {
    out.unknown = facts.module_file->path + " is compressed or cannot be read";
  } else if (forAnotherKernel(facts)) {
    out.urgent("the module at " + facts.module_file->path + " was built for the kernel " + facts.module_file->release,
               "The running kernel (" + facts.release + ") does not load it.", rebuild(facts));
  }
}

void signature(const DoctorFacts& facts, Judgement& out) {
  if (!signaturesWanted(facts) || facts.module_loaded || !facts.module_file) return;
  if (!facts.module_file->readable) {
    out.unknown = facts.module_file->path + " is compressed or cannot be read";
    return;
  }
  const std::string because =
      facts.signatures_enforced ? "module.sig_enforce is set" : "the kernel is locked down (" + facts.lockdown + ")";
  if (!facts.secure_boot.value_or(false)) {
    if (facts.module_file->has_signature) return;
    out.urgent(
        "the module is not signed, and the kernel loads signed modules only",
        "That is because " + because + ", without Secure Boot: no key can be enrolled.",
        {"sed -i 's/ *\\b\\(lockdown\\|module\\.sig_enforce\\)[^ \"]*//g' /etc/default/grub", "update-grub", "reboot"});
    return;
  }
  std::vector<std::string> commands;
  if (!facts.module_file->has_signature && !facts.dkms_versions.empty()) commands.push_back(dkmsInstall(facts));
  commands.insert(commands.end(), {"mokutil --import /var/lib/dkms/mok.pub   # asks for a password",
                                   "reboot   # and choose 'Enroll MOK' with that password"});
  out.urgent(
      facts.module_file->has_signature ? "the module is signed with a key that this host may not trust"
                                       : "the module is not signed, and Secure Boot is on",
      "Under Secure Boot (" + because + ") the module loads only if the key that DKMS signs it with is enrolled.",
      std::move(commands));
}

void loaded(const DoctorFacts& facts, Judgement& out) {
  if (facts.module_loaded || !facts.module_file || forAnotherKernel(facts)) return;
  out.urgent("the module is not loaded",
             "Nothing is enforced on this host. Should it not load: 'dmesg | grep holdfast' says why.",
             {"modprobe holdfast"});
}

void atBoot(const DoctorFacts& facts, Judgement& out) {
  if (facts.module_at_boot) return;
  out.suspicious("the module is not loaded at boot",
                 "Containers that start before somebody loads it are not covered from their first program on.",
                 {"echo holdfast >/etc/modules-load.d/holdfast.conf"});
}

void version(const DoctorFacts& facts, Judgement& out) {
  if (!facts.module_loaded) return;
  const auto& file = facts.module_file;
  const bool file_fits = file && file->readable && file->version == facts.own_version;
  if (facts.module_version != facts.own_version) {
    out.suspicious(
        "the module that is loaded is version " + facts.module_version + ", holdfastctl is " + facts.own_version,
        "It goes on enforcing what it has; what is new in the other is not to be had. While it is loaded "
        "anew nothing is enforced: a reboot does the same without such a gap.",
        file_fits ? reload() : std::vector<std::string>{kInstall, "reboot"});
  } else if (file_fits && file->source_version != facts.module_source_version) {
    out.reminder("the module that is loaded is of another build than the one that is installed",
                 "The installed one comes into force with the next boot. While it is loaded anew nothing is enforced.",
                 reload());
  }
}

void hooks(const DoctorFacts& facts, Judgement& out) {
  if (!facts.status || !facts.status->module.loaded) {
    out.unknown = "the controller and the module have to be there for it";
    return;
  }
  std::string missing;
  for (const auto& hook : facts.status->hooks)
    if (!hook.attached) missing += (missing.empty() ? "" : ", ") + hook.symbol;
  const std::string advice = " A live patch, or another tracer of that kind, may have the function.";
  std::vector<std::string> commands = {"ls /sys/kernel/livepatch", "dmesg | grep holdfast"};
  commands.insert(commands.end(), reload().begin(), reload().end());
  if (!facts.status->module.disabled && !missing.empty())
    out.urgent("not attached: " + missing, "What these kernel functions do is not judged." + advice, commands);
  for (const auto& reason : facts.status->reasons)
    if (reason.starts_with("hooks: ")) out.urgent(reason, "A hook was tried out and did not fire." + advice, commands);
}

void overlay(const DoctorFacts& facts, Judgement& out) {
  if (!facts.status || !facts.status->module.loaded) {
    out.unknown = "the controller and the module have to be there for it";
    return;
  }
  const auto& module = facts.status->module;
  if (module.disabled) return;
  if (module.overlay_mismatch) {
    out.urgent("what overlayfs says of a file and what the module read differ",
               "The module takes no program for the image's any more: block rules refuse all programs.", reload());
  } else if (!module.overlay_verified) {
    out.urgent("overlayfs is not verified",
               "The image's own programs cannot be told from others, and block rules refuse them all. The controller "
               "tries again every ten seconds.",
               {"modprobe overlay", "systemctl restart holdfastd"});
  }
}

const std::array kChecks = {
    DoctorCheck{"headers", "there are headers for the running kernel", headers},
    DoctorCheck{"module-built", "the module is installed for the running kernel", built},
    DoctorCheck{"module-kernel", "the module was built for the running kernel", builtForThisKernel},
    DoctorCheck{"module-signature", "the kernel takes the module's signature", signature},
    DoctorCheck{"module-loaded", "the module is loaded", loaded},
    DoctorCheck{"module-at-boot", "the module is loaded at boot", atBoot},
    DoctorCheck{"module-version", "module and controller are of one version", version},
    DoctorCheck{"hooks", "every hook is attached and fires", hooks},
    DoctorCheck{"overlay", "overlayfs is verified", overlay},
};

}  // namespace

std::span<const DoctorCheck> moduleChecks() { return kChecks; }

}  // namespace holdfast::holdfastctl
