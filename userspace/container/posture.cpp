// SPDX-License-Identifier: Apache-2.0
#include "container/posture.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "container/state_file.hpp"
#include "container/state_json.hpp"

namespace holdfast::container {

namespace {

using Json = nlohmann::json;

constexpr std::size_t kDetailsMax = 8;
constexpr std::size_t kDetailBytesMax = 256;
constexpr std::size_t kLookedAtMax = 4096;  // of mounts, and of devices

constexpr std::array kRisks = {
    RiskRow{Risk::Privileged, "privileged", Danger::High,
            "all capabilities, all devices, nothing of the kernel masked"},
    RiskRow{Risk::HostRoot, "host-root", Danger::High, "the host's root directory is mounted"},
    RiskRow{Risk::WritableHostPath, "writable-host-path", Danger::High,
            "directories or files that the host runs or trusts can be written"},
    RiskRow{Risk::RuntimeSocket, "runtime-socket", Danger::High, "a socket that commands the host or its containers"},
    RiskRow{Risk::RawDevice, "raw-device", Danger::High, "disks, memory or ports of the machine"},
    RiskRow{Risk::AllDevices, "all-devices", Danger::High, "every device of a kind may be used"},
    RiskRow{Risk::DangerousCapability, "dangerous-capability", Danger::High,
            "capabilities that reach beyond a container"},
    RiskRow{Risk::HostPid, "host-pid", Danger::High, "the host's processes are its own"},
    RiskRow{Risk::HostMount, "host-mount", Danger::High, "it runs in the host's mounts"},
    RiskRow{Risk::SensitiveHostPath, "sensitive-host-path", Danger::Medium,
            "directories or files of the host that hold secrets or show its processes"},
    RiskRow{Risk::KernelDevice, "kernel-device", Danger::Medium, "devices by which the kernel takes orders or tells"},
    RiskRow{Risk::HostNetwork, "host-network", Danger::Medium, "the host's network, with what listens there"},
    RiskRow{Risk::HostIpc, "host-ipc", Danger::Medium, "the host's shared memory and message queues"},
    RiskRow{Risk::UnmaskedPaths, "unmasked-paths", Danger::Medium,
            "files of /proc and /sys that runtimes hide can be read"},
    RiskRow{Risk::WritableKernelPaths, "writable-kernel-paths", Danger::Medium,
            "files of /proc and /sys that runtimes protect can be written"},
    RiskRow{Risk::SharedPropagation, "shared-propagation", Danger::Medium, "what it mounts appears on the host"},
    RiskRow{Risk::ExtraCapability, "extra-capability", Danger::Note, "capabilities beyond those that engines give"},
    RiskRow{Risk::HostUts, "host-uts", Danger::Note, "the host's name"},
    RiskRow{Risk::HostCgroup, "host-cgroup", Danger::Note, "the host's view of control groups"},
    RiskRow{Risk::SeccompUnconfined, "seccomp-unconfined", Danger::Note, "no system call is filtered"},
    RiskRow{Risk::AppArmorUnconfined, "apparmor-unconfined", Danger::Note, "no profile, though the host has AppArmor"},
    RiskRow{Risk::UnresolvedPath, "unresolved-path", Danger::Note,
            "where these lead on the host could not be seen; they are judged by their names"},
    RiskRow{Risk::UnknownNamespace, "unknown-namespace", Danger::Note, "whose these are could not be seen"},
    RiskRow{Risk::NotLookedAt, "not-looked-at", Danger::Note, "more mounts or devices than are looked at"},
};
static_assert(std::ranges::all_of(kRisks, [](const RiskRow& row) {
  return &row == &kRisks.at(static_cast<std::size_t>(row.risk));
}));
static_assert(kRisks.size() == static_cast<std::size_t>(Risk::NotLookedAt) + 1);

/// A place on the host, "*" for one directory of any name. A mount concerns it that shows it: of the place itself or
/// from above; `below`: or of something in it.
struct Place {
  std::string_view path;
  bool below;
  Risk writable;
  std::optional<Risk> read_only;
};
constexpr auto kHarm = Risk::WritableHostPath;
constexpr auto kSecret = Risk::SensitiveHostPath;
// Not below what engines keep: files there are mounted into every container.
constexpr auto kPlaces = std::to_array<Place>({
    {"/etc", true, kHarm, {}},
    {"/etc/shadow", true, kHarm, kSecret},
    {"/etc/ssh", true, kHarm, kSecret},
    {"/etc/kubernetes", true, kHarm, kSecret},
    {"/usr", true, kHarm, {}},
    {"/bin", true, kHarm, {}},
    {"/sbin", true, kHarm, {}},
    {"/lib", true, kHarm, {}},
    {"/boot", true, kHarm, {}},
    {"/opt/cni", true, kHarm, {}},
    {"/var/spool/cron", true, kHarm, {}},
    {"/proc", true, kHarm, kSecret},
    {"/sys", true, kHarm, {}},
    {"/dev", false, kHarm, kHarm},
    {"/run", false, kHarm, kSecret},
    {"/run/systemd", false, kHarm, kSecret},
    {"/root", false, kHarm, kSecret},
    {"/root/.ssh", true, kHarm, kSecret},
    {"/home", false, kHarm, kSecret},
    {"/home/*/.ssh", true, kHarm, kSecret},
    {"/var/lib/docker", false, kHarm, kSecret},
    {"/var/lib/docker/containers", false, kHarm, kSecret},
    {"/var/lib/docker/overlay2", false, kHarm, kSecret},
    {"/var/lib/containers", false, kHarm, kSecret},
    {"/var/lib/containers/storage", false, kHarm, kSecret},
    {"/var/lib/containers/storage/overlay", false, kHarm, kSecret},
    {"/var/lib/containerd", false, kHarm, kSecret},
    {"/var/lib/rancher", false, kHarm, kSecret},
    {"/var/lib/kubelet", false, kHarm, kSecret},
    {"/var/lib/kubelet/pods", false, kHarm, kSecret},
    {"/var/lib/kubelet/pki", true, kHarm, kSecret},
    {"/var/lib/etcd", true, kHarm, kSecret},
    {"/var/lib/holdfast", true, kHarm, kSecret},
    {"/var/log", false, kSecret, {}},
});

// A mount that is read-only lets connect all the same.
constexpr auto kSockets = std::to_array<std::string_view>(
    {"/run/docker.sock", "/run/containerd/containerd.sock", "/run/crio/crio.sock", "/run/podman/podman.sock",
     "/run/cri-dockerd.sock", "/run/k3s/containerd/containerd.sock", "/run/docker/containerd/containerd.sock",
     "/run/buildkit/buildkitd.sock", "/run/systemd/private", "/run/dbus/system_bus_socket",
     "/run/holdfast/holdfastd.sock", "/run/user/*/docker.sock", "/run/user/*/podman/podman.sock"});

// Of Docker, Podman, containerd and CRI-O.
constexpr auto kUsual =
    std::to_array<std::string_view>({"CAP_AUDIT_WRITE", "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID",
                                     "CAP_KILL", "CAP_MKNOD", "CAP_NET_BIND_SERVICE", "CAP_NET_RAW", "CAP_SETFCAP",
                                     "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID", "CAP_SYS_CHROOT"});
constexpr auto kDangerous = std::to_array<std::string_view>(
    {"CAP_BPF", "CAP_CHECKPOINT_RESTORE", "CAP_DAC_READ_SEARCH", "CAP_MAC_ADMIN", "CAP_MAC_OVERRIDE", "CAP_NET_ADMIN",
     "CAP_PERFMON", "CAP_SYSLOG", "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_MODULE", "CAP_SYS_PTRACE", "CAP_SYS_RAWIO",
     "CAP_SYS_TIME"});
// Those that kernels before 5.9 have; a runtime gives what its kernel knows.
constexpr auto kOfAllKernels = std::to_array<std::string_view>(
    {"CAP_DAC_READ_SEARCH", "CAP_MAC_ADMIN", "CAP_MAC_OVERRIDE", "CAP_NET_ADMIN", "CAP_SYSLOG", "CAP_SYS_ADMIN",
     "CAP_SYS_BOOT", "CAP_SYS_MODULE", "CAP_SYS_PTRACE", "CAP_SYS_RAWIO", "CAP_SYS_TIME"});

struct NamespaceRow {
  std::string_view type;
  Risk risk;
};
// That it has no user namespace of its own is what engines do.
constexpr std::array kNamespaces = {
    NamespaceRow{"pid", Risk::HostPid},       NamespaceRow{"network", Risk::HostNetwork},
    NamespaceRow{"ipc", Risk::HostIpc},       NamespaceRow{"uts", Risk::HostUts},
    NamespaceRow{"cgroup", Risk::HostCgroup}, NamespaceRow{"mount", Risk::HostMount}};

struct DeviceRow {
  std::int64_t major;
  std::int64_t minor;
  std::string_view name;
  Risk risk;
};
constexpr std::array kCharacterDevices = {DeviceRow{1, 1, "mem", Risk::RawDevice},
                                          DeviceRow{1, 2, "kmem", Risk::RawDevice},
                                          DeviceRow{1, 4, "port", Risk::RawDevice},
                                          DeviceRow{10, 236, "mapper/control", Risk::RawDevice},
                                          DeviceRow{1, 11, "kmsg", Risk::KernelDevice},
                                          DeviceRow{10, 229, "fuse", Risk::KernelDevice},
                                          DeviceRow{10, 237, "loop-control", Risk::KernelDevice}};

// Of what every runtime hides and protects, as long as it hides and protects anything.
constexpr auto kMasked = std::to_array<std::string_view>({"/proc/kcore", "/proc/keys", "/sys/firmware"});
constexpr auto kReadOnly =
    std::to_array<std::string_view>({"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"});

template <class List>
bool has(const List& list, std::string_view one) {
  return std::ranges::find(list, one) != std::ranges::end(list);
}

/// The first part of an absolute path, which is taken off.
std::string_view takePart(std::string_view& path) {
  const auto begin = std::min(path.find_first_not_of('/'), path.size());
  const auto end = std::min(path.find('/', begin), path.size());
  const auto part = path.substr(begin, end - begin);
  path.remove_prefix(end);
  return part;
}

enum class Lies { Elsewhere, Above, At, Below };

/// Where `path` lies, seen from the place.
Lies liesAt(std::string_view path, std::string_view place) {
  for (;;) {
    const auto a = takePart(path);
    const auto b = takePart(place);
    if (a.empty()) return b.empty() ? Lies::At : Lies::Above;
    if (b.empty()) return Lies::Below;
    if (a != b && b != "*") return Lies::Elsewhere;
  }
}

std::vector<std::string> textsIn(const Json& list) {
  std::vector<std::string> texts;
  if (!list.is_array()) return texts;
  for (const auto& one : list) {
    if (one.is_string() && texts.size() < kLookedAtMax) texts.push_back(one.get<std::string>());
  }
  return texts;
}

class Examination {
 public:
  Examination(const Json& config, const HostView& host)
      : config_(config), linux_(memberOf(config, "linux")), host_(host) {}

