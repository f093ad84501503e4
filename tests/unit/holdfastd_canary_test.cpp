// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "holdfastd/hook_canary.hpp"
#include "holdfastd_fake.hpp"

using namespace holdfast;
using namespace holdfast::holdfastd;

namespace {

/// A module whose hooks count one more each time they are asked for, but for those named.
test::FakePort& counting(test::FakePort& port, const std::string& silent, const std::string& detached = "") {
  port.hook_list = [silent, detached, rounds = std::uint64_t{0}]() mutable {
    ++rounds;
    std::vector<kernel::HookInfo> hooks;
    for (const char* symbol : {"security_bprm_check", "sched_process_fork", "security_mmap_file"}) {
      const bool attached = symbol != detached;
      hooks.push_back({symbol, kernel::kHookMandatory | (attached ? kernel::kHookAttached : 0),
                       symbol == silent || !attached ? 7 : rounds});
    }
    // of single checks, which a trial does not make
    hooks.push_back({"vfs_get_tree", kernel::kHookAttached, 7});
    return hooks;
  };
  return port;
}

}  // namespace

TEST_CASE("the canary is content when every attached hook was called") {
  test::FakePort port;
  CHECK(HookCanary(counting(port, ""), "/bin/true").check().empty());
  // that one is not attached is said elsewhere
  CHECK(HookCanary(counting(port, "", "sched_process_fork"), "/bin/true").check().empty());
}

TEST_CASE("the canary names the hook that was not called") {
  test::FakePort port;
  CHECK(HookCanary(counting(port, "security_mmap_file"), "/bin/true").check() ==
        "not called although what it watches was done: security_mmap_file");
}

TEST_CASE("a canary that cannot sing says so") {
  test::FakePort port;
  CHECK(HookCanary(counting(port, ""), "/no/such/program").check() ==
        "cannot start /no/such/program: No such file or directory");
  CHECK(HookCanary(counting(port, ""), "/bin/false").check() == "/bin/false did not end as it should");
}
