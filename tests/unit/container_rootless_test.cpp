// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>

#include "base_test_support.hpp"
#include "container/process.hpp"
#include "container/rootless.hpp"
#include "container_namespaced.hpp"
#include "kernel/types.hpp"

using namespace holdfast;
using namespace holdfast::container;
using holdfast::test::Namespaced;

namespace {

struct Fixture {
  test::ScratchDirectory directory;
  RootlessRoots roots{directory / "run", directory / "tmp"};
  uid_t user = ::geteuid();
  std::string crun = "run/" + std::to_string(user) + "/crun/";

  static std::string crunStatus(std::uint32_t pid, std::uint64_t ticks) {
    return R"({"pid":)" + std::to_string(pid) + R"(,"process-start-time":)" + std::to_string(ticks) +
           R"(,"cgroup-path":"","bundle":"/b","rootfs":"/r"})";
  }
  [[nodiscard]] std::size_t found() const { return rootlessOf(roots, user).size(); }
};

}  // namespace

TEST_CASE("of a user's container its name and its first process are believed, and no more") {
  const Fixture f;
  const Namespaced process;
  (void)f.directory.write(f.crun + "web/status", Fixture::crunStatus(process.pid(), process.ticks()));
  (void)f.directory.write(f.crun + "web/config.json", R"({"annotations":{"org.opencontainers.image.ref.name":"x:1"}})");
  auto all = rootlessOf(f.roots, f.user);
  REQUIRE(all.size() == 1);
  CHECK(all[0]->id == "web");
  CHECK(all[0]->runtime == "crun");
  CHECK(all[0]->owner == f.user);
  CHECK(all[0]->cgroup_id == kernel::idOfProcess(process.pid(), process.ticks()));
  CHECK(all[0]->cgroup_path.empty());
  CHECK(all[0]->state == State::Running);
  CHECK(all[0]->image == rule::ImageFacts{});
  CHECK(all[0]->annotations.empty());
  CHECK(all[0]->root.empty());
  (void)f.directory.write(f.crun + "web/exec.fifo", "");
  CHECK(rootlessOf(f.roots, f.user).at(0)->state == State::Created);

  // runc, and where there is no session
  (void)f.directory.write("tmp/podman-run-" + std::to_string(f.user) + "/runc/db/state.json",
                          R"({"id":"db","init_process_pid":)" + std::to_string(process.pid()) +
                              R"(,"init_process_start":)" + std::to_string(process.ticks()) + "}");
  all = rootlessOf(f.roots, f.user);
  REQUIRE(all.size() == 2);
  CHECK(all[1]->id == "db");
  CHECK(all[1]->runtime == "runc");
}

TEST_CASE("a user's word for a process that is another, or not in a user namespace, is not taken") {
  const Fixture f;
  const Namespaced process;
  (void)f.directory.write(f.crun + "earlier/status", Fixture::crunStatus(process.pid(), process.ticks() - 1));
  (void)f.directory.write(f.crun + "unsaid/status", Fixture::crunStatus(process.pid(), 0));
  const auto self = static_cast<std::uint32_t>(::getpid());
  (void)f.directory.write(f.crun + "host/status", Fixture::crunStatus(self, startTicks(self).value_or(0)));
  (void)f.directory.write(f.crun + "gone/status", Fixture::crunStatus(0x3ffffe, 5));
  CHECK(f.found() == 0);
  // nor under another's name
  (void)f.directory.write(f.crun + "right/status", Fixture::crunStatus(process.pid(), process.ticks()));
  CHECK(f.found() == 1);
  CHECK(rootlessOf(f.roots, f.user + 1).empty());
}

TEST_CASE("what a user puts where the state is to be is neither followed nor waited for") {
  const Fixture f;
  const Namespaced process;
  const auto status = Fixture::crunStatus(process.pid(), process.ticks());
  const auto at = f.directory / ("run/" + std::to_string(f.user));
  (void)f.directory.write("elsewhere/web/status", status);
  (void)f.directory.write(f.crun + "whole/status", status);
  std::filesystem::create_directory_symlink(f.directory / "elsewhere/web", at / "crun/link");
  std::filesystem::create_directories(at / "crun/file-link");
  std::filesystem::create_symlink(f.directory / "elsewhere/web/status", at / "crun/file-link/status");
  std::filesystem::create_directories(at / "crun/fifo");
  REQUIRE(::mkfifo((at / "crun/fifo/status").c_str(), 0600) == 0);
  std::filesystem::create_directories(at / "crun/directory/status");
  (void)f.directory.write(f.crun + "broken/status", "{\"pid\": ");
  (void)f.directory.write(f.crun + "deep/status", std::string(100'000, '['));
  (void)f.directory.write(f.crun + "long/status", status + std::string(200'000, ' '));
  (void)f.directory.write(f.crun + "open/status", status);
  REQUIRE(::chmod((at / "crun/open").c_str(), 0777) == 0);
  const auto all = rootlessOf(f.roots, f.user);
  REQUIRE(all.size() == 1);
  CHECK(all[0]->id == "whole");
  std::filesystem::rename(at / "crun", at / "aside");
  std::filesystem::create_directory_symlink(at / "aside", at / "crun");
  CHECK(f.found() == 0);
}

TEST_CASE("a user with very many containers costs no more than with many") {
  const Fixture f;
  const Namespaced process;
  for (int i = 0; i < 300; ++i) {
    (void)f.directory.write(f.crun + std::to_string(i) + "/status",
                            Fixture::crunStatus(process.pid(), process.ticks()));
  }
  CHECK(f.found() == 256);
}