  Posture take() {
    namespaces();
    capabilities();
    mounts();
    devices();
    kernelPaths();
    confinement();
    if (isPrivileged()) {
      add(Risk::Privileged);
      // It says all of these.
      for (const Risk risk :
           {Risk::DangerousCapability, Risk::ExtraCapability, Risk::AllDevices, Risk::RawDevice, Risk::KernelDevice,
            Risk::UnmaskedPaths, Risk::WritableKernelPaths, Risk::SeccompUnconfined, Risk::AppArmorUnconfined})
        findings_.erase(risk);
    }
    Posture posture;
    for (auto& [risk, finding] : findings_) posture.findings.push_back(std::move(finding));
    return posture;
  }

 private:
  void add(Risk risk, std::string detail = {}) {
    Finding& finding = findings_[risk];
    finding.risk = risk;
    if (detail.size() > kDetailBytesMax) detail.replace(kDetailBytesMax - 3, detail.npos, "...");
    if (detail.empty() || has(finding.details, detail)) return;
    if (finding.details.size() < kDetailsMax) {
      finding.details.push_back(std::move(detail));
    } else {
      ++finding.more;
    }
  }

  void namespaces() {
    std::map<std::string, std::string> given;
    const Json& list = memberOf(linux_, "namespaces");
    if (list.is_array()) {
      for (const auto& one : list) given.try_emplace(textAt(one, "type"), textAt(one, "path"));
    }
    const auto isHosts = [&](const std::string& type) {
      const auto found = given.find(type);
      if (found == given.end()) return true;
      if (found->second.empty()) return false;
      const auto hosts = host_.is_host_namespace(type, found->second);
      if (!hosts) add(Risk::UnknownNamespace, type + ": " + found->second);
      return hosts.value_or(false);
    };
    for (const auto& row : kNamespaces) {
      if (isHosts(std::string(row.type))) add(row.risk);
    }
    own_users_ = !isHosts("user");
  }

