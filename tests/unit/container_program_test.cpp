// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <fstream>
#include <thread>

#include "base_test_support.hpp"
#include "container/mount_line.hpp"
#include "container/overlay_place.hpp"
#include "container/program.hpp"
#include "container/sandbox.hpp"

using namespace holdfast;
using namespace std::chrono_literals;

TEST_CASE("a line of mountinfo, with what the kernel and overlayfs escape") {
  const auto mount = container::parseMountLine(
      R"(1200 900 0:51 /sub\040dir /mnt/a\134b rw,noexec,relatime shared:1 master:2 - overlay overlay )"
      R"(rw,lowerdir=/l1:/l2,upperdir=/var/a\054b\134\072c/diff,workdir=/w)");
  REQUIRE(mount);
  CHECK(mount->id == 1200);
  CHECK(mount->device == "0:51");
  CHECK(mount->root == "/sub dir");
  CHECK(mount->point == "/mnt/a\\b");
  CHECK(mount->type == "overlay");
  CHECK(mount->noExec());
  CHECK_FALSE(mount->readOnly());
  CHECK(container::parseMountLine("1 900 0:51 / / noexec,ro - overlay overlay rw")->readOnly());
  CHECK(container::parseMountLine("1 900 0:51 / / rw - squashfs /dev/x ro")->readOnly());
  CHECK(mount->superOption("upperdir") == "/var/a,b:c/diff");
  CHECK(mount->superOption("upper").empty());
  CHECK(mount->inFileSystem("/mnt/a\\b/x") == "/sub dir/x");
  for (const char* bad : {"", "1 2 3", "x 900 0:51 / / rw - overlay overlay rw", "1 900 0:51 / / rw - overlay"})
    CHECK_FALSE(container::parseMountLine(bad));
  CHECK(mount->source == "overlay");
  CHECK(mount->deviceNumber() == 51);
  CHECK(container::parseMountLine("1 900 259:300 / / rw - ext4 /dev/x rw")->deviceNumber() == makedev(259, 300));
  CHECK_FALSE(container::findMountLine("1 900 0:51 / / rw - overlay overlay rw\n", 2));
}

TEST_CASE("a program is looked up from a process's root and never leaves it") {
  if (::geteuid() != 0) {
    CHECK_FALSE(container::findProgram(static_cast<std::uint32_t>(::getpid()), "/", 1s));
    return;
  }
  const auto self = static_cast<std::uint32_t>(::getpid());
  const test::ScratchDirectory scratch;
  const auto file = scratch.write("program", "#!/bin/sh\n");
  std::filesystem::create_symlink("../../../../../../../.." + file.string(), scratch / "link");
  auto program = container::findProgram(self, (scratch / "link").string(), 5s);
  INFO((program ? "" : program.error().text()));
  REQUIRE(program);
  CHECK(program->path == file.string());
  CHECK(program->not_executable == "it has no x permission");
  ::chmod(file.c_str(), 0755);
  CHECK(container::findProgram(self, file.string(), 5s)->not_executable.empty());
  CHECK(container::findProgram(self, scratch.path().string(), 5s)->not_executable == "it is no regular file");
  // /proc/PID/root and its like would lead out
  CHECK_FALSE(container::findProgram(self, "/proc/self/root/etc", 5s));
  CHECK_FALSE(container::findProgram(self, (scratch / "none").string(), 5s));
  CHECK_FALSE(container::findProgram(0, "/", 5s));
  // Who knows the name without links does not follow one that was put there since.
  CHECK(container::findProgram(self, file.string(), 5s, container::Links::Refused));
  CHECK_FALSE(container::findProgram(self, (scratch / "link").string(), 5s, container::Links::Refused));
  std::filesystem::create_symlink(scratch.path(), scratch / "way");
  CHECK(container::findProgram(self, (scratch / "way" / "program").string(), 5s));
  CHECK_FALSE(container::findProgram(self, (scratch / "way" / "program").string(), 5s, container::Links::Refused));
}

TEST_CASE("a runtime's program is what the host has by its name, mounted by itself") {
  if (::geteuid() != 0) return;
  const test::ScratchDirectory scratch;
  const auto file = scratch.write("init", "#!/bin/sh\n").string();
  const auto other = scratch.write("other", "#!/bin/sh\n").string();
  auto program = container::findProgram(static_cast<std::uint32_t>(::getpid()), file, 5s);
  REQUIRE(program);
  CHECK_FALSE(container::isRuntimeProgram(*program, {file}));
  program->mounted_alone = true;
  CHECK(container::isRuntimeProgram(*program, {"/none", file}));
  CHECK_FALSE(container::isRuntimeProgram(*program, {other, "/none"}));
  CHECK_FALSE(container::isRuntimeProgram(*program, {}));
}

