// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "rule/host_config.hpp"

using namespace holdfast::rule;

namespace {

std::string errorsOf(const std::string& text) {
  const auto config = parseHostConfig(text, "holdfast.yaml");
  if (config) return "";
  std::string out;
  for (const auto& error : config.error()) out += error.text() + "\n";
  return out;
}

}  // namespace

TEST_CASE("every setting is read") {
  const auto config = parseHostConfig(
      "version: 1\ncluster: prod\nhost_name: web-1\nlog_level: debug\nquery_timeout_ms: 15000\nunknown_image: strict\n"
      "rules_dir: /srv/rules\nfunctions: { non_image_program: off, image_risk: off, container_escape: on }\n",
      "holdfast.yaml");
  REQUIRE(config);
  CHECK(config->cluster == "prod");
  CHECK(config->host_name == "web-1");
  CHECK(config->log_level == "debug");
  CHECK(config->query_timeout_ms == 15000);
  CHECK(config->unknown_image_strict);
  CHECK(config->rules_dir == "/srv/rules");
  CHECK_FALSE(config->non_image_program);
  CHECK_FALSE(config->image_risk);
  CHECK(config->container_escape);
}

TEST_CASE("what is left out has its default") {
  const auto config = parseHostConfig("version: 1\n", "holdfast.yaml");
  REQUIRE(config);
  CHECK(config->cluster.empty());
  CHECK(config->query_timeout_ms == 2000);
  CHECK_FALSE(config->unknown_image_strict);
  CHECK(config->rules_dir == "/etc/holdfast/rules.d");
  CHECK(config->non_image_program);
  CHECK(config->image_risk);
  CHECK(config->container_escape);
}

TEST_CASE("mistakes are told with line and column, all of them") {
  CHECK(errorsOf("cluster: \"*\"\nlog_level: verbose\nquery_timeout_ms: 15001\nunknown_image: Strict\n"
                 "rules_dir: rules.d/\nfunctions: { non-image-program: on }\nquery_timeout: 5\nhost_name:\n") ==
        "holdfast.yaml:1:10: cluster is one name, without a *\n"
        "holdfast.yaml:2:12: log_level must be one of trace, debug, info, warning, error, critical, not \"verbose\"\n"
        "holdfast.yaml:3:19: query_timeout_ms must be a whole number from 100 to 15000, not \"15001\"\n"
        "holdfast.yaml:4:16: unknown_image must be one of default, strict, not \"Strict\"\n"
        "holdfast.yaml:5:12: rules_dir \"rules.d/\" is not absolute\n"
        "holdfast.yaml:6:14: unknown key \"non-image-program\" in functions (did you mean \"non_image_program\"?)\n"
        "holdfast.yaml:7:1: unknown key \"query_timeout\" in the configuration (did you mean \"query_timeout_ms\"?)\n"
        "holdfast.yaml:8:1: host_name must be text, not nothing\n");
}

TEST_CASE("a time-out is a plain number within its bounds") {
  for (const std::string value :
       {"99", "15001", "-1", "2s", "2000.0", "0x7d0", "\"2000\"", "1e3", "99999999999999999999", "[2000]"}) {
    INFO(value);
    CHECK_THAT(errorsOf("query_timeout_ms: " + value),
               Catch::StartsWith("holdfast.yaml:1:19: query_timeout_ms must be a "
                                 "whole number from 100 to 15000, not "));
  }
  CHECK(errorsOf("query_timeout_ms: 100").empty());
}

TEST_CASE("an empty or missing configuration is an error, not a set of defaults") {
  CHECK(errorsOf("") == "holdfast.yaml:1:1: the file is empty\n");
  CHECK_FALSE(loadHostConfig("/nonexistent/holdfast.yaml"));
}

TEST_CASE("metrics for node-exporter: where, and how often") {
  const auto config = parseHostConfig("metrics: { textfile: /var/lib/x/holdfast.prom, every_seconds: 60 }\n", "f");
  REQUIRE(config);
  CHECK(config->metrics_textfile == "/var/lib/x/holdfast.prom");
  CHECK(config->metrics_every_seconds == 60);
  const auto standard = parseHostConfig("version: 1\n", "f");
  REQUIRE(standard);
  CHECK(standard->metrics_textfile.empty());
  CHECK(standard->metrics_every_seconds == 15);
  CHECK(errorsOf("metrics: { textfile: holdfast.prom, every_seconds: 0, every: 5 }") ==
        "holdfast.yaml:1:22: textfile \"holdfast.prom\" is no absolute path that ends in .prom\n"
        "holdfast.yaml:1:52: every_seconds must be a whole number from 1 to 3600, not \"0\"\n"
        "holdfast.yaml:1:55: unknown key \"every\" in metrics (known are: textfile, every_seconds)\n");
  CHECK_FALSE(errorsOf("metrics: { textfile: /tmp/x.txt }").empty());
}

TEST_CASE("programs that runtimes bring in: those that are usual, or those that are listed") {
  const auto standard = parseHostConfig("version: 1\n", "f");
  REQUIRE(standard);
  CHECK_THAT(standard->runtime_programs, Catch::VectorContains(std::string("/usr/bin/docker-init")));
  const auto own = parseHostConfig("runtime_programs: [/opt/init]\n", "f");
  REQUIRE(own);
  CHECK(own->runtime_programs == std::vector<std::string>{"/opt/init"});
  const auto none = parseHostConfig("runtime_programs: []\n", "f");
  REQUIRE(none);
  CHECK(none->runtime_programs.empty());
  CHECK(errorsOf("runtime_programs: [init, /usr/../init, /]\n") ==
        "holdfast.yaml:1:20: runtime program \"init\" is not absolute\n"
        "holdfast.yaml:1:26: runtime program \"/usr/../init\" has \"..\" in it; write the path without\n"
        "holdfast.yaml:1:40: runtime program \"/\" is a directory\n");
}
