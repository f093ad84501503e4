// SPDX-License-Identifier: Apache-2.0
#include <linux/holdfast.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <thread>

#include "base_test_support.hpp"
#include "holdfastd/host_places.hpp"
#include "holdfastd/host_watch.hpp"
#include "holdfastd_fake.hpp"

namespace holdfast::holdfastd {

namespace {

namespace fs = std::filesystem;

const HostDirectory* at(const std::vector<HostDirectory>& all, const fs::path& path) {
  for (const auto& one : all) {
    if (one.path == path) return &one;
  }
  return nullptr;
}

const kernel::HostEntry* entry(const std::vector<HostDirectory>& all, const fs::path& path, const std::string& name) {
  const auto* directory = at(all, path);
  if (directory == nullptr) return nullptr;
  for (const auto& one : directory->entries) {
    if (one.name == name) return &one;
  }
  return nullptr;
}

}  // namespace

TEST_CASE("directories of the host are found with what their files mean", "[host-watch]") {
  const test::ScratchDirectory root;
  fs::create_directories(root.path() / "etc/cron.d");
  fs::create_directories(root.path() / "etc/systemd/system/one.service.d");
  fs::create_directories(root.path() / "home/ann/.ssh");
  fs::create_directories(root.path() / "usr/bin");
  fs::create_symlink("usr/bin", root.path() / "bin");
  const auto found = findHostDirectories(root.path());
  REQUIRE(found);

  const auto* cron = entry(*found, "/etc/cron.d", "");
  REQUIRE(cron != nullptr);
  CHECK(cron->write == HOLDFAST_CHECK_HW1);
  CHECK_FALSE(cron->read);
  const auto* shadow = entry(*found, "/etc", "shadow");
  REQUIRE(shadow != nullptr);
  CHECK(shadow->write == HOLDFAST_CHECK_HW3);
  CHECK(shadow->read == HOLDFAST_CHECK_HC2);
  const auto* unit = entry(*found, "/etc/systemd/system/one.service.d", "");
  REQUIRE(unit != nullptr);
  CHECK(unit->tree);
  CHECK(unit->write == HOLDFAST_CHECK_HW4);
  const auto* key = entry(*found, "/home/ann/.ssh", "");
  REQUIRE(key != nullptr);
  CHECK(key->read == HOLDFAST_CHECK_HC2);
  CHECK_FALSE(key->write);
  CHECK(entry(*found, "/home/ann/.ssh", "authorized_keys")->write == HOLDFAST_CHECK_HW2);

  // By what is around them they could be replaced, or made where they are not.
  CHECK(entry(*found, "/", "etc") != nullptr);
  CHECK(entry(*found, "/etc", "cron.d")->write == HOLDFAST_CHECK_HW1);
  CHECK(entry(*found, "/etc", "cron.daily") != nullptr);
  CHECK(entry(*found, "/home/ann", ".kube") != nullptr);
  CHECK(at(*found, "/etc/cron.daily") == nullptr);
  // One directory by two names is one.
  CHECK(at(*found, "/bin") == nullptr);
  CHECK(at(*found, "/usr/bin") != nullptr);

  for (const auto& one : *found) CHECK(openHostDirectory(root.path(), one));
}

TEST_CASE("links lead below the root, and those of users nowhere", "[host-watch]") {
  const test::ScratchDirectory root;
  const test::ScratchDirectory other;
  fs::create_directories(other.path() / "cron.d");
  fs::create_directories(root.path() / "etc");
  fs::create_directories(root.path() / "root");
  fs::create_directories(root.path() / "home/eve");
  fs::create_directory_symlink(other.path() / "cron.d", root.path() / "etc/cron.d");
  fs::create_directory_symlink("../../root", root.path() / "home/eve/.ssh");
  fs::create_directory_symlink("/etc", root.path() / "home/mal");
  const auto found = findHostDirectories(root.path());
  REQUIRE(found);
  struct stat its {};
  REQUIRE(::stat((other.path() / "cron.d").c_str(), &its) == 0);
  for (const auto& one : *found) {
    CHECK(one.ino != its.st_ino);
    CHECK(one.path != "/home/eve/.ssh");
    CHECK(one.path.string().rfind("/home/mal", 0) != 0);
  }
  REQUIRE(at(*found, "/root") != nullptr);
  CHECK(entry(*found, "/root", "") == nullptr);
}

TEST_CASE("secrets of pods are everybody's but the pod's own", "[host-watch]") {
  const test::ScratchDirectory root;
  const fs::path pods = root.path() / "var/lib/kubelet/pods";
  const fs::path cgroups = root.path() / "sys/fs/cgroup";
  const auto secret = [](const std::string& uid) {
    return "/var/lib/kubelet/pods/" + uid + "/volumes/kubernetes.io~projected/token/..2026";
  };
  for (const std::string uid : {"1a-2b", "3c-4d", "5e"}) fs::create_directories(root.path() / secret(uid).substr(1));
  fs::create_directories(pods / "1a-2b/volumes/kubernetes.io~empty-dir/cache");
  const auto slice = cgroups / "kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1a_2b.slice";
  fs::create_directories(slice / "cri-containerd-0.scope");
  fs::create_directories(cgroups / "kubepods/besteffort/pod3c-4d");
  const auto found = findHostDirectories(root.path());
  REQUIRE(found);

  const auto owner = [&](const std::string& uid) {
    const auto* one = entry(*found, secret(uid), "");
    REQUIRE(one != nullptr);
    CHECK(one->tree);
    CHECK(one->read == HOLDFAST_CHECK_HC2);
    CHECK_FALSE(one->write);
    return one->owner;
  };
  const auto id = [](const fs::path& cgroup) {
    struct stat its {};
    REQUIRE(::stat(cgroup.c_str(), &its) == 0);
    return its.st_ino;
  };
  CHECK(owner("1a-2b") == id(slice));
  CHECK(owner("3c-4d") == id(cgroups / "kubepods/besteffort/pod3c-4d"));
  // Nobody's, by all that is known.
  CHECK(at(*found, secret("5e")) == nullptr);
  CHECK(at(*found, "/var/lib/kubelet/pods/1a-2b/volumes/kubernetes.io~empty-dir/cache") == nullptr);
}

TEST_CASE("what is another one by now is not opened for it", "[host-watch]") {
  const test::ScratchDirectory root;
  fs::create_directories(root.path() / "etc/cron.d");
  const auto found = findHostDirectories(root.path());
  REQUIRE(found);
  fs::rename(root.path() / "etc/cron.d", root.path() / "etc/cron.old");
  fs::create_directories(root.path() / "etc/cron.d");
  const auto* cron = at(*found, "/etc/cron.d");
  REQUIRE(cron != nullptr);
  CHECK_FALSE(openHostDirectory(root.path(), *cron));
}

TEST_CASE("the kernel is told of directories, of new ones and of those that are gone", "[host-watch]") {
  const test::ScratchDirectory root;
  fs::create_directories(root.path() / "etc/cron.d");
  test::FakePort port;
  const auto knows = [&](const fs::path& path) {
    struct stat its {};
    if (::stat((root.path() / path).c_str(), &its) != 0) return false;
    const std::scoped_lock lock(port.mutex);
    return port.host_directories.count(its.st_ino) != 0;
  };
  const auto soon = [](const auto& is_so) {
    for (int i = 0; i < 500 && !is_so(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return is_so();
  };
  HostWatch watch(port, root.path(), std::chrono::milliseconds(10));
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  CHECK(watch.watched() == 0);
  watch.meet(1);
  CHECK(soon([&] { return knows("etc/cron.d"); }));
  fs::create_directories(root.path() / "etc/sudoers.d");
  CHECK(soon([&] { return knows("etc/sudoers.d"); }));
  const auto before = watch.watched();
  fs::remove(root.path() / "etc/cron.d");
  CHECK(soon([&] { return watch.watched() == before - 1; }));
  {
    const std::scoped_lock lock(port.mutex);
    CHECK(port.host_directories.size() == watch.watched());
    port.host_directories.clear();
    port.host_directory_error = ENOSPC;
  }
  watch.meet(2);
  CHECK(soon([&] { return !watch.problem().empty(); }));
  {
    const std::scoped_lock lock(port.mutex);
    port.host_directory_error = 0;
  }
  CHECK(soon([&] { return watch.problem().empty() && knows("etc/sudoers.d"); }));
}

}  // namespace holdfast::holdfastd
