// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/program_options.hpp>
#include <optional>
#include <string>

#include "holdfastctl/environment.hpp"

namespace holdfast::holdfastctl {

/// One command's options. Those that all commands have (--output, --socket, --help) are there already.
class CommandLine {
 public:
  /// `about` and `examples` are whole lines of help; `usage` is what stands after "holdfastctl".
  CommandLine(std::string usage, std::string about, std::string examples);

  /// boost::program_options' way of adding options.
  boost::program_options::options_description_easy_init options() { return options_.add_options(); }
  /// Takes up to `count` (-1: any number of) arguments that are no options.
  void arguments(int count) { arguments_max_ = count; }

  /// The exit status if all is done already: help was shown, or the use is wrong.
  [[nodiscard]] std::optional<int> parse(const Arguments& given, const Environment& environment);

  [[nodiscard]] bool json() const { return json_; }
  [[nodiscard]] const Arguments& arguments() const { return arguments_; }
  [[nodiscard]] const boost::program_options::variables_map& values() const { return values_; }
  [[nodiscard]] std::string text(const char* option) const {
    return values_.count(option) == 0 ? std::string() : values_[option].as<std::string>();
  }

  /// Asks the daemon.
  [[nodiscard]] Result<nlohmann::json> call(const Environment& environment, const control::Request& request) const {
    return environment.call(text("socket"), request);
  }

  [[nodiscard]] int wrongUse(const Environment& environment, const std::string& why) const;

 private:
  [[nodiscard]] std::string help() const;

  std::string usage_;
  std::string about_;
  std::string examples_;
  boost::program_options::options_description options_{"Options"};
  boost::program_options::variables_map values_;
  Arguments arguments_;
  int arguments_max_ = 0;
  bool json_ = false;
};

/// Says what could not be done. Exit status 2.
int failed(const Environment& environment, const Error& error);

/// JSON in ASCII: safe for any terminal, whatever the strings are.
void printJson(const Environment& environment, const nlohmann::json& value);

}  // namespace holdfast::holdfastctl
