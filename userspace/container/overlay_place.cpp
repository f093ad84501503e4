// SPDX-License-Identifier: Apache-2.0
#include "container/overlay_place.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>
#include <vector>

#include "base/fd.hpp"

namespace holdfast::container {
namespace {

/// Without following a link; what is in a layer is a container's, or an image's.
UniqueFd openBelow(const std::string& directory, const std::string& below) {
  const UniqueFd layer(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!layer) return {};
  struct open_how how = {};
  how.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
  return UniqueFd(static_cast<int>(::syscall(SYS_openat2, layer.get(), below.c_str(), &how, sizeof how)));
}

std::string nameOf(const UniqueFd& file) { return "/proc/self/fd/" + std::to_string(file.get()); }

/// From the top down. A name with a colon cannot be told from two.
std::vector<std::string> splitLayers(const std::string& option) {
  std::vector<std::string> layers(1);
  for (const char c : option) {
    if (c == ':')
      layers.emplace_back();
    else
      layers.back() += c;
  }
  return layers;
}

struct LowerFile {
  std::string layer;
  UniqueFd file;
};

LowerFile findLower(const MountLine& mount, const std::string& below) {
  for (auto& layer : splitLayers(mount.superOption("lowerdir"))) {
    if (!layer.starts_with('/')) continue;
    UniqueFd file = openBelow(layer, below);
    if (!file) continue;
    struct stat status = {};
    // What is on top hides what lies below it, also if it only says that there is nothing.
    if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return {};
    return {std::move(layer), std::move(file)};
  }
  return {};
}

ssize_t readFull(int fd, char* buffer, std::size_t size) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got = ::read(fd, buffer + done, size - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return got;
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return static_cast<ssize_t>(done);
}

bool sameBytes(const UniqueFd& one, const UniqueFd& other) {
  const UniqueFd first(::open(nameOf(one).c_str(), O_RDONLY | O_CLOEXEC));
  const UniqueFd second(::open(nameOf(other).c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status = {};
  struct stat its = {};
  if (!first || !second || ::fstat(first.get(), &status) != 0 || ::fstat(second.get(), &its) != 0 ||
      status.st_size != its.st_size)
    return false;
  std::array<std::array<char, 65536>, 2> buffers;
  for (;;) {
    const ssize_t got = readFull(first.get(), buffers[0].data(), buffers[0].size());
    if (got < 0 || got != readFull(second.get(), buffers[1].data(), buffers[1].size())) return false;
    if (got == 0) return true;
    if (!std::equal(buffers[0].begin(), buffers[0].begin() + got, buffers[1].begin())) return false;
  }
}

bool hasNote(const UniqueFd& file, const std::string& name) {
  return ::getxattr(nameOf(file).c_str(), ("trusted.overlay." + name).c_str(), nullptr, 0) >= 0 ||
         ::getxattr(nameOf(file).c_str(), ("user.overlay." + name).c_str(), nullptr, 0) >= 0;
}

}  // namespace

OverlayPlace findOnOverlay(const MountLine& mount, const std::string& path) {
  const std::string below = path.substr(1);
  const std::string upper_dir = mount.superOption("upperdir");
  UniqueFd upper;
  if (!upper_dir.empty()) {
    if (!upper_dir.starts_with('/') || ::access(upper_dir.c_str(), F_OK) != 0) return {};
    upper = openBelow(upper_dir, below);
    if (!upper && errno != ENOENT && errno != ENOTDIR) return {};
  }
  const LowerFile lower = findLower(mount, below);
  // Of one that has its attributes alone in the upper layer, the bytes are the lower one's.
  if (!upper || hasNote(upper, "metacopy")) return {kernel::Origin::Image, lower.layer, false};
  struct stat status = {};
  const bool linked = lower.file && ::fstat(lower.file.get(), &status) == 0 && status.st_nlink > 1;
  const bool copied = hasNote(upper, "origin");
  return {copied ? kernel::Origin::Changed : kernel::Origin::Added, upper_dir,
          (copied || linked) && lower.file && sameBytes(upper, lower.file)};
}

}  // namespace holdfast::container
