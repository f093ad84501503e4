// SPDX-License-Identifier: Apache-2.0
#include "holdfastd/host_places.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/holdfast.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include <algorithm>
#include <cerrno>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <string_view>

#include "base/file.hpp"

namespace holdfast::holdfastd {

namespace {

using Item = std::optional<std::uint32_t>;

constexpr Item kNone;
constexpr Item kHW1 = HOLDFAST_CHECK_HW1;
constexpr Item kHW2 = HOLDFAST_CHECK_HW2;
constexpr Item kHW3 = HOLDFAST_CHECK_HW3;
constexpr Item kHW4 = HOLDFAST_CHECK_HW4;
constexpr Item kHW5 = HOLDFAST_CHECK_HW5;
constexpr Item kHC1 = HOLDFAST_CHECK_HC1;
constexpr Item kHC2 = HOLDFAST_CHECK_HC2;
constexpr Item kHC3 = HOLDFAST_CHECK_HC3;

// What of a directory counts besides itself. Pods: a tree, of other file systems, too, but not for the pod whose uid
// the
// "*" stands for.
enum class Depth : std::uint8_t { Files, Tree, Pods };

struct Place {
  std::string_view directory;  // "*" stands for any directory
  std::string_view names;      // of files, by spaces; empty for all
  Item write;
  Item read = kNone;
  Item link = kNone;
  Depth depth = Depth::Files;
};

// Of several rows about one file the first counts for each way to use it.
constexpr Place kPlaces[] = {
    {"etc", "crontab anacrontab cron.allow cron.deny at.allow at.deny", kHW1},
    {"etc/cron.d", "", kHW1},
    {"etc/cron.hourly", "", kHW1},
    {"etc/cron.daily", "", kHW1},
    {"etc/cron.weekly", "", kHW1},
    {"etc/cron.monthly", "", kHW1},
    {"etc/cron.yearly", "", kHW1},
    {"etc/logrotate.d", "", kHW1},
    {"var/spool/cron", "", kHW1, kNone, kNone, Depth::Tree},
    {"root/.ssh", "authorized_keys authorized_keys2 rc environment config", kHW2, kHC2},
    {"root/.ssh", "", kNone, kHC2},
    {"home/*/.ssh", "authorized_keys authorized_keys2 rc environment config", kHW2, kHC2},
    {"home/*/.ssh", "", kNone, kHC2},
    {"etc/ssh", "ssh_host_rsa_key ssh_host_ecdsa_key ssh_host_ed25519_key ssh_host_dsa_key", kHW2, kHC2},
    {"etc/ssh", "", kHW2, kNone, kNone, Depth::Tree},
    {"etc", "shadow shadow- gshadow gshadow-", kHW3, kHC2},
    {"etc", "passwd passwd- group group- subuid subgid sudoers sudo.conf", kHW3},
    {"etc", "ld.so.preload ld.so.conf ld.so.cache nsswitch.conf pam.conf security login.defs", kHW3},
    {"etc", "environment profile bash.bashrc zshenv", kHW3},
    {"etc/ld.so.conf.d", "", kHW3},
    {"etc/sudoers.d", "", kHW3},
    {"etc/pam.d", "", kHW3},
    {"etc/security", "", kHW3, kNone, kNone, Depth::Tree},
    {"etc/profile.d", "", kHW3},
    {"root", ".bashrc .profile .bash_profile .bash_login .zshrc .zshenv", kHW3},
    {"etc", "rc.local inittab modules sysctl.conf fstab crypttab", kHW4},
    {"etc/systemd", "", kHW4, kNone, kNone, Depth::Tree},
    {"usr/lib/systemd", "", kHW4, kNone, kNone, Depth::Tree},
    {"usr/local/lib/systemd", "", kHW4, kNone, kNone, Depth::Tree},
    {"run/systemd/system", "", kHW4, kNone, kNone, Depth::Tree},
    {"run/systemd/transient", "", kHW4, kNone, kNone, Depth::Tree},
    {"etc/udev", "", kHW4, kNone, kNone, Depth::Tree},
    {"usr/lib/udev", "", kHW4, kNone, kNone, Depth::Tree},
    {"run/udev/rules.d", "", kHW4},
    {"etc/modprobe.d", "", kHW4},
    {"usr/lib/modprobe.d", "", kHW4},
    {"run/modprobe.d", "", kHW4},
    {"etc/modules-load.d", "", kHW4},
    {"usr/lib/modules-load.d", "", kHW4},
    {"usr/lib/modules", "", kHW4, kNone, kNone, Depth::Tree},
    {"etc/init.d", "", kHW4},
    {"etc/rc0.d", "", kHW4},
    {"etc/rc1.d", "", kHW4},
    {"etc/rc2.d", "", kHW4},
    {"etc/rc3.d", "", kHW4},
    {"etc/rc4.d", "", kHW4},
    {"etc/rc5.d", "", kHW4},
    {"etc/rc6.d", "", kHW4},
    {"etc/rcS.d", "", kHW4},
    {"etc/default", "", kHW4},
    {"etc/network", "", kHW4, kNone, kNone, Depth::Tree},
    {"etc/NetworkManager", "", kHW4, kNone, kNone, Depth::Tree},
    {"etc/update-motd.d", "", kHW4},
    {"etc/polkit-1", "", kHW4, kNone, kNone, Depth::Tree},
    {"etc/apt/apt.conf.d", "", kHW4},
    {"etc/alternatives", "", kHW4},
    {"var/lib/dpkg/info", "", kHW4},
    {"etc/sysctl.d", "", kHW4},
    {"usr/lib/sysctl.d", "", kHW4},
    {"etc/tmpfiles.d", "", kHW4},
    {"usr/lib/tmpfiles.d", "", kHW4},
    {"etc/binfmt.d", "", kHW4},
    {"usr/lib/binfmt.d", "", kHW4},
    {"etc/initramfs-tools", "", kHW4, kNone, kNone, Depth::Tree},
    {"boot", "", kHW4, kNone, kNone, Depth::Tree},
    {"boot/efi", "", kHW4, kNone, kNone, Depth::Tree},
    {"etc/kubernetes/pki", "", kHC1, kHC1, kNone, Depth::Tree},
    {"etc/kubernetes", "admin.conf super-admin.conf kubelet.conf bootstrap-kubelet.conf", kHC1, kHC1},
    {"etc/kubernetes", "controller-manager.conf scheduler.conf", kHC1, kHC1},
    {"var/lib/kubelet/pki", "", kHC1, kHC1},
    {"var/lib/kubelet", "kubeconfig bootstrap-kubeconfig", kHC1, kHC1},
    {"var/lib/rancher/k3s/server/tls", "", kHC1, kHC1, kNone, Depth::Tree},
    {"var/lib/rancher/k3s/server", "token node-token agent-token", kHC1, kHC1},
    {"etc/rancher", "", kHC1, kHC1, kNone, Depth::Tree},
    {"var/lib/kubelet/pods/*/volumes/kubernetes.io~projected", "", kNone, kHC2, kNone, Depth::Pods},
    {"var/lib/kubelet/pods/*/volumes/kubernetes.io~secret", "", kNone, kHC2, kNone, Depth::Pods},
    {"root/.kube", "", kHC1, kHC1},
    {"home/*/.kube", "", kHC1, kHC1},
    {"etc/kubernetes/manifests", "", kHW5},
    {"etc/cni", "", kHW5, kNone, kNone, Depth::Tree},
    {"opt/cni/bin", "", kHW5},
    {"usr/lib/cni", "", kHW5},
    {"etc/containers", "", kHW5, kNone, kNone, Depth::Tree},
    {"usr/share/containers", "", kHW5, kNone, kNone, Depth::Tree},
    {"usr/libexec/oci", "", kHW5, kNone, kNone, Depth::Tree},
    {"etc/docker", "", kHW5, kNone, kNone, Depth::Tree},
    {"etc/containerd", "", kHW5, kNone, kNone, Depth::Tree},
    {"etc/crio", "", kHW5, kNone, kNone, Depth::Tree},
    {"etc/nvidia-container-runtime", "", kHW5},
    {"etc/holdfast", "", kHW5, kNone, kNone, Depth::Tree},
    {"usr/share/holdfast", "", kHW5, kNone, kNone, Depth::Tree},
    {"var/lib/holdfast", "", kHW5, kNone, kNone, Depth::Tree},
    {"usr/bin", "", kHW5},
    {"usr/sbin", "", kHW5},
    {"usr/local/bin", "", kHW5},
    {"usr/local/sbin", "", kHW5},
    {"usr/lib", "", kHW5},
    {"usr/lib/x86_64-linux-gnu", "", kHW5, kNone, kNone, Depth::Tree},
    {"usr/lib64", "", kHW5},
    {"usr/libexec", "", kHW5, kNone, kNone, Depth::Tree},
    {"bin", "", kHW5},
    {"sbin", "", kHW5},
    {"lib", "", kHW5},
    {"lib64", "", kHW5},
    {"var/log", "", kNone, kNone, kHC3, Depth::Tree},
};

// The item that replacing the place would be.
constexpr Item guard(const Place& place) { return place.write ? place.write : place.read ? place.read : place.link; }

constexpr std::size_t kUsersMax = 1024;  // directories that "*" stands for
constexpr std::uint64_t kBelow = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
constexpr std::uint64_t kInside = kBelow | RESOLVE_NO_XDEV;
constexpr int kPodsDepth = 5;  // of their cgroups, from the top

UniqueFd openDirectory(int at, const std::string& name, std::uint64_t resolve) {
  open_how how{};
  how.flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
  how.resolve = resolve | RESOLVE_NO_MAGICLINKS;
  return UniqueFd(static_cast<int>(::syscall(SYS_openat2, at, name.c_str(), &how, sizeof how)));
}

// Does another machine answer, perhaps never, or is something mounted by looking?
bool isRemote(int directory) {
  constexpr unsigned long kRemote[] = {NFS_SUPER_MAGIC,  AUTOFS_SUPER_MAGIC, SMB_SUPER_MAGIC,
                                       SMB2_SUPER_MAGIC, CIFS_SUPER_MAGIC,   AFS_SUPER_MAGIC,
                                       CEPH_SUPER_MAGIC, V9FS_MAGIC,         FUSE_SUPER_MAGIC};
  struct statfs its {};
  return ::fstatfs(directory, &its) != 0 ||
         std::find(std::begin(kRemote), std::end(kRemote), static_cast<unsigned long>(its.f_type)) != std::end(kRemote);
}

// The directories in one; none if it cannot be read.
std::vector<std::string> directoriesIn(int directory) {
  std::vector<std::string> names;
  if (isRemote(directory)) return names;
  const int fd = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK);
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(fd < 0 ? nullptr : ::fdopendir(fd), &::closedir);
  if (!stream) return names;
  while (const dirent* entry = ::readdir(stream.get())) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    struct stat its {};
    if (entry->d_type == DT_DIR ||
        (entry->d_type == DT_UNKNOWN && ::fstatat(fd, entry->d_name, &its, AT_SYMLINK_NOFOLLOW) == 0 &&
         S_ISDIR(its.st_mode)))
      names.emplace_back(name);
  }
  return names;
}

