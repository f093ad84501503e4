// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <limits>

#include "control/metrics.hpp"
#include "control/shapes.hpp"

using namespace holdfast::control;
using nlohmann::json;

TEST_CASE("metrics: families with help, type and samples, and whole numbers stay whole") {
  const std::vector<MetricFamily> families = {
      {"holdfast_execs_total", "counter", "Programs.", {{.value = 9007199254740991}}},
      {"holdfast_hook_attached", "gauge", "Hooks.", {{.labels = {{"hook", "a"}, {"mandatory", "no"}}, .value = 1}}},
      {"holdfast_query_answer_seconds",
       "histogram",
       "Times.",
       {{.labels = {{"le", "0.5"}}, .value = 2, .suffix = "_bucket"}, {.value = 0.25, .suffix = "_sum"}}},
      {"holdfast_odd", "gauge", "Odd.", {{.value = std::numeric_limits<double>::infinity()}, {.value = -1.5}}},
  };
  CHECK(prometheusText(families) ==
        "# HELP holdfast_execs_total Programs.\n# TYPE holdfast_execs_total counter\n"
        "holdfast_execs_total 9007199254740991\n"
        "# HELP holdfast_hook_attached Hooks.\n# TYPE holdfast_hook_attached gauge\n"
        "holdfast_hook_attached{hook=\"a\",mandatory=\"no\"} 1\n"
        "# HELP holdfast_query_answer_seconds Times.\n# TYPE holdfast_query_answer_seconds histogram\n"
        "holdfast_query_answer_seconds_bucket{le=\"0.5\"} 2\nholdfast_query_answer_seconds_sum 0.25\n"
        "# HELP holdfast_odd Odd.\n# TYPE holdfast_odd gauge\nholdfast_odd +Inf\nholdfast_odd -1.5\n");
}

TEST_CASE("metrics: what is not known is left out, not zero") {
  CHECK(prometheusText({{"holdfast_members", "gauge", "Members.", {}}}).empty());
  CHECK(prometheusText({}).empty());
}

TEST_CASE("metrics: no label's value ends its quotes or its line, no name is anything but a name") {
  const std::string hostile = "a\"} 1\nholdfast_interceptable 1 # \\ \x1b[2J \xff \u2028";
  const auto text =
      prometheusText({{"holdfast_rules", "gauge", "Rules\nfalse 1\\", {{.labels = {{"rule", hostile}}}}},
                      {"evil 1\nname", "gauge", "x", {{.value = 1}}},
                      {"holdfast_b", "gauge\n", "x", {{.value = 1}}},
                      {"holdfast_c", "gauge", "x", {{.labels = {{"a=\"", "v"}, {"b", "v"}}, .suffix = ""}}},
                      {"holdfast_d", "gauge", "x", {{.value = 1, .suffix = " 5\nx"}}}});
  CHECK(text ==
        "# HELP holdfast_rules Rules\\\\x0afalse 1\\\\\n# TYPE holdfast_rules gauge\n"
        "holdfast_rules{rule=\"a\\\"} 1\\\\x0aholdfast_interceptable 1 # \\\\ \\\\x1b[2J \\\\xff "
        "\\\\xe2\\\\x80\\\\xa8\"} 0\n"
        "# HELP holdfast_c x\n# TYPE holdfast_c gauge\nholdfast_c{b=\"v\"} 0\n"
        "# HELP holdfast_d x\n# TYPE holdfast_d gauge\n");
}

TEST_CASE("metrics: what went over the socket is what was sent, and nonsense is an error") {
  const std::vector<MetricFamily> families = {{"holdfast_a", "gauge", "A.", {{.labels = {{"x", "y"}}, .value = 2.5}}}};
  const auto back = read<std::vector<MetricFamily>>(json(families));
  REQUIRE(back);
  CHECK(prometheusText(*back) == prometheusText(families));
  for (const json& bad : {json(5), json::object({{"a", 1}}), json::array({1}), json::array({{{"name", 5}}})})
    CHECK_FALSE(read<std::vector<MetricFamily>>(bad));
}
