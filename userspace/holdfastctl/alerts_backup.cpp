// SPDX-License-Identifier: Apache-2.0
#include <ostream>

#include "alert/store.hpp"
#include "base/json.hpp"
#include "holdfastctl/command_line.hpp"

namespace holdfast::holdfastctl {

int alertsBackup(const Arguments& arguments, const Environment& environment) {
  namespace po = boost::program_options;
  CommandLine line(
      "alerts backup [OPTION]... FILE",
      "Copies the alert store as it stands at one moment into a new file (mode 0600), which can take its\n"
      "place: stop holdfastd, put it there as alerts.db, remove alerts.db-wal and alerts.db-shm. holdfastd may\n"
      "run meanwhile and need not. A file that is there is never overwritten. Needs root.\n",
      "  holdfastctl alerts backup /root/alerts-$(date +%F).db\n");
  line.options()("store", po::value<std::string>()->default_value("/var/lib/holdfast/alerts.db")->value_name("PATH"),
                 "the store of holdfastd");
  line.arguments(1);
  if (const auto done = line.parse(arguments, environment)) return *done;
  if (line.arguments().empty()) return line.wrongUse(environment, "into which file?");
  const std::string& file = line.arguments()[0];
  const auto store = alert::Store::open(line.text("store"), {.read_only = true});
  if (!store) return failed(environment, store.error());
  if (const auto done = store->copy(file); !done) return failed(environment, done.error());
  if (line.json())
    printJson(environment, {{"file", safeUtf8(file)}});
  else
    environment.out << "The alert store was copied to " << safeUtf8(file) << "\n";
  return Done;
}

}  // namespace holdfast::holdfastctl
