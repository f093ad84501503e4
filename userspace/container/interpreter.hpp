// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

namespace holdfast::container {

/// What the kernel starts a program by.
struct Interpreter {
  std::uint32_t length = 0;  // of its path; 0 if there is none
  bool of_script = false;    // named by a "#!" line, so it may have an interpreter itself; else by an ELF file
};

/// That of an open file, as fs/binfmt_script.c and fs/binfmt_elf.c have it. `path`, which has to be of PATH_MAX bytes,
/// is set to what is in the file, untrusted. Only system calls are made: it can be used in a child of many threads.
[[nodiscard]] Interpreter interpreterOf(int program, std::span<char> path);

}  // namespace holdfast::container
