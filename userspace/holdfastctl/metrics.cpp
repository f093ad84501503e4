// SPDX-License-Identifier: Apache-2.0
#include "control/metrics.hpp"

#include <ostream>

#include "control/shapes.hpp"
#include "holdfastctl/command_line.hpp"

namespace holdfast::holdfastctl {

int metrics(const Arguments& arguments, const Environment& environment) {
  CommandLine line(
      "metrics [OPTION]...",
      "Counters, latencies, queues, versions and status of this host, as Prometheus reads them (text format\n"
      "0.0.4; docs/metrics.md has the list). What is not known just now is left out. For node-exporter the\n"
      "daemon writes the same to a file, if 'metrics' in /etc/holdfast/holdfast.yaml says so.\n",
      "  holdfastctl metrics\n"
      "  holdfastctl metrics | promtool check metrics\n"
      "  holdfastctl metrics --output json | jq '.[] | select(.name == \"holdfast_interceptable\")'\n");
  if (const auto done = line.parse(arguments, environment)) return *done;
  const auto answer = line.call(environment, {"metrics"});
  if (!answer) return failed(environment, answer.error());
  const auto families = control::read<std::vector<control::MetricFamily>>(*answer);
  if (!families) return failed(environment, families.error());
  if (line.json())
    printJson(environment, *answer);
  else
    environment.out << control::prometheusText(*families);
  return Done;
}

}  // namespace holdfast::holdfastctl
