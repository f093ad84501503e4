// SPDX-License-Identifier: Apache-2.0
#include "container/mount_line.hpp"

#include <sys/sysmacros.h>

#include <algorithm>
#include <charconv>
#include <vector>

namespace holdfast::container {
namespace {

bool isOctal(std::string_view digits) {
  return digits.size() == 3 && std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '7'; });
}

/// "\040" is a blank.
std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && isOctal(text.substr(i + 1, 3))) {
      out += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

bool has(std::string_view options, std::string_view option) {
  const auto all = split(options, ',');
  return std::ranges::find(all, option) != all.end();
}

}  // namespace

bool MountLine::noExec() const { return has(options, "noexec") || has(super_options, "noexec"); }

bool MountLine::readOnly() const { return has(options, "ro") || has(super_options, "ro"); }

std::uint64_t MountLine::deviceNumber() const {
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  const char* end = device.data() + device.size();
  const char* colon = std::from_chars(device.data(), end, major).ptr;
  if (colon != end) std::from_chars(colon + 1, end, minor);
  return makedev(major, minor);
}

std::string MountLine::superOption(std::string_view name) const {
  for (const std::string_view option : split(super_options, ',')) {
    if (!option.starts_with(name) || option.size() <= name.size() || option[name.size()] != '=') continue;
    const std::string value = unescaped(option.substr(name.size() + 1));
    std::string out;
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (value[i] == '\\' && i + 1 < value.size()) ++i;  // overlayfs' own, as "\:"
      out += value[i];
    }
    return out;
  }
  return {};
}

bool MountLine::hasSuperOption(std::string_view name) const { return has(super_options, name); }

std::string MountLine::inFileSystem(std::string_view path) const {
  if (point != "/") path.remove_prefix(std::min(point.size(), path.size()));
  return (root == "/" ? "" : root) + std::string(path);
}

Result<MountLine> parseMountLine(std::string_view line) {
  // 36 35 98:0 /mnt1 /mnt2 rw,noatime shared:1 - ext3 /dev/root rw,errors=continue
  const auto parts = split(line, ' ');
  const auto dash =
      std::find(parts.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(6, parts.size())), parts.end(), "-");
  MountLine mount;
  if (parts.end() - dash < 4 ||
      std::from_chars(parts[0].data(), parts[0].data() + parts[0].size(), mount.id).ec != std::errc())
    return fail("not a line of mountinfo");
  mount.device = parts[2];
  mount.root = unescaped(parts[3]);
  mount.point = unescaped(parts[4]);
  mount.options = parts[5];
  mount.type = dash[1];
  mount.source = unescaped(dash[2]);
  mount.super_options = dash[3];
  return mount;
}

Result<MountLine> findMountLine(std::string_view mountinfo, std::uint64_t id) {
  for (const std::string_view line : split(mountinfo, '\n')) {
    auto mount = parseMountLine(line);
    if (mount && mount->id == id) return mount;
  }
  return fail("there is no mount " + std::to_string(id));
}

}  // namespace holdfast::container