  void capabilities() {
    const Json& all = memberOf(memberOf(config_, "process"), "capabilities");
    // What root in it has after the next exec, and what it begins with.
    std::set<std::string> given;
    for (const char* set : {"bounding", "permitted", "effective"}) given.merge(asSet(textsIn(memberOf(all, set))));
    all_capabilities_ = std::ranges::all_of(kOfAllKernels, [&](auto one) { return given.contains(std::string(one)); });
    for (const auto& one : given) {
      if (has(kUsual, one)) continue;
      // In a user namespace of its own they are of effect on what belongs to that.
      add(has(kDangerous, one) && !own_users_ ? Risk::DangerousCapability : Risk::ExtraCapability, one);
    }
  }
  static std::set<std::string> asSet(std::vector<std::string> texts) { return {texts.begin(), texts.end()}; }

  void mounts() {
    const Json& list = memberOf(config_, "mounts");
    if (list.is_array()) {
      std::size_t seen = 0;
      for (const auto& one : list) {
        if (++seen > kLookedAtMax) {
          add(Risk::NotLookedAt, std::to_string(list.size() - kLookedAtMax) + " mounts");
          break;
        }
        mount(one);
      }
    }
    if (const auto propagation = textAt(linux_, "rootfsPropagation");
        propagation == "shared" || propagation == "rshared")
      add(Risk::SharedPropagation, "/");
  }

