// SPDX-License-Identifier: Apache-2.0
#include <spdlog/spdlog.h>
#include <sys/signalfd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <system_error>

#include "base/fd.hpp"
#include "holdfastd/daemon.hpp"
#include "holdfastd/log.hpp"

namespace {

using namespace holdfast;

int serve(const holdfastd::Options& options) {
  const auto log = holdfastd::startLogging(options.log_level);
  for (const auto& directory : {options.state_dir, options.socket.parent_path()}) {
    std::error_code error;
    std::filesystem::create_directories(directory, error);
    if (!error) continue;
    spdlog::error("cannot make {}: {}", directory.string(), error.message());
    return EXIT_FAILURE;
  }
  // Blocked before threads are made, so that none of them is interrupted.
  sigset_t set;
  ::sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&set, number);
  ::sigprocmask(SIG_BLOCK, &set, nullptr);
  (void)::signal(SIGPIPE, SIG_IGN);
  const UniqueFd signals(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));

  holdfastd::Daemon daemon(options, log);
  if (auto done = daemon.run(signals.get()); !done) {
    spdlog::error("{}", done.error().text());
    return EXIT_FAILURE;
  }
  spdlog::info("ends; what the kernel enforces stays in force");
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const auto options = holdfast::holdfastd::parseOptions(argc, argv);
    if (!options) {
      (void)std::fprintf(stderr, "holdfastd: %s\nTry holdfastd --help.\n", options.error().message.c_str());
      return 2;
    }
    if (options->help || options->version) {
      const auto text =
          options->help ? holdfast::holdfastd::helpText() : std::string("holdfastd " HOLDFAST_VERSION "\n");
      (void)std::fputs(text.c_str(), stdout);
      return EXIT_SUCCESS;
    }
    return serve(*options);
  } catch (const std::exception& error) {
    (void)std::fprintf(stderr, "holdfastd: %s\n", error.what());
    return EXIT_FAILURE;
  }
}