// The uid of the pod whose cgroup the kubelet names so: "pod<uid>", or "kubepods-burstable-pod<uid with _>.slice".
std::string podOf(std::string_view cgroup) {
  if (const auto slice = cgroup.rfind(".slice"); slice != std::string_view::npos) cgroup = cgroup.substr(0, slice);
  const auto at = cgroup.rfind("pod");
  if (at == std::string_view::npos || (at != 0 && cgroup[at - 1] != '-')) return {};
  std::string uid(cgroup.substr(at + 3));
  std::ranges::replace(uid, '_', '-');
  return uid;
}

// The cgroups of pods in and below this one: ids (which are their inodes' numbers) by uid.
void findPods(int cgroup, int depth, std::map<std::string, std::uint64_t>& pods) {
  for (const auto& name : directoriesIn(cgroup)) {
    const auto inner = openDirectory(cgroup, name, kInside);
    struct stat its {};
    if (!inner || ::fstat(inner.get(), &its) != 0) continue;
    if (auto uid = podOf(name); !uid.empty())
      pods.emplace(std::move(uid), its.st_ino);
    else if (depth > 1)
      findPods(inner.get(), depth - 1, pods);
  }
}

/// Puts together what all rows say of each directory.
class Collector {
 public:
  explicit Collector(const std::filesystem::path& root) : root_(openDirectory(AT_FDCWD, root.string(), 0)) {
    if (const auto cgroups = openDirectory(root_.get(), "sys/fs/cgroup", kBelow))
      findPods(cgroups.get(), kPodsDepth, pods_);
  }

