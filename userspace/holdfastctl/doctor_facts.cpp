// SPDX-License-Identifier: Apache-2.0
#include "holdfastctl/doctor_facts.hpp"

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <sstream>
#include <string_view>

#include "base/file.hpp"
#include "holdfastctl/paged.hpp"
#include "rule/load.hpp"

namespace holdfast::holdfastctl {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kTextMax = 1 << 20;
constexpr std::size_t kModuleMax = 64 << 20;
constexpr std::size_t kUncoveredMax = 5;
constexpr const char* kStateDir = "/var/lib/holdfast";

/// Paths of the host, below a root that tests can replace.
class Host {
 public:
  explicit Host(fs::path root) : root_(std::move(root)) {}

  [[nodiscard]] fs::path at(const std::string& path) const { return root_ / path.substr(1); }
  [[nodiscard]] bool has(const std::string& path) const {
    std::error_code error;
    return fs::exists(at(path), error);
  }
  /// A link counts although what it names is elsewhere.
  [[nodiscard]] bool hasLink(const std::string& path) const {
    std::error_code error;
    return fs::exists(fs::symlink_status(at(path), error));
  }
  [[nodiscard]] std::optional<std::string> read(const std::string& path, std::size_t limit = kTextMax) const {
    auto content = readFile(at(path), limit);
    if (!content) return std::nullopt;
    return std::move(*content);
  }
  /// The first line, without its end; empty if there is none.
  [[nodiscard]] std::string line(const std::string& path) const {
    const auto content = read(path).value_or("");
    return content.substr(0, content.find('\n'));
  }
  [[nodiscard]] std::vector<std::string> names(const std::string& directory) const {
    std::vector<std::string> found;
    std::error_code error;
    for (fs::directory_iterator it(at(directory), error), end; !error && it != end; it.increment(error))
      found.push_back(it->path().filename());
    std::ranges::sort(found);
    return found;
  }

 private:
  const fs::path root_;
};

/// One key of the module's own description, which its file has as KEY=VALUE between zeros.
std::string described(std::string_view bytes, const std::string& key) {
  const std::string start = std::string(1, '\0') + key + "=";
  const auto found = bytes.find(start);
  if (found == std::string_view::npos) return {};
  const auto value = bytes.substr(found + start.size());
  return std::string(value.substr(0, value.find('\0')));
}

std::optional<DoctorFacts::ModuleFile> moduleFile(const Host& host, const std::string& release) {
  const std::string base = "/lib/modules/" + release + "/";
  // modprobe's own list first: which of several it takes is decided there.
  std::istringstream list(host.read(base + "modules.dep", kModuleMax).value_or(""));
  for (std::string line; std::getline(list, line);) {
    const std::string path = line.substr(0, line.find(':'));
    if (!fs::path(path).filename().string().starts_with("holdfast.ko")) continue;
    DoctorFacts::ModuleFile file;
    file.path = path.starts_with('/') ? path : base + path;
    if (!host.has(file.path)) return std::nullopt;
    const auto bytes = file.path.ends_with(".ko") ? host.read(file.path, kModuleMax) : std::nullopt;
    if (!bytes) return file;
    const std::string magic = described(*bytes, "vermagic");
    file.release = magic.substr(0, magic.find(' '));
    file.version = described(*bytes, "version");
    file.source_version = described(*bytes, "srcversion");
    file.readable = !file.release.empty();
    file.has_signature = bytes->ends_with("~Module signature appended~\n");
    return file;
  }
  return std::nullopt;
}

DoctorFacts::Cgroups cgroups(const std::string& mounts) {
  bool unified = false;
  bool hybrid = false;
  bool legacy = false;
  std::istringstream lines(mounts);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string device;
    std::string place;
    std::string type;
    words >> device >> place >> type;
    unified = unified || (type == "cgroup2" && place == "/sys/fs/cgroup");
    hybrid = hybrid || (type == "cgroup2" && place.starts_with("/sys/fs/cgroup/"));
    legacy = legacy || type == "cgroup";
  }
  if (unified) return DoctorFacts::Cgroups::Unified;
  if (legacy && hybrid) return DoctorFacts::Cgroups::Hybrid;
  return legacy ? DoctorFacts::Cgroups::Legacy : DoctorFacts::Cgroups::Unknown;
}

