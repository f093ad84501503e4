// SPDX-License-Identifier: Apache-2.0
// What holdfastctl prints, compared with the files below tests/fixtures/holdfastctl:
//   help/     the help of the program, of each group and of each command, and that of holdfastd
//   output/   each command's output, for people and as JSON, from the samples in holdfastctl_golden_samples.hpp
// The commands are those of the program's own table: a new one fails here until it has a sample and its files. To write
// the files anew, then to read what has changed:
//   HOLDFAST_UPDATE_GOLDEN=1 build/sanitize/tests/unit/unit-holdfastctl '[golden]'; git diff tests/fixtures/holdfastctl
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "holdfastctl_golden_samples.hpp"
#include "holdfastd/options.hpp"

using namespace holdfast;

namespace {

using Files = std::set<std::filesystem::path>;

const std::filesystem::path kHelp = std::filesystem::path(HOLDFAST_FIXTURES) / "help";
const std::filesystem::path kOutput = std::filesystem::path(HOLDFAST_FIXTURES) / "output";

bool updates() { return std::getenv("HOLDFAST_UPDATE_GOLDEN") != nullptr; }

std::string contentOf(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  return file ? content.str() : std::string("(there is no such file)");
}

/// A test that has written a file fails, so that none passes because it was let.
void compare(const std::filesystem::path& path, const std::string& text) {
  INFO(path.string() << ": if this is what is meant, see the beginning of " __FILE__);
  const std::string golden = contentOf(path);
  CHECK(golden == text);
  if (golden == text || !updates()) return;
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

void nothingElse(const std::filesystem::path& directory, const Files& expected) {
  Files found;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) found.insert(entry.path());
  CHECK(found == expected);
}

std::string hyphened(const holdfastctl::Arguments& words) {
  std::string name;
  for (const auto& word : words) name += (name.empty() ? "" : "-") + word;
  return name;
}

}  // namespace

TEST_CASE("help is what it was, of the program, its groups and every command", "[golden]") {
  test::Terminal terminal;
  Files files;
  const auto compareHelp = [&](holdfastctl::Arguments words) {
    const auto path = kHelp / ((words.empty() ? "holdfastctl" : hyphened(words)) + ".txt");
    if (!files.insert(path).second) return;
    words.emplace_back("--help");
    CHECK(terminal.run(words) == 0);
    CHECK(terminal.err.str().empty());
    CHECK(test::widest(terminal.out.str()) <= 120);
    compare(path, terminal.out.str());
  };
  compareHelp({});
  for (const auto& command : holdfastctl::commands()) {
    if (command.size() > 1) compareHelp({command[0]});
    compareHelp(command);
    CHECK(terminal.says("Examples:\n  holdfastctl " + command[0]));
    CHECK(terminal.says("Exit status"));
  }
  CHECK(terminal.asked.empty());
  compare(kHelp / "holdfastd.txt", holdfastd::helpText());
  files.insert(kHelp / "holdfastd.txt");
  nothingElse(kHelp, files);
}

TEST_CASE("output is what it was, of every command, for people and for programs", "[golden]") {
  Files files;
  std::map<std::string, std::string> transcripts;
  for (const auto& [name, sample] : test::kGoldenSamples) {
    test::Session session;
    sample(session);
    const auto path = kOutput / (name + ".txt");
    compare(path, session.transcript());
    files.insert(path);
    transcripts[name.substr(0, name.find('.'))] += session.transcript();
  }
  nothingElse(kOutput, files);
  for (const auto& command : holdfastctl::commands()) {
    INFO("no sample in holdfastctl_golden_samples.hpp shows: " << hyphened(command));
    std::string typed = "$ holdfastctl";
    for (const auto& word : command) typed += " " + word;
    const auto& transcript = transcripts[hyphened(command)];
    CHECK(transcript.find(typed) != std::string::npos);
    CHECK(transcript.find(" --output json\n") != std::string::npos);
  }
  CHECK(transcripts.size() == holdfastctl::commands().size());
}