  void mount(const Json& one) {
    const auto options = textsIn(memberOf(one, "options"));
    const std::string type = textAt(one, "type");
    const std::string source = textAt(one, "source");
    const std::string at = textAt(one, "destination");
    bool writable = true;
    for (const auto& option : options) {
      if (option == "ro" || option == "rro") writable = false;
      if (option == "rw" || option == "rrw") writable = true;
    }
    if (has(options, "shared") || has(options, "rshared")) add(Risk::SharedPropagation, at);
    if (type == "sysfs" && writable) add(Risk::WritableKernelPaths, at);
    if (!source.starts_with('/')) return;
    const auto object = host_.look(source);
    const std::string path = object ? object->path : std::filesystem::path(source).lexically_normal().string();
    const std::string detail = path + (writable ? ", writable, at " : ", read-only, at ") + at;
    if (type != "bind" && !has(options, "bind") && !has(options, "rbind")) {
      if (object && S_ISBLK(object->mode)) add(Risk::RawDevice, path + ", mounted at " + at);
      return;
    }
    if (!object) add(Risk::UnresolvedPath, source);
    if (liesAt(path, "/") == Lies::At || isSame(object, "/")) return add(Risk::HostRoot, detail);
    if (object && S_ISBLK(object->mode)) add(Risk::RawDevice, detail);
    if (isSocket(path, object)) add(Risk::RuntimeSocket, detail);
    std::optional<Risk> worst;
    for (const auto& place : kPlaces) {
      const Lies lies = liesAt(path, place.path);
      const bool shows =
          lies == Lies::At || lies == Lies::Above || (lies == Lies::Below && place.below) || isSame(object, place.path);
      const auto risk = writable ? place.writable : place.read_only;
      if (shows && risk && (!worst || *risk < *worst)) worst = risk;
    }
    if (worst) add(*worst, detail);
  }

