// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "base/file.hpp"
#include "base_test_support.hpp"
#include "holdfastd/metrics.hpp"
#include "holdfastd/metrics_file.hpp"
#include "holdfastd_fake.hpp"

using namespace holdfast;
using namespace holdfast::holdfastd;
using namespace std::chrono_literals;

namespace {

MetricsInputs everything() {
  MetricsInputs inputs;
  auto& status = inputs.status;
  status.module.emplace();
  status.module->flags = kernel::kStatusAttached | kernel::kStatusPolicy | kernel::kStatusOverlay;
  status.module->module_version = "0.1.0";
  status.module->execs = 7;
  status.module->query_timeout_ms = 2500;
  status.hooks = {{"security_bprm_check", kernel::kHookAttached | kernel::kHookMandatory, 12}};
  auto in_force = std::make_shared<InForce>();
  in_force->generation = 3;
  in_force->rules = test::rules(test::kBlockAll);
  status.in_force = in_force;
  status.totals.events = 5;
  status.totals.removed = 4;
  status.totals.removed_operations = 9;
  status.totals_known = true;
  status.outputs = {{"journal", true, "", 6, 0}, {"audit", true, "away", 1, 3}};
  inputs.started_real_ns = 1'700'000'000'000'000'000;
  inputs.loaded_real_ns = 1'700'000'001'500'000'000;
  inputs.queues = {{"events", 1, 16384, 2}, {"queries", 0, 4096, 0}};
  inputs.answer_times.counts[0] = 3;
  inputs.answer_times.counts.back() = 1;
  inputs.answer_times.seconds = 12.5;
  inputs.log_held_back = {{"info", 4}};
  inputs.alerts = {{"Container Active Defense", "urgent", "unhandled", 2}};
  inputs.store_bytes = 4096;
  return inputs;
}

bool has(const std::string& text, const std::string& line) { return text.find(line + "\n") != std::string::npos; }

}  // namespace

TEST_CASE("metrics: each is named, typed and explained as Prometheus' conventions want") {
  std::set<std::string> names;
  for (const auto& row : metricRows()) {
    INFO(row.name);
    const std::string name = row.name;
    CHECK(names.insert(name).second);
    CHECK(name.starts_with("holdfast_"));
    CHECK((std::string(row.type) == "counter") == name.ends_with("_total"));
    CHECK(std::set<std::string>{"counter", "gauge", "histogram"}.contains(row.type));
    CHECK(std::string(row.help).ends_with("."));
    for (const char* unit : {"_ms", "_milliseconds", "_kb", "_minutes"}) CHECK(name.find(unit) == std::string::npos);
  }
}

TEST_CASE("metrics: docs/metrics.md lists exactly what there is") {
  const auto page = readFile(HOLDFAST_SOURCE_DIR "/docs/metrics.md", 1 << 20);
  REQUIRE(page);
  std::string table;
  for (const auto& row : metricRows())
    table += std::string("| `") + row.name + "` | " + row.type + " | " + row.help + " |\n";
  const auto first = page->find("| `");
  REQUIRE(first != std::string::npos);
  CHECK(page->substr(first, page->rfind("|\n") + 2 - first) == table);
}

TEST_CASE("metrics: all there is, with values") {
  const auto families = metricsOf(everything());
  CHECK(families.size() == metricRows().size());
  const auto text = control::prometheusText(families);
  for (const char* line : {
           "holdfast_interceptable 0",
           "holdfast_module_loaded 1",
           "holdfast_store_removed_alerts_total 4",
           "holdfast_store_removed_operations_total 9",
           "holdfast_store_removed_notices_total 0",
           "holdfast_output_enabled{output=\"audit\"} 1",
           "holdfast_output_working{output=\"audit\"} 0",
           "holdfast_output_working{output=\"journal\"} 1",
           "holdfast_output_delivered_total{output=\"journal\"} 6",
           "holdfast_output_waiting{output=\"audit\"} 3",
           "holdfast_module_flag{flag=\"attached\"} 1",
           "holdfast_module_flag{flag=\"locked\"} 0",
           "holdfast_query_timeout_seconds 2.5",
           "holdfast_execs_total 7",
           "holdfast_hook_calls_total{hook=\"security_bprm_check\",mandatory=\"yes\"} 12",
           "holdfast_query_answer_seconds_bucket{le=\"0.0005\"} 3",
           "holdfast_query_answer_seconds_bucket{le=\"10\"} 3",
           "holdfast_query_answer_seconds_bucket{le=\"+Inf\"} 4",
           "holdfast_query_answer_seconds_sum 12.5",
           "holdfast_query_answer_seconds_count 4",
           "holdfast_queue_length{queue=\"events\"} 1",
           "holdfast_queue_capacity{queue=\"events\"} 16384",
           "holdfast_queue_refused_total{queue=\"events\"} 2",
           "holdfast_rules{effective=\"block\",requested=\"block\",type=\"non-image-program\"} 1",
           "holdfast_function_in_effect{function=\"non-image-program\"} 1",
           "holdfast_rule_set_generation 3",
           "holdfast_rule_set_loaded_timestamp_seconds 1700000001.5",
           "holdfast_store_events_total 5",
           "holdfast_store_writable 1",
           "holdfast_log_messages_held_back_total{level=\"info\"} 4",
           "holdfast_alerts{severity=\"urgent\",state=\"unhandled\",type=\"Container Active Defense\"} 2",
       }) {
    INFO(line);
    CHECK(has(text, line));
  }
}

