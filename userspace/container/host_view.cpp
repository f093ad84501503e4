// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <charconv>
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

/// By what the kernel has in memory: who serves a file system, or a network, is not asked. Of a container that has just
/// started that is all, as its runtime has been there.
std::optional<HostView::Object> look(const std::string& path) {
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_CACHED;
  const UniqueFd fd(static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof how)));
  struct statx status {};
  if (!fd || ::statx(fd.get(), "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE | STATX_INO, &status) != 0)
    return std::nullopt;
  return HostView::Object{linkAt("/proc/self/fd/" + std::to_string(fd.get())), status.stx_mode,
                          makedev(status.stx_dev_major, status.stx_dev_minor), status.stx_ino};
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