  /// The host may have mounted it at other places, too.
  bool isSame(const std::optional<HostView::Object>& object, std::string_view place) {
    if (!object) return false;
    const auto [found, is_new] = places_.try_emplace(place);
    if (is_new && place.find('*') == place.npos) found->second = host_.look(std::string(place));
    const auto& other = found->second;
    return other && other->dev == object->dev && other->ino == object->ino;
  }

  bool isSocket(std::string_view path, const std::optional<HostView::Object>& object) {
    const bool is_socket = !object || S_ISSOCK(object->mode);
    return std::ranges::any_of(kSockets, [&](std::string_view place) {
      if (is_socket && (liesAt(path, place) == Lies::At || isSame(object, place))) return true;
      if (!object || !S_ISDIR(object->mode) || liesAt(path, place) != Lies::Above) return false;
      (void)isSame(object, place);
      const auto& there = places_[place];
      return there && S_ISSOCK(there->mode);
    });
  }

  void devices() {
    const Json& nodes = memberOf(linux_, "devices");
    std::size_t seen = 0;
    const auto looksAt = [&](const Json& list) {
      if (++seen <= kLookedAtMax) return true;
      add(Risk::NotLookedAt, std::to_string(list.size()) + " devices");
      return false;
    };
    if (nodes.is_array()) {
      for (const auto& one : nodes) {
        if (!looksAt(nodes)) break;
        device(textAt(one, "type"), numberOf(one, "major"), numberOf(one, "minor"), textAt(one, "path"));
      }
    }
    const Json& rules = memberOf(memberOf(linux_, "resources"), "devices");
    if (!rules.is_array()) return;
    // In their order: what is refused later is not given. Whoever starts a container refuses all first.
    std::size_t begin = 0;
    for (std::size_t i = 0; i < rules.size(); ++i) {
      if (isForAll(rules[i]) && memberOf(rules[i], "allow") != true) begin = i + 1;
    }
    for (std::size_t i = begin; i < rules.size() && looksAt(rules); ++i) deviceRule(rules[i]);
  }

  static bool isForAll(const Json& rule) {
    const auto type = textAt(rule, "type");
    return (type.empty() || type == "a") && !numberOf(rule, "major") && !numberOf(rule, "minor");
  }

  void deviceRule(const Json& rule) {
    const auto access = textAt(rule, "access");
    // To make a node is to use none.
    if (memberOf(rule, "allow") != true || (!access.empty() && access.find_first_of("rw") == access.npos)) return;
    const auto type = textAt(rule, "type");
    const auto major = numberOf(rule, "major");
    const auto minor = numberOf(rule, "minor");
    if (!major) {
      all_devices_ = all_devices_ || isForAll(rule);
      return add(Risk::AllDevices, type.empty() || type == "a" ? "" : type);
    }
    device(type, major, minor, type + " " + std::to_string(*major) + ":" + (minor ? std::to_string(*minor) : "*"));
  }

  void device(const std::string& type, std::optional<std::int64_t> major, std::optional<std::int64_t> minor,
              const std::string& detail) {
    if (type == "b") return add(Risk::RawDevice, detail);
    for (const auto& row : kCharacterDevices) {
      if (major != row.major || (minor && minor != row.minor)) continue;
      add(row.risk, minor ? "/dev/" + std::string(row.name) : detail);
    }
  }

