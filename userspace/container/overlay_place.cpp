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
#include <cstring>
#include <filesystem>
#include <optional>
#include <system_error>
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

/// Bytes of a file that the kernel compares at most, and calls changed otherwise (kmod/accept.c, limit_of()).
constexpr off_t kCompared = off_t{1} << 30;

bool sameBytes(const UniqueFd& one, const UniqueFd& other) {
  const UniqueFd first(::open(nameOf(one).c_str(), O_RDONLY | O_CLOEXEC));
  const UniqueFd second(::open(nameOf(other).c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status = {};
  struct stat its = {};
  if (!first || !second || ::fstat(first.get(), &status) != 0 || ::fstat(second.get(), &its) != 0 ||
      status.st_size != its.st_size || status.st_size > kCompared)
    return false;
  std::array<std::array<char, 65536>, 2> buffers;
  for (;;) {
    const ssize_t got = readFull(first.get(), buffers[0].data(), buffers[0].size());
    if (got < 0 || got != readFull(second.get(), buffers[1].data(), buffers[1].size())) return false;
    if (got == 0) return true;
    if (!std::equal(buffers[0].begin(), buffers[0].begin() + got, buffers[1].begin())) return false;
  }
}

std::optional<std::string> noteOf(const UniqueFd& file, const std::string& name) {
  std::array<char, 256> value;
  for (const char* kind : {"trusted.overlay.", "user.overlay."}) {
    const ssize_t size = ::getxattr(nameOf(file).c_str(), (kind + name).c_str(), value.data(), value.size());
    if (size >= 0) return std::string(value.data(), static_cast<std::size_t>(size));
  }
  return std::nullopt;
}

/// Overlayfs' note of what a file was copied from (fs/overlayfs/overlayfs.h, struct ovl_fb): a handle of the lower
/// file.
constexpr std::size_t kNoteTypeAt = 4;
constexpr std::size_t kNoteHandleAt = 21;

/// The lower file that one was copied from, whatever its name has become since.
LowerFile findCopied(const MountLine& mount, const std::string& note) {
  if (note.size() <= kNoteHandleAt) return {};  // a file system without handles
  const std::string bytes = note.substr(kNoteHandleAt);
  std::vector<char> room(sizeof(struct file_handle) + bytes.size());
  struct file_handle head = {};
  head.handle_bytes = static_cast<unsigned>(bytes.size());
  head.handle_type = static_cast<unsigned char>(note[kNoteTypeAt]);
  std::memcpy(room.data(), &head, sizeof head);
  std::ranges::copy(bytes, room.begin() + sizeof head);
  for (const auto& layer : splitLayers(mount.superOption("lowerdir"))) {
    const UniqueFd directory(::open(layer.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory) continue;
    auto* handle = reinterpret_cast<struct file_handle*>(room.data());
    UniqueFd file(::open_by_handle_at(directory.get(), handle, O_PATH | O_CLOEXEC));
    // The handle is one of the whole file system's; the layer is a part of it.
    std::error_code error;
    const auto found = std::filesystem::read_symlink(nameOf(file), error).string();
    const auto inside = std::filesystem::read_symlink(nameOf(directory), error).string();
    if (file && !error && found.starts_with(inside + "/")) return {layer, std::move(file)};
  }
  return {};
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
  LowerFile lower = findLower(mount, below);
  if (!upper) return {kernel::Origin::Image, lower.layer, false};
  struct stat status = {};
  const bool linked = lower.file && ::fstat(lower.file.get(), &status) == 0 && status.st_nlink > 1;
  const auto note = noteOf(upper, "origin");
  if (auto copied = note ? findCopied(mount, *note) : LowerFile(); copied.file) lower = std::move(copied);
  // Of one that has its attributes alone in the upper layer, the bytes are the lower one's.
  if (noteOf(upper, "metacopy")) return {kernel::Origin::Image, lower.layer, false};
  const bool unchanged = (note || linked) && lower.file && sameBytes(upper, lower.file);
  return {note ? kernel::Origin::Changed : kernel::Origin::Added, upper_dir, unchanged};
}

}  // namespace holdfast::container
