// SPDX-License-Identifier: Apache-2.0
#include "container/interpreter.hpp"

#include <elf.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstring>
#include <string_view>

namespace holdfast::container {
namespace {

constexpr std::size_t kLineBytesMax = 256;  // include/uapi/linux/binfmts.h, BINPRM_BUF_SIZE

bool readAt(int file, void* to, std::size_t size, std::uint64_t offset) {
  return offset <= INT64_MAX && ::pread(file, to, size, static_cast<off_t>(offset)) == static_cast<ssize_t>(size);
}

/// The line ends at the end of what the kernel reads of it, too, but then its first word must have ended before.
std::uint32_t ofScript(std::string_view line, std::span<char> path) {
  constexpr std::string_view kBlank = " \t";
  const auto end = line.find_first_of(std::string_view("\n\0", 2));
  const bool whole = end != std::string_view::npos;
  if (whole) line = line.substr(0, end);
  line.remove_prefix(std::min(line.find_first_not_of(kBlank), line.size()));
  const auto word = line.find_first_of(kBlank);
  if (word == std::string_view::npos && !whole) return 0;
  return static_cast<std::uint32_t>(line.substr(0, word).copy(path.data(), path.size()));
}

template <typename Header, typename Segment>
std::uint32_t ofElf(int program, std::span<char> path) {
  Header header = {};
  if (!readAt(program, &header, sizeof header, 0) || header.e_phentsize != sizeof(Segment)) return 0;
  for (std::uint64_t i = 0; i < header.e_phnum; ++i) {
    Segment segment = {};
    if (!readAt(program, &segment, sizeof segment, header.e_phoff + i * sizeof segment)) return 0;
    if (segment.p_type != PT_INTERP) continue;
    if (segment.p_filesz < 2 || segment.p_filesz > std::min<std::size_t>(path.size(), PATH_MAX)) return 0;
    if (!readAt(program, path.data(), segment.p_filesz, segment.p_offset) || path[segment.p_filesz - 1] != '\0')
      return 0;
    return static_cast<std::uint32_t>(::strnlen(path.data(), segment.p_filesz));
  }
  return 0;
}

}  // namespace

Interpreter interpreterOf(int program, std::span<char> path) {
  std::array<char, kLineBytesMax> start = {};
  if (::pread(program, start.data(), start.size(), 0) < 2) return {};
  const std::string_view bytes(start.data(), start.size());
  if (bytes.starts_with("#!")) return {ofScript(bytes.substr(2), path), true};
  if (!bytes.starts_with(ELFMAG)) return {};
  return {start[EI_CLASS] == ELFCLASS32 ? ofElf<Elf32_Ehdr, Elf32_Phdr>(program, path)
                                        : ofElf<Elf64_Ehdr, Elf64_Phdr>(program, path),
          false};
}

}  // namespace holdfast::container
