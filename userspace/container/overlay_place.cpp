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
#include <climits>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <optional>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

#include "base/fd.hpp"
#include "base/sha256.hpp"

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

using Note = std::optional<std::string>;

/// Of overlayfs, on a file of a layer. Those of the other kind are a container's own, which may write them as it likes.
Note noteOf(const MountLine& mount, const UniqueFd& file, const std::string& name) {
  const std::string full = (mount.hasSuperOption("userxattr") ? "user.overlay." : "trusted.overlay.") + name;
  std::array<char, PATH_MAX> value;
  const ssize_t size = ::getxattr(nameOf(file).c_str(), full.c_str(), value.data(), value.size());
  return size < 0 ? Note() : std::string(value.data(), static_cast<std::size_t>(size));
}

/// A file or directory of a layer.
struct Place {
  std::size_t layer = 0;  // 0 is the upper one
  std::string below;
};

/// The directories that an overlay is made of, as overlayfs' documentation has it.
class Layers {
 public:
  explicit Layers(const MountLine& mount) : mount_(mount), roots_(splitLayers(mount.superOption("lowerdir"))) {
    roots_.insert(roots_.begin(), mount.superOption("upperdir"));
  }

  [[nodiscard]] const std::string& root(const Place& place) const { return roots_[place.layer]; }
  [[nodiscard]] UniqueFd open(const Place& place) const { return openBelow(root(place), place.below); }

  /// What makes up the directory that is called so in the overlay, from the top down; "" is the overlay's root.
  [[nodiscard]] std::vector<Place> directory(const std::string& path) const {
    std::vector<Place> places = from(0);
    for (const auto& part : std::filesystem::path(path)) places = called(places, part.string());
    return places;
  }

  /// What is called so in these: a file, or what makes up a directory. What is on top hides what lies below it, also if
  /// it only says that there is nothing.
  [[nodiscard]] std::vector<Place> called(std::vector<Place> directories, std::string name) const {
    std::vector<Place> found;
    for (std::size_t i = 0; i < directories.size(); ++i) {
      Place place{directories[i].layer, std::filesystem::path(directories[i].below) / name};
      const UniqueFd file = open(place);
      struct stat status = {};
      if (!file || ::fstat(file.get(), &status) != 0) continue;
      if (!S_ISDIR(status.st_mode)) {
        if (found.empty() && S_ISREG(status.st_mode)) found.push_back(std::move(place));
        break;
      }
      const std::size_t layer = place.layer;
      found.push_back(std::move(place));
      if (noteOf(mount_, file, "opaque") == "y") break;
      const Note redirect = noteOf(mount_, file, "redirect");
      if (!redirect) continue;
      name = *redirect;
      if (!name.starts_with('/')) continue;
      // from the roots of all that lie below
      name.erase(0, 1);
      auto rest = from(layer + 1);
      directories.resize(i + 1);
      directories.insert(directories.end(), rest.begin(), rest.end());
    }
    return found;
  }

 private:
  [[nodiscard]] std::vector<Place> from(std::size_t layer) const {
    std::vector<Place> places;
    for (; layer < roots_.size(); ++layer) {
      if (roots_[layer].starts_with('/')) places.push_back({layer, {}});
    }
    return places;
  }

  const MountLine& mount_;
  std::vector<std::string> roots_;
};

struct LowerFile {
  std::string layer;
  UniqueFd file;
};

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

/// With an index all names of a file stay names of one, wherever one of them was copied up: the copy, which is called
/// by the note of what it was copied from.
UniqueFd findIndexed(const MountLine& mount, const UniqueFd& lower) {
  const std::string index = mount.superOption("workdir") + "/index";
  std::array<std::uint8_t, sizeof(struct file_handle) + MAX_HANDLE_SZ> room = {};
  struct file_handle head = {};
  head.handle_bytes = MAX_HANDLE_SZ;
  std::memcpy(room.data(), &head, sizeof head);
  int id = 0;
  if (mount.superOption("index") != "on" ||
      ::name_to_handle_at(lower.get(), "", reinterpret_cast<struct file_handle*>(room.data()), &id, AT_EMPTY_PATH) != 0)
    return {};
  std::memcpy(&head, room.data(), sizeof head);
  const std::string handle = hexOf(std::span(room).subspan(sizeof head, head.handle_bytes));
  std::error_code error;
  for (std::filesystem::directory_iterator entry(index, error), end; !error && entry != end; entry.increment(error)) {
    const auto name = entry->path().filename().string();
    if (name.size() == 2 * kNoteHandleAt + handle.size() && name.ends_with(handle)) return openBelow(index, name);
  }
  return {};
}

}  // namespace

OverlayPlace findOnOverlay(const MountLine& mount, const std::string& path) {
  const std::string upper_dir = mount.superOption("upperdir");
  if (!upper_dir.empty() && (!upper_dir.starts_with('/') || ::access(upper_dir.c_str(), F_OK) != 0)) return {};
  const Layers layers(mount);
  const std::filesystem::path relative = std::filesystem::path(path).relative_path();
  auto directories = layers.directory(relative.parent_path());
  const auto name = relative.filename().string();
  UniqueFd upper;
  if (const auto found = layers.called(directories, name); !found.empty() && found.front().layer == 0) {
    upper = layers.open(found.front());
    if (!upper) return {};
  }
  std::erase_if(directories, [](const Place& place) { return place.layer == 0; });
  LowerFile lower;
  if (const auto found = layers.called(std::move(directories), name); !found.empty())
    lower = {layers.root(found.front()), layers.open(found.front())};
  struct stat status = {};
  const bool linked = lower.file && ::fstat(lower.file.get(), &status) == 0 && status.st_nlink > 1;
  if (!upper && linked) upper = findIndexed(mount, lower.file);
  if (!upper) return {kernel::Origin::Image, lower.layer, false};
  const auto note = noteOf(mount, upper, "origin");
  if (auto copied = note ? findCopied(mount, *note) : LowerFile(); copied.file) lower = std::move(copied);
  // Of one that has its attributes alone in the upper layer, the bytes are the lower one's.
  if (noteOf(mount, upper, "metacopy")) return {kernel::Origin::Image, lower.layer, false};
  // Of a file with several names no note is left.
  const bool copied = note || linked;
  return {copied ? kernel::Origin::Changed : kernel::Origin::Added, upper_dir,
          copied && lower.file && sameBytes(upper, lower.file)};
}

}  // namespace holdfast::container