  [[nodiscard]] bool hasRoot() const { return static_cast<bool>(root_); }
  [[nodiscard]] bool full() const { return full_; }

  void add(const Place& place) {
    UniqueFd root(::fcntl(root_.get(), F_DUPFD_CLOEXEC, 0));
    std::vector<std::string> rest;
    std::istringstream text{std::string(place.directory)};
    for (std::string name; std::getline(text, name, '/');) rest.push_back(name);
    descend(place, "/", std::move(root), rest, 0, {});
  }

  [[nodiscard]] std::vector<HostDirectory> take() {
    std::vector<HostDirectory> all;
    all.reserve(found_.size());
    for (auto& [identity, directory] : found_) {
      std::ranges::sort(directory.entries, {}, [](const auto& one) { return std::pair(one.name, one.tree); });
      all.push_back(std::move(directory));
    }
    return all;
  }

 private:
  // Null if there is no room.
  HostDirectory* note(const std::filesystem::path& path, int directory) {
    struct stat its {};
    if (::fstat(directory, &its) != 0) return nullptr;
    const auto key = std::pair(its.st_dev, its.st_ino);
    auto at = found_.find(key);
    if (at == found_.end()) {
      if (found_.size() == kernel::kHostDirectoriesMax) {
        full_ = true;
        return nullptr;
      }
      at = found_.emplace(key, HostDirectory{path, its.st_dev, its.st_ino, {}}).first;
    }
    return &at->second;
  }

