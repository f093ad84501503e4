// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <csignal>

#include "control/shapes.hpp"
#include "holdfastctl/command_line.hpp"
#include "holdfastctl/scratch_container.hpp"
#include "holdfastctl/selftest_judge.hpp"

namespace holdfast::holdfastctl {
namespace {

namespace po = boost::program_options;

/// Ctrl-C takes effect when everything is cleaned up; it all takes seconds.
class HeldSignals {
 public:
  HeldSignals() {
    sigset_t held;
    ::sigemptyset(&held);
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) ::sigaddset(&held, number);
    ::sigprocmask(SIG_BLOCK, &held, &before_);
  }
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;
  ~HeldSignals() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

Result<Verdict> carryOut(const CommandLine& line, const Environment& environment) {
  const HeldSignals signals;
  constexpr auto kTimeout = std::chrono::seconds(30);
  const auto cgroup = ScratchCgroup::make();
  if (!cgroup) return tl::unexpected(cgroup.error());
  const control::SelftestParams params{cgroup->id()};
  if (const auto begun = line.call(environment, {"selftest.begin", params}); !begun)
    return tl::unexpected(begun.error());
  const auto output = runInScratchContainer(*cgroup, line.text("probe"), kTimeout);
  // Whatever has happened: the daemon forgets the container.
  const auto ended = line.call(environment, {"selftest.end", params});
  if (!output) return tl::unexpected(output.error());
  if (!ended) return tl::unexpected(ended.error());
  const auto report = control::read<control::SelftestReport>(*ended);
  if (!report) return tl::unexpected(report.error());
  return judge(parseProbe(*output), *report);
}

}  // namespace

int selftest(const Arguments& arguments, const Environment& environment) {
  CommandLine line(
      "selftest [OPTION]...",
      "Makes a scratch container, without any runtime, under a rule that blocks; starts in it the image's own\n"
      "program, which must run, and copies of it in several ways, which must be refused and reported. It\n"
      "leaves nothing behind and raises no alert. For root. Exit status 1 if anything went otherwise.\n",
      "  holdfastctl selftest\n"
      "  holdfastctl selftest --output json | jq '.checks[] | select(.ok | not)'\n");
  line.options()("probe",
                 po::value<std::string>()->default_value("/usr/libexec/holdfast/selftest-probe")->value_name("PATH"),
                 "the program that is run");
  if (const auto done = line.parse(arguments, environment)) return *done;
  if (::geteuid() != 0) return failed(environment, Error{"the self-test makes a container: run it as root"});
  const auto verdict = carryOut(line, environment);
  if (!verdict) return failed(environment, verdict.error());
  if (line.json())
    printJson(environment, toJson(*verdict));
  else
    print(*verdict, environment.out, environment.width);
  return verdict->ok ? Done : Found;
}

}  // namespace holdfast::holdfastctl