TEST_CASE("the digest of a program is told, of what is no program not") {
  if (::geteuid() != 0) return;
  const auto self = static_cast<std::uint32_t>(::getpid());
  const test::ScratchDirectory scratch;
  const auto digestOf = [&](const std::string& content) {
    const auto found = container::findProgram(self, scratch.write("program", content).string(), 5s);
    REQUIRE(found);
    return found->digest ? hexOf(*found->digest) : "";
  };
  CHECK(digestOf("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(digestOf("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  // more than a pipe holds
  CHECK(digestOf(std::string(1000000, 'a')) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  CHECK_FALSE(container::findProgram(self, scratch.path().string(), 5s)->digest);
  const auto none = [&](const std::string& path) {
    const auto found = container::findProgram(self, path, 5s);
    REQUIRE(found);
    CHECK_FALSE(found->digest);
    return found->not_by_digest;
  };
  CHECK(none("/dev/null") == "it is no regular file");
  CHECK(none(scratch.path().string()) == "it is no regular file");
  REQUIRE(::mkfifo((scratch / "fifo").c_str(), 0777) == 0);
  CHECK(none((scratch / "fifo").string()) == "it is no regular file");
  // of a size, but of nothing
  const auto sparse = scratch.write("sparse", "");
  REQUIRE(::truncate(sparse.c_str(), (1LL << 30) + 1) == 0);
  CHECK(none(sparse.string()) == "it is larger than 1024 MiB");
  REQUIRE(::truncate(sparse.c_str(), 1LL << 40) == 0);
  CHECK(none(sparse.string()) == "it is larger than 1024 MiB");
}

TEST_CASE("a program is told to be the same file, and unchanged since, and where digests count for nothing") {
  if (::geteuid() != 0) return;
  const auto self = static_cast<std::uint32_t>(::getpid());
  const test::ScratchDirectory scratch;
  const auto file = scratch.write("program", "abc");
  const auto before = container::findProgram(self, file.string(), 5s);
  REQUIRE(before);
  struct stat status = {};
  REQUIRE(::stat(file.c_str(), &status) == 0);
  CHECK(before->inode == status.st_ino);
  CHECK(before->size == 3);
  CHECK(before->changed_at == static_cast<std::uint64_t>(status.st_ctim.tv_sec) * 1'000'000'000 +
                                  static_cast<std::uint64_t>(status.st_ctim.tv_nsec));
  std::filesystem::last_write_time(file, std::filesystem::file_time_type::clock::now() - 240h);
  CHECK(container::findProgram(self, file.string(), 5s)->changed_at >= before->changed_at);
  std::filesystem::rename(scratch.write("other", "abc"), file);
  CHECK(container::findProgram(self, file.string(), 5s)->inode != before->inode);
  // the kernel's own word of who needs no device
  CHECK(container::findProgram(self, "/proc/sys/kernel/ostype", 5s)->not_by_digest ==
        "it is on proc, which does not tell reliably when a file is written");
}

TEST_CASE("what is written to while it is read has no digest") {
  if (::geteuid() != 0) return;
  const test::ScratchDirectory scratch;
  const auto file = scratch.write("program", std::string(64U << 20U, 'a'));
  std::atomic<bool> done = false;
  std::thread writer([&] {
    for (std::ofstream out(file, std::ios::in | std::ios::binary); !done; out.flush()) out.seekp(0) << 'b';
  });
  const auto found = container::findProgram(static_cast<std::uint32_t>(::getpid()), file.string(), 20s);
  done = true;
  writer.join();
  REQUIRE(found);
  CHECK_FALSE(found->digest);
  CHECK(found->not_by_digest == "it was written to while it was read");
}

TEST_CASE("a file of an overlay is of the layer that has it, and a copy with the same bytes is unchanged") {
  if (::geteuid() != 0) return;
  const test::ScratchDirectory scratch;
  for (const char* layer : {"top", "bottom", "upper"}) std::filesystem::create_directories(scratch / layer);
  container::MountLine mount;
  mount.root = mount.point = "/";
  mount.super_options = "rw,lowerdir=" + (scratch / "top").string() + ":" + (scratch / "bottom").string() +
                        ",upperdir=" + (scratch / "upper").string();
  const auto write = [&](const char* layer, const char* name, const char* content) {
    const auto path = (scratch / layer) / name;
    std::ofstream(path) << content;
    return path.string();
  };
  const auto note = [](const std::string& path, const char* name) {
    REQUIRE(::setxattr(path.c_str(), (std::string("trusted.overlay.") + name).c_str(), "", 0, 0) == 0);
  };
  const auto found = [&](const char* path) {
    const auto place = container::findOnOverlay(mount, path);
    const auto layer = place.layer.empty() ? "" : std::filesystem::path(place.layer).filename().string();
    return std::string(kernel::name(place.origin)) + " " + layer + (place.unchanged ? " unchanged" : "");
  };
  write("bottom", "low", "x");
  CHECK(found("/low") == "image bottom");
  write("top", "low", "y");
  CHECK(found("/low") == "image top");
  write("upper", "new", "x");
  CHECK(found("/new") == "added upper");
  const auto low = write("upper", "low", "y");
  CHECK(found("/low") == "added upper");  // a file that was put there in its place
  note(low, "origin");
  CHECK(found("/low") == "changed upper unchanged");
  write("upper", "low", "z");
  CHECK(found("/low") == "changed upper");
  note(low, "metacopy");
  CHECK(found("/low") == "image top");
  // of a file with several names no note is left
  const auto several = write("top", "several", "s");
  std::filesystem::create_hard_link(several, (scratch / "top") / "other");
  write("upper", "several", "s");
  CHECK(found("/several") == "changed upper unchanged");
  write("upper", "several", "t");
  CHECK(found("/several") == "changed upper");
}

TEST_CASE(
    "a file of an overlay is found by what its directories are called below, and notes of the other kind are none") {
  if (::geteuid() != 0) return;
  const test::ScratchDirectory scratch;
  for (const char* directory : {"top/moved/deep", "bottom/was/deep", "bottom/a/b", "upper/other", "upper/far",
                                "upper/hidden", "bottom/hidden", "bottom/moved/deep"})
    std::filesystem::create_directories(scratch / directory);
  container::MountLine mount;
  mount.root = mount.point = "/";
  mount.super_options = "rw,lowerdir=" + (scratch / "top").string() + ":" + (scratch / "bottom").string() +
                        ",upperdir=" + (scratch / "upper").string();
  const auto note = [&](const char* path, const char* name, const std::string& value) {
    REQUIRE(::setxattr((scratch / path).c_str(), name, value.data(), value.size(), 0) == 0);
  };
  const auto found = [&](const char* path) {
    const auto place = container::findOnOverlay(mount, path);
    const auto layer = place.layer.empty() ? "" : std::filesystem::path(place.layer).filename().string();
    return std::string(kernel::name(place.origin)) + " " + layer + (place.unchanged ? " unchanged" : "");
  };
  scratch.write("bottom/was/deep/file", "x");
  scratch.write("bottom/a/b/file", "x");
  scratch.write("bottom/hidden/file", "x");
  scratch.write("bottom/moved/deep/file", "x");
  // beside it, and from the root of what lies below
  note("top/moved", "trusted.overlay.redirect", "was");
  CHECK(found("/moved/deep/file") == "image bottom");
  note("upper/other", "trusted.overlay.redirect", "moved");
  CHECK(found("/other/deep/file") == "image bottom");
  note("upper/far", "trusted.overlay.redirect", "/a/b");
  CHECK(found("/far/file") == "image bottom");
  scratch.write("upper/far/file", "x");
  CHECK(found("/far/file") == "added upper");
  note("upper/far/file", "user.overlay.origin", "");
  note("upper/far/file", "user.overlay.metacopy", "");
  CHECK(found("/far/file") == "added upper");
  note("upper/far/file", "trusted.overlay.origin", "");
  CHECK(found("/far/file") == "changed upper unchanged");
  // what is below an opaque directory is not its
  scratch.write("upper/hidden/file", "x");
  note("upper/hidden", "trusted.overlay.opaque", "y");
  note("upper/hidden/file", "trusted.overlay.origin", "");
  CHECK(found("/hidden/file") == "changed upper");
  mount.super_options += ",userxattr";
  CHECK(found("/far/file") == "image ");
}

TEST_CASE("sandboxes are told by the host's programs that they are, not by a name") {
  const test::ScratchDirectory scratch;
  const std::vector<std::uint32_t> pids = {1, 2, 3};
  const auto process = [&](int pid, const std::filesystem::path& program) {
    std::filesystem::create_directories(scratch / std::to_string(pid));
    std::filesystem::remove(scratch / std::to_string(pid) / "exe");
    std::filesystem::create_symlink(program, scratch / std::to_string(pid) / "exe");
  };
  const auto found = [&] { return container::sandboxOf(pids, scratch.path()); };
  CHECK(found().empty());
  process(1, scratch.write("nginx", ""));
  process(3, "/nonexistent/runsc");  // as a program of a container's looks from here
  CHECK(found().empty());
  process(2, scratch.write("runsc", ""));
  CHECK(found() == "gVisor");
  process(2, scratch.write("qemu-system-x86_64", ""));
  CHECK(found() == "a virtual machine (qemu-system-x86_64)");
  process(2, scratch.write("myrunsc", ""));
  CHECK(found().empty());
}
