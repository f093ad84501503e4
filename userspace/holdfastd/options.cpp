// SPDX-License-Identifier: Apache-2.0
#include "holdfastd/options.hpp"

#include <boost/program_options.hpp>
#include <sstream>

#include "control/message.hpp"

namespace holdfast::holdfastd {

namespace po = boost::program_options;

namespace {

po::options_description description() {
  const auto text = [](const std::string& value) { return po::value<std::string>()->default_value(value); };
  const Options standard;
  po::options_description all("Options");
  all.add_options()("config", text(standard.config.string()), "configuration of this host")(
      "rules-dir", po::value<std::string>(), "the rules, instead of rules_dir of the configuration")(
      "vendor-dir", text(standard.vendor_dir.string()), "the rules that ship with Holdfast")(
      "state-dir", text(standard.state_dir.string()), "where alerts are stored")(
      "socket", text(control::kDefaultSocket), "control socket, for holdfastctl")(
      "log-level", po::value<std::string>(),
      "trace, debug, info, warn, error; instead of log_level of the configuration")(
      "runc-root", po::value<std::vector<std::string>>()->composing(),
      "a further directory given to runc as --root; may be repeated")(
      "crun-root", po::value<std::vector<std::string>>()->composing(), "likewise of crun")(
      "query-delay-ms", po::value<unsigned>()->default_value(0),
      "answer the kernel's queries late by so much, to test what a slow controller does; at most 60000")(
      "help", "show this")("version", "show the version");
  return all;
}

std::vector<std::filesystem::path> paths(const po::variables_map& values, const char* name) {
  if (values.count(name) == 0) return {};
  const auto& texts = values[name].as<std::vector<std::string>>();
  return {texts.begin(), texts.end()};
}

}  // namespace

std::string helpText() {
  std::ostringstream text;
  text << "Usage: holdfastd [OPTION...]\n"
          "The controller of Holdfast: compiles rules into what the kernel module enforces, tells it which container\n"
          "is which, and turns its events into alerts. Runs in the foreground, as root; SIGHUP reads the rules again.\n"
          "What the kernel enforces stays in force when it ends.\n\n"
       << description();
  return text.str();
}

Result<Options> parseOptions(int argc, const char* const* argv) {
  try {
    po::variables_map values;
    const auto all = description();
    po::store(po::command_line_parser(argc, argv).options(all).positional({}).run(), values);
    po::notify(values);
    Options options;
    options.help = values.count("help") != 0;
    options.version = values.count("version") != 0;
    options.config = values["config"].as<std::string>();
    options.vendor_dir = values["vendor-dir"].as<std::string>();
    options.state_dir = values["state-dir"].as<std::string>();
    options.socket = values["socket"].as<std::string>();
    if (values.count("rules-dir") != 0) options.rules_dir = values["rules-dir"].as<std::string>();
    if (values.count("log-level") != 0) options.log_level = values["log-level"].as<std::string>();
    options.runc_roots = paths(values, "runc-root");
    options.crun_roots = paths(values, "crun-root");
    const auto delay = values["query-delay-ms"].as<unsigned>();
    if (delay > 60000) return fail("query-delay-ms: at most 60000");
    options.query_delay = std::chrono::milliseconds(delay);
    return options;
  } catch (const po::error& error) {
    return fail(error.what());
  }
}

}  // namespace holdfast::holdfastd
