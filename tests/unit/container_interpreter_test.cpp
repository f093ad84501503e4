// SPDX-License-Identifier: Apache-2.0
#include <elf.h>
#include <fcntl.h>

#include <array>
#include <catch2/catch.hpp>
#include <climits>
#include <string>

#include "base/fd.hpp"
#include "base_test_support.hpp"
#include "container/interpreter.hpp"

using namespace holdfast;
using namespace std::string_literals;

namespace {

/// "#! PATH", "ELF PATH", or "none".
std::string startedBy(const std::string& content) {
  const test::ScratchDirectory scratch;
  const UniqueFd file(::open(scratch.write("program", content).c_str(), O_RDONLY | O_CLOEXEC));
  REQUIRE(file);
  std::array<char, PATH_MAX> path;
  const auto found = container::interpreterOf(file.get(), path);
  return found.length == 0 ? "none" : (found.of_script ? "#! " : "ELF ") + std::string(path.data(), found.length);
}

template <typename T>
std::string bytesOf(const T& value) {
  return std::string(reinterpret_cast<const char*>(&value), sizeof value);
}

/// A program of 64 or 32 bits with two segments, the second an interpreter's, which lies at its end.
template <typename Header, typename Segment>
std::string program(unsigned char bits, const std::string& interpreter, std::uint32_t size,
                    std::uint16_t segment_size = sizeof(Segment)) {
  Header header = {};
  std::copy_n(ELFMAG, SELFMAG, header.e_ident);
  header.e_ident[EI_CLASS] = bits;
  header.e_phoff = 70000;
  header.e_phentsize = segment_size;
  header.e_phnum = 2;
  std::array<Segment, 2> segments = {};
  segments[0].p_type = PT_LOAD;
  segments[1].p_type = PT_INTERP;
  segments[1].p_offset = static_cast<decltype(Segment::p_offset)>(header.e_phoff + sizeof segments);
  segments[1].p_filesz = size;
  return bytesOf(header) + std::string(header.e_phoff - sizeof header, '\0') + bytesOf(segments) + interpreter;
}

std::string program64(const std::string& interpreter, std::uint32_t size) {
  return program<Elf64_Ehdr, Elf64_Phdr>(ELFCLASS64, interpreter, size);
}

}  // namespace

TEST_CASE("a script's interpreter is what the kernel takes for it") {
  CHECK(startedBy("#!/bin/sh\n") == "#! /bin/sh");
  CHECK(startedBy("#!/bin/sh") == "#! /bin/sh");
  CHECK(startedBy("#! \t/usr/bin/env  python3 -u\nprint()\n") == "#! /usr/bin/env");
  CHECK(startedBy("#!/bin/sh \n") == "#! /bin/sh");
  CHECK(startedBy("#!relative\n") == "#! relative");
  CHECK(startedBy("#!/bin/sh\0/other\n"s) == "#! /bin/sh");
  for (const auto* none : {"", "#", "#!", "#!\n", "#! \t \n/bin/sh\n", " #!/bin/sh\n", "text"})
    CHECK(startedBy(none) == "none");
  // of one that is cut off the kernel does not start the beginning
  CHECK(startedBy("#!" + std::string(300, 'x')) == "none");
  CHECK(startedBy("#!" + std::string(300, 'x') + "\n") == "none");
  CHECK(startedBy("#!" + std::string(300, ' ')) == "none");
  CHECK(startedBy("#!/bin/sh " + std::string(300, 'x')) == "#! /bin/sh");
  CHECK(startedBy("#!" + std::string(252, 'x') + "\n") == "#! " + std::string(252, 'x'));
}

TEST_CASE("a program's interpreter is read wherever it lies, and what is no program has none") {
  CHECK(startedBy(program64("/lib/ld.so\0"s, 11)) == "ELF /lib/ld.so");
  CHECK(startedBy(program<Elf32_Ehdr, Elf32_Phdr>(ELFCLASS32, "/lib/ld32.so\0"s, 13)) == "ELF /lib/ld32.so");
  CHECK(startedBy(program64("/lib/ld.so\0more\0"s, 16)) == "ELF /lib/ld.so");
  CHECK(startedBy(program64("/lib/ld.so", 10)) == "none");
  CHECK(startedBy(program64("/lib/ld.so\0"s, 12)) == "none");
  CHECK(startedBy(program64("\0"s, 1)) == "none");
  CHECK(startedBy(program64(std::string(PATH_MAX - 1, 'x') + '\0', PATH_MAX)) ==
        "ELF " + std::string(PATH_MAX - 1, 'x'));
  CHECK(startedBy(program64(std::string(PATH_MAX, 'x') + '\0', PATH_MAX + 1)) == "none");
  CHECK(startedBy(program<Elf64_Ehdr, Elf64_Phdr>(ELFCLASS64, "/lib/ld.so\0"s, 11, 8)) == "none");
  const auto whole = program64("/lib/ld.so\0"s, 11);
  for (const std::size_t size : {4UL, 20UL, 64UL, 70000UL, 70100UL, whole.size() - 1})
    CHECK(startedBy(whole.substr(0, size)) == "none");
}