  /// Nothing if it is none, or stands for all.
  static std::optional<std::int64_t> numberOf(const Json& object, const char* key) {
    const Json& value = memberOf(object, key);
    if (!value.is_number_integer() || value < 0) return std::nullopt;
    return value.get<std::int64_t>();
  }

  void kernelPaths() {
    const auto missing = [&](const char* key, const auto& usual, Risk risk) {
      const auto given = textsIn(memberOf(linux_, key));
      if (given.empty()) return add(risk, "all");
      for (const auto one : usual) {
        // Hidden also where a directory above is.
        if (std::ranges::none_of(given, [&](const auto& path) {
              const Lies lies = liesAt(path, one);
              return lies == Lies::At || lies == Lies::Above;
            }))
          add(risk, std::string(one));
      }
    };
    missing("maskedPaths", kMasked, Risk::UnmaskedPaths);
    missing("readonlyPaths", kReadOnly, Risk::WritableKernelPaths);
    masks_nothing_ = textsIn(memberOf(linux_, "maskedPaths")).empty();
  }

  void confinement() {
    const Json& seccomp = memberOf(linux_, "seccomp");
    const Json& calls = memberOf(seccomp, "syscalls");
    if (!seccomp.is_object() || (textAt(seccomp, "defaultAction") == "SCMP_ACT_ALLOW" && calls.empty()))
      add(Risk::SeccompUnconfined);
    const auto profile = textAt(memberOf(config_, "process"), "apparmorProfile");
    if (host_.app_armor && (profile.empty() || profile == "unconfined")) add(Risk::AppArmorUnconfined);
  }

  [[nodiscard]] bool isPrivileged() const { return all_capabilities_ && all_devices_ && masks_nothing_ && !own_users_; }

  const Json& config_;
  const Json& linux_;
  const HostView& host_;
  std::map<Risk, Finding> findings_;
  std::map<std::string_view, std::optional<HostView::Object>> places_;  // looked for already
  bool own_users_ = false;
  bool all_capabilities_ = false;
  bool all_devices_ = false;
  bool masks_nothing_ = false;
};

/// Whether nobody but root can put another file there.
bool isRootsOwn(const std::filesystem::path& directory) {
  for (auto up = directory;; up = up.parent_path()) {
    struct stat status {};
    if (::lstat(up.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) return false;
    // In one like /tmp others may not move what is not theirs.
    if (!isTrusted(status) && ((status.st_mode & S_ISVTX) == 0 || status.st_uid != 0)) return false;
    if (!up.has_relative_path()) return true;
  }
}

Posture unknown(std::string why) { return {std::move(why), {}}; }

}  // namespace

std::span<const RiskRow> risks() { return kRisks; }
const RiskRow& rowOf(Risk risk) { return kRisks.at(static_cast<std::size_t>(risk)); }

const char* name(Danger danger) {
  switch (danger) {
    case Danger::Note:
      return "note";
    case Danger::Medium:
      return "medium";
    case Danger::High:
      return "high";
  }
  return "unknown";
}

bool Posture::isRisky() const {
  return std::ranges::any_of(findings, [](const Finding& one) { return rowOf(one.risk).danger != Danger::Note; });
}

Posture postureOf(std::string_view config, const HostView& host) {
  const auto json = parseObject(config, "config.json");
  if (!json) return unknown(json.error().message);
  return Examination(*json, host).take();
}

Posture readPosture(const Container& container, const HostView& host) {
  if (container.runtime.empty()) return unknown("no runtime's state that only root can write tells of it");
  if (container.bundle.empty()) return unknown("its runtime's state names no bundle");
  std::error_code error;
  const auto bundle = std::filesystem::canonical(container.bundle, error);
  if (error) return unknown("its bundle is gone");
  if (!isRootsOwn(bundle)) return unknown("its bundle lies where others than root may write");
  const auto config = readStateFile(bundle / "config.json", kStateBytesMax);
  if (!config) return unknown("its bundle's config.json " + config.error().message);
  return *config ? postureOf(**config, host) : unknown("its bundle has no config.json any more");
}

}  // namespace holdfast::container