  static void enter(HostDirectory& directory, const kernel::HostEntry& entry) {
    const auto same = std::find_if(directory.entries.begin(), directory.entries.end(), [&](const auto& one) {
      return one.name == entry.name && one.tree == entry.tree && one.owner == entry.owner;
    });
    if (same == directory.entries.end()) {
      if (directory.entries.size() < kernel::kHostEntriesMax) directory.entries.push_back(entry);
      return;
    }
    if (!same->write) same->write = entry.write;
    if (!same->read) same->read = entry.read;
    if (!same->link) same->link = entry.link;
  }

  // Goes on from `directory` to what is left of the place's path. `whose`: what "*" stood for, empty before it.
  void descend(const Place& place, const std::filesystem::path& path, UniqueFd directory,
               const std::vector<std::string>& rest, std::size_t at, const std::string& whose) {
    if (at == rest.size()) {
      const auto pod = pods_.find(whose);
      // A pod without a cgroup has no processes yet, or none any more: whose its secrets are is not known.
      if (place.depth != Depth::Pods)
        arrive(place, path, std::move(directory), 0);
      else if (pod != pods_.end())
        arrive(place, path, std::move(directory), pod->second);
      return;
    }
    const int fd = directory.get();
    if (rest[at] == "*") {
      const auto users = directoriesIn(fd);
      for (std::size_t i = 0; i < std::min(users.size(), kUsersMax); ++i) {
        if (auto next = openDirectory(fd, users[i], kInside))
          descend(place, path / users[i], std::move(next), rest, at + 1, users[i]);
      }
      return;
    }
    // Links lead below the root that is searched, as they do for the host.
    auto next = whose.empty() ? openDirectory(root_.get(), (path / rest[at]).string(), RESOLVE_IN_ROOT)
                              : openDirectory(fd, rest[at], kInside);
    // Who renames what lies above puts another one in its place.
    if (auto* known = note(path, fd); known != nullptr)
      enter(*known, {.name = rest[at], .tree = false, .write = guard(place), .read = kNone, .link = kNone, .owner = 0});
    if (next) descend(place, path / rest[at], std::move(next), rest, at + 1, whose);
  }

  void arrive(const Place& place, const std::filesystem::path& path, UniqueFd directory, std::uint64_t owner) {
    const int fd = directory.get();
    std::vector<std::string> further;
    if (place.depth != Depth::Files) further = directoriesIn(fd);
    for (const auto& name : further) {
      if (auto next = openDirectory(fd, name, place.depth == Depth::Pods ? kBelow : kInside))
        arrive(place, path / name, std::move(next), owner);
    }
    auto* known = note(path, fd);
    if (known == nullptr) return;
    kernel::HostEntry entry{.name = {},
                            .tree = place.depth != Depth::Files,
                            .write = place.write,
                            .read = place.read,
                            .link = place.link,
                            .owner = owner};
    if (place.names.empty()) return enter(*known, entry);
    std::istringstream names{std::string(place.names)};
    while (names >> entry.name) enter(*known, entry);
  }

  UniqueFd root_;
  std::map<std::string, std::uint64_t> pods_;  // their cgroups' ids by uid
  std::map<std::pair<dev_t, ino_t>, HostDirectory> found_;
  bool full_ = false;
};

}  // namespace

Result<std::vector<HostDirectory>> findHostDirectories(const std::filesystem::path& root) {
  Collector collector(root);
  if (!collector.hasRoot()) return tl::unexpected(systemError("cannot open", errno, root));
  for (const auto& place : kPlaces) collector.add(place);
  if (collector.full()) {
    return tl::unexpected(Error{"more than " + std::to_string(kernel::kHostDirectoriesMax) +
                                " directories of the host would have to be watched"});
  }
  return collector.take();
}

UniqueFd openHostDirectory(const std::filesystem::path& root, const HostDirectory& directory) {
  const auto top = openDirectory(AT_FDCWD, root.string(), 0);
  auto fd = openDirectory(top.get(), directory.path.string(), RESOLVE_IN_ROOT);
  struct stat its {};
  if (!fd || ::fstat(fd.get(), &its) != 0 || its.st_dev != directory.dev || its.st_ino != directory.ino) return {};
  return fd;
}

}  // namespace holdfast::holdfastd
