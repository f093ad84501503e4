// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "holdfastd/status_report.hpp"
#include "holdfastd_fake.hpp"
#include "rule/check_catalogue.hpp"

using namespace holdfast;
using namespace holdfast::holdfastd;

namespace {

StatusInputs normal() {
  StatusInputs inputs;
  inputs.module.emplace();
  inputs.module->flags =
      kernel::kStatusAttached | kernel::kStatusPolicy | kernel::kStatusOverlay | kernel::kStatusController;
  inputs.module->controller_pid = 7;
  inputs.own_pid = 7;
  auto in_force = std::make_shared<InForce>();
  in_force->rules = test::rules(
      "  - {name: all, type: non-image-program, action: block}\n"
      "  - {name: off, type: non-image-program, action: block, status: off, scope: {images: [x]}}\n"
      "  - {name: inside, type: container-escape, action: block}\n");
  inputs.in_force = in_force;
  return inputs;
}

control::FunctionReport functionOf(const control::StatusReport& report, const std::string& name) {
  for (const auto& function : report.functions)
    if (function.name == name) return function;
  return {};
}

}  // namespace

TEST_CASE("status: each function with its switch, whether it is in effect, why not, and its rules") {
  auto inputs = normal();
  REQUIRE(inputs.in_force->rules);
  auto report = statusReport(inputs);
  CHECK(report.interceptable == "Normal");
  CHECK(report.functions.size() == 3);
  auto program = functionOf(report, "non-image-program");
  CHECK(program.on);
  CHECK(program.in_effect);
  CHECK(program.reason.empty());
  CHECK(program.rules == 2);
  CHECK(program.rules_in_effect == 1);

  auto config = std::make_shared<InForce>(*inputs.in_force);
  config->config.non_image_program = false;
  inputs.in_force = config;
  inputs.config.non_image_program = false;
  report = statusReport(inputs);
  program = functionOf(report, "non-image-program");
  CHECK_FALSE(program.on);
  CHECK_FALSE(program.in_effect);
  CHECK(program.reason.find("non_image_program is off") != std::string::npos);
  CHECK(program.rules_in_effect == 0);
  CHECK(report.interceptable == "Normal");

  inputs = normal();
  inputs.module->flags &= ~kernel::kStatusAttached;
  program = functionOf(statusReport(inputs), "non-image-program");
  CHECK(program.on);
  CHECK_FALSE(program.in_effect);
  CHECK(program.reason.find("not every hook") != std::string::npos);
}

TEST_CASE("status: what a rule checks and the module does not notice on this kernel is said") {
  auto inputs = normal();
  inputs.module->checks = rule::toBytes(rule::checkedItems());
  const auto inside = [&inputs] { return statusReport(inputs).policy.back(); };
  CHECK(inside().effective == "block");
  CHECK(inside().reason.find("the module does not notice") == std::string::npos);

  auto but_one = rule::checkedItems();
  but_one.reset(*rule::findCheckItem("CG5"));
  inputs.module->checks = rule::toBytes(but_one);
  CHECK(inside().effective == "block");
  CHECK_THAT(inside().reason, Catch::Matchers::EndsWith("on this kernel the module does not notice CG5"));

  inputs.module->checks = {};
  CHECK(inside().effective == "none");
}

TEST_CASE("status: why containers are not covered is counted by reason") {
  auto inputs = normal();
  for (std::uint64_t id = 1; id <= 3; ++id) {
    auto container = std::make_shared<container::Container>();
    container->id = std::to_string(id);
    container->state = container::State::Running;
    inputs.containers.push_back({id, container, true, false});
    const auto flag = id == 1 ? kernel::kContainerArmed : kernel::kContainerHostRoot;
    inputs.kernel_containers.push_back({.cgroup_id = id, .flags = flag});
  }
  const auto report = statusReport(inputs);
  CHECK(report.containers.total == 3);
  CHECK(report.containers.not_covered == 2);
  CHECK(report.containers.not_covered_because ==
        std::map<std::string, std::uint64_t>{{"its root directory is the host's", 2}});
}

TEST_CASE("status: what the store and the clock say is passed on, printable") {
  auto inputs = normal();
  inputs.store_problem = "disk full \x1b[2J";
  inputs.clock = {2, -1500, 30};
  const auto report = statusReport(inputs);
  CHECK(report.store_problem == "disk full \\x1b[2J");
  CHECK(report.interceptable == "Abnormal");
  CHECK(report.clock.last_ms == -1500);
  const auto back = control::read<control::StatusReport>(nlohmann::json(report));
  REQUIRE(back);
  CHECK(back->clock.steps == 2);
  CHECK(back->functions.size() == 3);
}
