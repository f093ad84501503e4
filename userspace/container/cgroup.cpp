// SPDX-License-Identifier: Apache-2.0
#include "container/cgroup.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <system_error>

#include "base/file.hpp"
#include "container/runc_state.hpp"

namespace holdfast::container {

namespace {

constexpr std::size_t kProcsBytesMax = 4 * 1024 * 1024;
constexpr std::size_t kDepthMax = 32;
constexpr std::size_t kNamedMax = 16384;
constexpr std::size_t kIdentifierMin = 12;  // as the kernel side demands

void addProcesses(const std::filesystem::path& directory, std::size_t depth, std::vector<std::uint32_t>& pids) {
  // A threaded cgroup refuses this read; its processes are listed by the root of the threaded subtree.
  if (const auto read = readFile(directory / "cgroup.procs", kProcsBytesMax)) {
    const std::string_view text = *read;
    const char* at = text.data();
    const char* const end = at + text.size();
    while (at < end) {
      std::uint32_t pid = 0;
      const auto [next, error] = std::from_chars(at, end, pid);
      // 0 stands for a process that is not in our pid namespace.
      if (error == std::errc() && pid != 0) pids.push_back(pid);
      at = std::find(next, end, '\n') + 1;
    }
  }
  if (depth >= kDepthMax) return;
  std::error_code gone;
  for (std::filesystem::directory_iterator it(directory, gone), end; !gone && it != end; it.increment(gone)) {
    if (isDirectory(*it)) addProcesses(it->path(), depth + 1, pids);
  }
}

std::string_view lastComponent(std::string_view path) { return path.substr(path.rfind('/') + 1); }

std::string_view parentOf(std::string_view path) {
  return path.substr(0, path.size() - std::min(path.size(), lastComponent(path).size() + 1));
}

bool isIdentifier(std::string_view text) {
  return text.size() >= kIdentifierMin &&
         std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::optional<std::string_view> identifierIn(std::string_view last, std::string_view parent,
                                             const std::vector<kernel::Pattern>& patterns) {
  for (const auto& pattern : patterns) {
    if (last.size() < pattern.prefix.size() + pattern.suffix.size() || !last.starts_with(pattern.prefix) ||
        !last.ends_with(pattern.suffix) || (!pattern.parent.empty() && pattern.parent != parent))
      continue;
    const auto middle = last.substr(pattern.prefix.size(), last.size() - pattern.prefix.size() - pattern.suffix.size());
    if (isIdentifier(middle)) return middle;
  }
  return std::nullopt;
}

void addNamed(const std::filesystem::path& mount, const std::string& path, std::size_t depth,
              const std::vector<kernel::Pattern>& patterns, std::vector<NamedCgroup>& out) {
  std::error_code gone;
  for (std::filesystem::directory_iterator it(mount.string() + path, gone), end; !gone && it != end;
       it.increment(gone)) {
    if (!isDirectory(*it)) continue;
    if (out.size() >= kNamedMax) return;
    const std::string below = path + "/" + it->path().filename().string();
    const auto name = identifierIn(lastComponent(below), lastComponent(path), patterns);
    if (const auto id = name ? cgroupId(mount, below) : std::nullopt) {
      out.push_back({*id, below, std::string(*name)});
    } else if (depth < kDepthMax) {
      addNamed(mount, below, depth + 1, patterns, out);
    }
  }
}

}  // namespace

bool isDirectory(const std::filesystem::directory_entry& entry) {
  std::error_code gone;
  return !entry.is_symlink(gone) && entry.is_directory(gone);
}

std::vector<NamedCgroup> cgroupsNamed(const std::filesystem::path& mount,
                                      const std::vector<kernel::Pattern>& patterns) {
  std::vector<NamedCgroup> found;
  addNamed(mount, {}, 0, patterns, found);
  return found;
}

std::optional<std::uint64_t> cgroupId(const std::filesystem::path& mount, std::string_view path) {
  if (!isCgroupPath(path)) return std::nullopt;
  struct stat status {};
  if (::lstat((mount.string() + std::string(path)).c_str(), &status) != 0 || !S_ISDIR(status.st_mode))
    return std::nullopt;
  return status.st_ino;
}

std::vector<std::uint32_t> processesOf(const std::filesystem::path& mount, std::string_view path) {
  std::vector<std::uint32_t> pids;
  if (isCgroupPath(path)) addProcesses(mount.string() + std::string(path), 0, pids);
  return pids;
}

bool isWithin(std::string_view path, std::string_view ancestor) {
  return path.starts_with(ancestor) && (path.size() == ancestor.size() || path[ancestor.size()] == '/');
}

std::vector<kernel::Pattern> runtimePatterns() {
  return {
      {"docker-", ".scope", ""},
      {"cri-containerd-", ".scope", ""},
      {"crio-", ".scope", ""},
      {"libpod-", ".scope", ""},
      {"nerdctl-", ".scope", ""},
      // the same with cgroupfs as the runtime's cgroup manager
      {"crio-", "", ""},
      {"libpod-", "", ""},
      // podman run --cgroups=split, as Quadlet's units have it
      {"libpod-payload-", "", ""},
      {"", "", "docker"},
      {"", "", "default"},
      {"", "", "moby"},
      {"", "", "k8s.io"},
  };
}

bool isInNamed(std::string_view path, const std::vector<kernel::Pattern>& patterns) {
  for (; !path.empty(); path = parentOf(path)) {
    if (identifierIn(lastComponent(path), lastComponent(parentOf(path)), patterns)) return true;
  }
  return false;
}

std::string nameFromPath(std::string_view path, const std::vector<kernel::Pattern>& patterns) {
  const auto last = lastComponent(path);
  return std::string(identifierIn(last, lastComponent(parentOf(path)), patterns).value_or(last));
}

}  // namespace holdfast::container
