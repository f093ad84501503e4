// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <deque>
#include <sstream>
#include <vector>

#include "base/digest_text.hpp"
#include "base_test_support.hpp"
#include "holdfastctl/doctor_facts.hpp"
#include "holdfastctl/environment.hpp"

namespace holdfast::test {

/// What is in a file now; by default the one that sampleEvent() is about.
inline container::Program sampleProgram(const std::string& path, std::uint8_t digest) {
  container::Program program;
  program.path = path;
  program.device = 5;
  program.inode = 6;
  program.digest = Sha256{digest};
  return program;
}

/// holdfastctl with a daemon that gives one answer to everything, but first those that are queued, and remembers what
/// it was asked. By its cgroup it knows the container of sampleEvent(), without being asked in a test's eyes.
struct Terminal {
  std::ostringstream out;
  std::ostringstream err;
  std::istringstream in;  // what a person types
  bool interactive = false;
  std::function<Result<void>(const std::filesystem::path&, int)> editor;
  Result<nlohmann::json> answer = nlohmann::json::object();
  std::deque<nlohmann::json> queued;
  std::vector<nlohmann::json> stream;
  std::vector<control::Request> asked;
  std::string socket;
  std::filesystem::path root = "/nonexistent";
  std::vector<container::Program> programs;  // in the container

  int run(const holdfastctl::Arguments& arguments) {
    out.str("");
    err.str("");
    return holdfastctl::run(arguments, environment());
  }

  holdfastctl::DoctorFacts facts() { return holdfastctl::gatherFacts(environment(), "/nonexistent/socket"); }

  holdfastctl::Environment environment() {
    return {out,
            err,
            100,
            [this](const auto& path, const auto& request) -> Result<nlohmann::json> {
              socket = path;
              if (request.name == "containers.show" && request.params["id"] == "42") {
                control::ContainerReport container;
                container.cgroup_id = 42;
                return container;
              }
              asked.push_back(request);
              if (queued.empty()) return answer;
              auto next = std::move(queued.front());
              queued.pop_front();
              return next;
            },
            [this](const auto&, const auto& request, const auto& receive) -> Result<void> {
              asked.push_back(request);
              for (const auto& item : stream)
                if (!receive(item)) return {};
              if (answer) return {};
              return tl::unexpected(answer.error());
            },
            [] { return std::uint64_t{1'700'000'000'000'000'000}; },
            in,
            interactive,
            editor,
            root,
            [this](const auto&, const auto& path, auto, auto) -> Result<container::Program> {
              const auto found = std::ranges::find(programs, path, &container::Program::path);
              if (found == programs.end()) return fail("in the container: No such file or directory");
              return *found;
            }};
  }

  [[nodiscard]] bool says(const std::string& text) const { return out.str().find(text) != std::string::npos; }
  [[nodiscard]] bool complains(const std::string& text) const { return err.str().find(text) != std::string::npos; }
};

/// The longest line.
inline std::size_t widest(const std::string& text) {
  std::istringstream lines(text);
  std::size_t most = 0;
  for (std::string line; std::getline(lines, line);) most = std::max(most, line.size());
  return most;
}

/// A host's rule files: the vendor's rule, and "web", which blocks and stands in `file`.
struct RuleFiles {
  ScratchDirectory scratch;
  std::filesystem::path file;

  RuleFiles() {
    scratch.write("vendor/10-vendor.yaml",
                  "version: 1\nrules:\n  - { name: vendor, type: non-image-program, action: alert, system: true }\n");
    file = scratch.write("rules.d/web.yaml",
                         "version: 1\nrules:\n  - name: web\n    type: non-image-program\n    action: block\n");
    scratch.write("holdfast.yaml", "version: 1\n");
  }
  /// The words, and where these files are.
  [[nodiscard]] holdfastctl::Arguments with(holdfastctl::Arguments words) const {
    words.insert(words.end(), {"--config", (scratch / "holdfast.yaml").string(), "--rules-dir",
                               (scratch / "rules.d").string(), "--vendor-dir", (scratch / "vendor").string()});
    return words;
  }
};

}  // namespace holdfast::test