TEST_CASE("metrics: without module, rules or store their series are absent") {
  const auto text = control::prometheusText(metricsOf({}));
  CHECK(has(text, "holdfast_module_loaded 0"));
  CHECK(has(text, "holdfast_interceptable 0"));
  for (const char* name : {"holdfast_execs_total", "holdfast_members", "holdfast_events_seen_total", "holdfast_rules",
                           "holdfast_store_events_total", "holdfast_store_size_bytes", "holdfast_module_flag",
                           "holdfast_rule_set_generation", "holdfast_alerts"}) {
    INFO(name);
    CHECK(text.find(name) == std::string::npos);
  }
}

TEST_CASE("metrics: no number of containers or rules makes more series, and no name of theirs is in one") {
  auto inputs = everything();
  const auto series = [](const MetricsInputs& of) {
    const auto text = control::prometheusText(metricsOf(of));
    CHECK(text.find("pwned") == std::string::npos);
    return std::count(text.begin(), text.end(), '\n');
  };
  const auto before = series(inputs);
  std::string list;
  for (int i = 0; i < 300; ++i) {
    auto container = std::make_shared<container::Container>();
    container->id = container->name = "pwned" + std::to_string(i) + "\"} 1\n";
    inputs.status.containers.push_back({static_cast<std::uint64_t>(i + 1), container, false, false});
    list += "  - {name: pwned" + std::to_string(i) + ", type: non-image-program, action: block, scope: {images: [a" +
            std::to_string(i) + "]}}\n";
  }
  auto in_force = std::make_shared<InForce>();
  in_force->rules = test::rules(list);
  REQUIRE(in_force->rules);
  inputs.status.in_force = in_force;
  CHECK(series(inputs) == before);
}

TEST_CASE("answer times fall into the bucket that holds them, however long or short") {
  DurationHistogram times;
  for (const auto time : {0ns, 500'000ns, 500'001ns, 3'000'000'000ns, 3'600'000'000'000ns, -5ns}) times.observe(time);
  const auto seen = times.snapshot();
  CHECK(seen.counts[0] == 3);
  CHECK(seen.counts[1] == 1);
  CHECK(seen.counts[12] == 1);
  CHECK(seen.counts.back() == 1);
  CHECK(seen.seconds == Approx(3603.001).epsilon(0.0001));
}

TEST_CASE("the file for node-exporter is written whole, when due, and never half") {
  const test::ScratchDirectory scratch;
  const auto path = scratch / "holdfast.prom";
  MetricsFile file;
  auto now = MetricsFile::Clock::now();
  int asked = 0;
  const auto text = [&asked] { return "# " + std::to_string(++asked) + "\n"; };
  const auto content = [](const std::filesystem::path& of) { return readFile(of, 100).value_or(""); };
  file.tick("", 15s, now, text);
  CHECK(asked == 0);
  file.tick(path, 15s, now, text);
  CHECK(test::eventually([&] { return content(path) == "# 1\n"; }));
  file.tick(path, 15s, now + 14s, text);
  CHECK(asked == 1);
  file.tick(path, 15s, now + 15s, text);
  CHECK(test::eventually([&] { return content(path) == "# 2\n"; }));
  // Another place is due at once; one that cannot be written harms nobody, and is tried again.
  file.tick(scratch / "missing" / "x.prom", 15s, now + 16s, text);
  file.tick(scratch / "other.prom", 15s, now + 17s, text);
  CHECK(asked == 4);
  namespace fs = std::filesystem;
  CHECK(fs::status(path).permissions() == fs::perms(0644));
  // What somebody put in its place is replaced, not followed.
  scratch.write("victim", "untouched");
  fs::create_symlink(scratch / "victim", scratch / "link.prom");
  CHECK(test::eventually([&] {
    file.tick(scratch / "link.prom", 0s, now += 1s, text);
    return !fs::is_symlink(fs::symlink_status(scratch / "link.prom"));
  }));
  CHECK(content(scratch / "victim") == "untouched");
}