/// The mount that has `path`: of several over each other the last.
std::string mountPoint(const std::string& mounts, const std::string& path) {
  std::string best = "/";
  std::istringstream lines(mounts);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string device;
    std::string place;
    words >> device >> place;
    const bool above = path == place || path.starts_with(place == "/" ? place : place + "/");
    if (above && place.size() >= best.size()) best = place;
  }
  return best;
}

void gatherKernel(const Host& host, DoctorFacts& facts) {
  facts.release = host.line("/proc/sys/kernel/osrelease");
  facts.command_line = host.line("/proc/cmdline");
  facts.kernel_config = host.read("/boot/config-" + facts.release);
  const std::string lockdown = host.line("/sys/kernel/security/lockdown");
  if (const auto open = lockdown.find('['); open != std::string::npos)
    facts.lockdown = lockdown.substr(open + 1, lockdown.find(']') - open - 1);
  constexpr const char* kVariable = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
  if (!host.has("/sys/firmware/efi")) {
    facts.secure_boot = false;
  } else if (const auto value = host.read(kVariable); value && value->size() == 5) {
    facts.secure_boot = value->back() == '\1';
  }
  facts.signatures_enforced = host.line("/sys/module/module/parameters/sig_enforce") == "Y";
  facts.loads_modules = host.has("/proc/modules");
  facts.modules_disabled = host.line("/proc/sys/kernel/modules_disabled") == "1";
  if (const auto value = host.line("/proc/sys/kernel/ftrace_enabled"); !value.empty())
    facts.ftrace_enabled = value != "0";
  facts.cgroups = cgroups(host.read("/proc/self/mounts").value_or(""));
}

bool loadedAtBoot(const Host& host) {
  for (const char* directory : {"/etc/modules-load.d", "/usr/lib/modules-load.d", "/run/modules-load.d"}) {
    for (const auto& name : host.names(directory)) {
      std::istringstream words(host.read(std::string(directory) + "/" + name).value_or(""));
      for (std::string line; std::getline(words, line);)
        if (line == "holdfast") return true;
    }
  }
  return false;
}

void gatherModule(const Host& host, DoctorFacts& facts) {
  facts.module_loaded = host.has("/sys/module/holdfast");
  facts.module_version = host.line("/sys/module/holdfast/version");
  facts.module_source_version = host.line("/sys/module/holdfast/srcversion");
  facts.module_file = moduleFile(host, facts.release);
  for (const auto& release : host.names("/lib/modules"))
    if (release != facts.release && moduleFile(host, release)) facts.other_releases.push_back(release);
  facts.headers = host.has("/lib/modules/" + facts.release + "/build/Makefile");
  for (const auto& name : host.names("/var/lib/dkms/holdfast"))
    if (host.hasLink("/var/lib/dkms/holdfast/" + name + "/source")) facts.dkms_versions.push_back(name);
  facts.module_at_boot = loadedAtBoot(host);
}

