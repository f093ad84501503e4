// SPDX-License-Identifier: Apache-2.0
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <iostream>

#include "base/time.hpp"
#include "holdfastctl/container_program.hpp"
#include "holdfastctl/editor.hpp"
#include "holdfastctl/environment.hpp"

namespace {

std::size_t terminalWidth() {
  constexpr std::size_t kUsual = 100;
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kUsual;
  return std::clamp<std::size_t>(size.ws_col, 60, 500);
}

}  // namespace

int main(int argc, char** argv) {
  using namespace holdfast;
  try {
    const holdfastctl::Environment environment{
        std::cout,
        std::cerr,
        terminalWidth(),
        [](const auto& socket, const auto& request) { return control::call(socket, request); },
        [](const auto& socket, const auto& request, const auto& receive) {
          return control::follow(socket, request, receive);
        },
        realTimeNs,
        std::cin,
        ::isatty(STDIN_FILENO) == 1 && ::isatty(STDERR_FILENO) == 1,
        holdfastctl::runEditor,
        "/",
        holdfastctl::findInContainer};
    const int code = holdfastctl::run({argv + 1, argv + argc}, environment);
    std::cout.flush();
    return std::cout ? code : holdfastctl::Failed;
  } catch (const std::exception& error) {
    std::cerr << "holdfastctl: " << error.what() << "\n";
    return holdfastctl::Failed;
  }
}
