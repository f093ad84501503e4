// SPDX-License-Identifier: Apache-2.0
#include "holdfastctl/command_line.hpp"

#include <ostream>
#include <sstream>

#include "base/json.hpp"

namespace holdfast::holdfastctl {

namespace po = boost::program_options;

CommandLine::CommandLine(std::string usage, std::string about, std::string examples)
    : usage_(std::move(usage)), about_(std::move(about)), examples_(std::move(examples)) {
  options_.add_options()("output,o", po::value<std::string>()->default_value("table")->value_name("table|json"),
                         "table for people, json for programs")(
      "socket", po::value<std::string>()->default_value(control::kDefaultSocket)->value_name("PATH"),
      "where holdfastd listens")("help,h", "show this");
}

std::string CommandLine::help() const {
  std::ostringstream text;
  text << "Usage: holdfastctl " << usage_ << "\n\n"
       << about_ << "\n"
       << options_ << "\nExamples:\n"
       << examples_ << "\nExit status: 0 done, 1 found something, 2 wrong use or could not be done.\n";
  return text.str();
}

std::optional<int> CommandLine::parse(const Arguments& given, const Environment& environment) {
  po::options_description all;
  all.add(options_).add_options()("arguments", po::value<Arguments>());
  po::positional_options_description positional;
  positional.add("arguments", -1);
  // Without guessing: an abbreviation that works today would be ambiguous with tomorrow's options.
  constexpr int kStyle = po::command_line_style::default_style & ~po::command_line_style::allow_guessing;
  try {
    po::store(po::command_line_parser(given).options(all).positional(positional).style(kStyle).run(), values_);
    po::notify(values_);
  } catch (const po::error& error) {
    return wrongUse(environment, error.what());
  }
  if (values_.count("help") != 0) {
    environment.out << help();
    return Done;
  }
  if (values_.count("arguments") != 0) arguments_ = values_["arguments"].as<Arguments>();
  if (arguments_max_ >= 0 && arguments_.size() > static_cast<std::size_t>(arguments_max_))
    return wrongUse(environment, "too many arguments: '" + arguments_[static_cast<std::size_t>(arguments_max_)] + "'");
  const std::string format = text("output");
  if (format != "table" && format != "json") return wrongUse(environment, "--output is table or json");
  json_ = format == "json";
  return std::nullopt;
}

int CommandLine::wrongUse(const Environment& environment, const std::string& why) const {
  environment.err << "holdfastctl: " << safeUtf8(why) << "\nUsage: holdfastctl " << usage_
                  << "\nMore: the same with --help\n";
  return Failed;
}

int failed(const Environment& environment, const Error& error) {
  environment.err << "holdfastctl: " << safeUtf8(error.text()) << "\n";
  return Failed;
}

void printJson(const Environment& environment, const nlohmann::json& value) {
  environment.out << value.dump(2, ' ', true, nlohmann::json::error_handler_t::replace) << "\n";
}

}  // namespace holdfast::holdfastctl