void gatherSystem(const Host& host, DoctorFacts& facts) {
  for (const char* name : {"runc", "crun", "podman", "dockerd", "containerd", "crio"}) {
    for (const char* directory : {"/usr/bin/", "/usr/sbin/", "/usr/local/bin/", "/usr/local/sbin/"}) {
      if (!host.has(std::string(directory) + name)) continue;
      facts.runtimes.emplace_back(name);
      break;
    }
  }
  facts.unit_installed =
      host.has("/usr/lib/systemd/system/holdfastd.service") || host.has("/etc/systemd/system/holdfastd.service");
  facts.unit_enabled = host.hasLink("/etc/systemd/system/multi-user.target.wants/holdfastd.service");
  for (const auto& name : host.names("/proc")) {
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    if (host.line("/proc/" + name + "/comm") == "holdfastd") facts.controller_runs = true;
  }
  struct statvfs disk {};
  facts.state.exists = ::statvfs(host.at(kStateDir).c_str(), &disk) == 0;
  if (facts.state.exists) {
    facts.state.read_only = (disk.f_flag & ST_RDONLY) != 0;
    facts.state.free_bytes = std::uint64_t{disk.f_bavail} * disk.f_frsize;
    // Some file systems do not count files.
    facts.state.free_files = disk.f_files == 0 ? UINT64_MAX : disk.f_favail;
  }
  facts.state.mount_point = mountPoint(host.read("/proc/self/mounts").value_or(""), kStateDir);
  for (const char* path : {"/usr/bin/holdfastctl", "/usr/sbin/holdfastd"}) {
    struct stat status {};
    if (::stat(host.at(path).c_str(), &status) != 0) continue;
    const auto made = static_cast<std::uint64_t>(status.st_ctim.tv_sec) * 1'000'000'000;
    facts.installed_ns = std::max(facts.installed_ns, made);
  }
}

void gatherRules(const Host& host, DoctorFacts& facts) {
  auto config = rule::loadHostConfig(host.at("/etc/holdfast/holdfast.yaml"));
  if (!config) {
    facts.rule_errors = config.error();
  } else {
    facts.config = std::move(*config);
    const auto loaded = rule::load(
        {.vendor_dir = host.at("/usr/share/holdfast/rules.d"), .rules_dir = host.at(facts.config->rules_dir.string())},
        *facts.config);
    if (!loaded) facts.rule_errors = loaded.error();
  }
  const std::string denied = "Permission denied";
  std::erase_if(facts.rule_errors, [&](const Error& error) {
    if (::geteuid() == 0 || error.message.find(denied) == std::string::npos) return false;
    facts.rules_readable = false;
    return true;
  });
}

/// A wrong shape is as good as no answer.
std::optional<std::vector<DoctorFacts::Rule>> rulesIn(const nlohmann::json& list) {
  std::vector<DoctorFacts::Rule> rules;
  try {
    for (const auto& rule : list.at("rules")) {
      rules.push_back({rule.at("name"), rule.at("status") == "on", rule.at("system"), rule.at("requested"),
                       rule.at("effective"), rule.at("reason")});
    }
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
  return rules;
}

void gatherController(const Environment& environment, const fs::path& socket, DoctorFacts& facts) {
  facts.may_ask = ::access(socket.c_str(), W_OK) == 0 || errno != EACCES;
  const auto answer = environment.call(socket, {"status"});
  const auto report = answer ? control::read<control::StatusReport>(*answer) : tl::unexpected(answer.error());
  if (!report) {
    facts.status_problem = report.error().message;
    return;
  }
  facts.status = *report;
  const auto ask = [&](const control::Request& request) { return environment.call(socket, request); };
  if (const auto list = fetchRules(ask)) facts.rules = rulesIn(*list);
  if (facts.status->containers.not_covered == 0) return;
  const auto reports = fetchContainers(ask);
  if (!reports) return;
  for (const auto& container : *reports) {
    if (container.covered || facts.uncovered.size() >= kUncoveredMax) continue;
    facts.uncovered.push_back({container.id, container.not_covered});
  }
}

}  // namespace

DoctorFacts gatherFacts(const Environment& environment, const fs::path& socket) {
  const Host host(environment.root);
  DoctorFacts facts;
  facts.own_version = HOLDFAST_VERSION;
  facts.now_ns = environment.now();
  gatherKernel(host, facts);
  gatherModule(host, facts);
  gatherSystem(host, facts);
  gatherRules(host, facts);
  gatherController(environment, socket, facts);
  return facts;
}

}  // namespace holdfast::holdfastctl
