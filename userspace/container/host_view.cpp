// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <functional>
#include <iterator>
#include <numeric>
#include <system_error>

#include "base/fd.hpp"
#include "base/file.hpp"
#include "container/posture.hpp"

namespace holdfast::container {

namespace {

std::string linkAt(const std::string& path) {
  std::error_code error;
  return std::filesystem::read_symlink(path, error).string();
}

UniqueFd openCached(const std::string& path, std::uint64_t flags) {
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC | flags;
  how.resolve = RESOLVE_CACHED;
  return UniqueFd(static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof how)));
}

std::optional<struct statx> statusOf(const UniqueFd& fd) {
  struct statx status {};
  if (!fd ||
      ::statx(fd.get(), "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE | STATX_INO | STATX_MNT_ID, &status) != 0)
    return std::nullopt;
  return status;
}

/// Link by link, as the kernel follows none from memory alone whose time of access it has to set (path_resolution(7),
/// fs/namei.c pick_link), or that lies on an overlay. Those on the root's own mount can be read without a wait.
std::string withLinksFollowed(const std::string& path) {
  constexpr int kLinksMax = 40;  // the kernel's MAXSYMLINKS
  const auto root = statusOf(openCached("/", 0));
  std::filesystem::path done = "/";
  std::filesystem::path rest = std::filesystem::path(path).relative_path();
  for (int links = 0; root && !rest.empty();) {
    const auto name = *rest.begin();
    rest = std::accumulate(std::next(rest.begin()), rest.end(), std::filesystem::path(), std::divides<>());
    if (name.empty() || name == ".") continue;
    if (name == "..") {
      done = done.parent_path();
      continue;
    }
    const auto fd = openCached(done / name, O_NOFOLLOW);
    const auto status = statusOf(fd);
    if (!status) return {};
    if (!S_ISLNK(status->stx_mode)) {
      if (!S_ISDIR(status->stx_mode) && !rest.empty()) return {};
      done /= name;
      continue;
    }
    std::array<char, PATH_MAX> target{};
    if (++links > kLinksMax || status->stx_mnt_id != root->stx_mnt_id) return {};
    const auto length = ::readlinkat(fd.get(), "", target.data(), target.size());
    if (length <= 0) return {};
    const std::filesystem::path leads(std::string_view(target.data(), static_cast<std::size_t>(length)));
    if (leads.is_absolute()) done = "/";
    rest = leads.relative_path() / rest;
  }
  return done;
}

/// By what the kernel has in memory: who serves a file system, or a network, is not asked. Of a container that has just
/// started that is all, as its runtime has been there.
std::optional<HostView::Object> look(const std::string& path) {
  auto fd = openCached(path, 0);
  if (!fd && errno == EAGAIN) {
    if (const auto followed = withLinksFollowed(path); !followed.empty()) fd = openCached(followed, 0);
  }
  const auto status = statusOf(fd);
  if (!status) return std::nullopt;
  return HostView::Object{linkAt("/proc/self/fd/" + std::to_string(fd.get())), status->stx_mode,
                          makedev(status->stx_dev_major, status->stx_dev_minor), status->stx_ino};
}

struct NamespaceType {
  std::string_view type;   // of the specification
  const char* file;        // of /proc/PID/ns
  std::uint64_t hosts_id;  // as the kernel's proc_ns.h has it; 0: none that is fixed
};
constexpr std::array kTypes = {NamespaceType{"ipc", "ipc", 0xEFFFFFFF},
                               NamespaceType{"uts", "uts", 0xEFFFFFFE},
                               NamespaceType{"user", "user", 0xEFFFFFFD},
                               NamespaceType{"pid", "pid", 0xEFFFFFFC},
                               NamespaceType{"cgroup", "cgroup", 0xEFFFFFFB},
                               NamespaceType{"network", "net", 0},
                               NamespaceType{"mount", "mnt", 0}};

/// The number in "net:[4026531840]".
std::optional<std::uint64_t> namespaceId(const std::string& link) {
  const auto begin = link.find('[');
  std::uint64_t id = 0;
  if (begin == link.npos) return std::nullopt;
  const auto done = std::from_chars(link.data() + begin + 1, link.data() + link.size(), id);
  return done.ec == std::errc() ? std::optional(id) : std::nullopt;
}

std::optional<bool> isHostNamespace(const std::string& type, const std::string& path) {
  for (const auto& known : kTypes) {
    if (known.type != type) continue;
    const std::string file = known.file;
    if (path == "/proc/1/ns/" + file) return true;
    // This service runs in the host's network, though in mounts of its own.
    const auto hosts =
        known.hosts_id != 0 ? std::optional(known.hosts_id) : namespaceId(linkAt("/proc/self/ns/" + file));
    std::optional<std::uint64_t> id;
    if (path.starts_with("/proc/") && path.find("..") == path.npos) {
      id = namespaceId(linkAt(path));
    } else if (const auto object = look(path)) {
      id = object->ino;
    }
    if (!id || !hosts || type == "mount") return std::nullopt;
    return *id == *hosts;
  }
  return false;
}

}  // namespace

HostView thisHost() {
  return {look, isHostNamespace, readFile("/sys/module/apparmor/parameters/enabled", 16).value_or("").starts_with('Y')};
}

}  // namespace holdfast::container
