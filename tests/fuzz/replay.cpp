// SPDX-License-Identifier: Apache-2.0
// Runs a fuzz target without a fuzzer, and the same each time: every file of the seed directories, then that many
// mutations of them. It looks for nothing new, as libFuzzer does; it shows that what was found stays mended.
//
//   replay-NAME RUNS DIRECTORY...
// An input that breaks the target is left in ./fuzz-crash-PID.
#include <sanitizer/common_interface_defs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Input = std::vector<std::uint8_t>;

constexpr std::size_t kBytesMax = 16384;

const Input* running = nullptr;

void keepInput() {
  if (running == nullptr) return;
  const std::string name = "fuzz-crash-" + std::to_string(::getpid());
  std::ofstream(name, std::ios::binary)
      .write(reinterpret_cast<const char*>(running->data()), static_cast<std::streamsize>(running->size()));
  (void)std::fprintf(stderr, "the input is in %s\n", name.c_str());
}

void onAbort(int) {
  keepInput();
  std::_Exit(1);
}

void runOne(const Input& input) {
  running = &input;
  (void)LLVMFuzzerTestOneInput(input.data(), input.size());
  running = nullptr;
}

class Mutator {
 public:
  explicit Mutator(const std::vector<Input>& seeds) : seeds_(seeds) {}

  Input next() {
    Input input = seeds_[below(seeds_.size())];
    for (std::size_t left = 1 + below(8); left > 0; --left) change(input);
    input.resize(std::min(input.size(), kBytesMax));
    return input;
  }

 private:
  std::size_t below(std::size_t end) { return static_cast<std::size_t>(random_() % end); }
  std::ptrdiff_t place(const Input& input) { return static_cast<std::ptrdiff_t>(below(input.size() + 1)); }

  void change(Input& input) {
    // What parsers of text and of binary numbers stumble over.
    constexpr std::array<std::uint8_t, 20> kOdd = {0,    1,   0x7f, 0x80, 0xff, 0xc0, '"', '\\', '\n', '\r',
                                                   '\t', ' ', '{',  '}',  '[',  ']',  ':', ',',  '-',  '9'};
    if (input.empty()) return input.push_back(kOdd[below(kOdd.size())]);
    const std::size_t at = below(input.size());
    switch (below(6)) {
      case 0:
        input[at] ^= static_cast<std::uint8_t>(1U << below(8));
        break;
      case 1:
        input[at] = kOdd[below(kOdd.size())];
        break;
      case 2:
        input.insert(input.begin() + place(input), 1 + below(16), kOdd[below(kOdd.size())]);
        break;
      case 3:
        input.erase(input.begin() + static_cast<std::ptrdiff_t>(at),
                    input.begin() + static_cast<std::ptrdiff_t>(std::min(input.size(), at + 1 + below(32))));
        break;
      case 4:
        input.resize(at);
        break;
      default: {
        const Input& other = seeds_[below(seeds_.size())];
        const auto from = static_cast<std::ptrdiff_t>(below(other.size() + 1));
        input.insert(input.begin() + place(input), other.begin() + from, other.end());
      }
    }
  }

  const std::vector<Input>& seeds_;
  std::mt19937_64 random_{1};  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same each time
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  __sanitizer_set_death_callback(keepInput);
  (void)std::signal(SIGABRT, onAbort);
  std::vector<std::filesystem::path> files;
  for (int i = 2; i < argc; ++i)
    for (const auto& entry : std::filesystem::directory_iterator(argv[i])) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::vector<Input> seeds = {{}};
  for (const auto& path : files) {
    std::ifstream file(path, std::ios::binary);
    seeds.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  for (const Input& seed : seeds) runOne(seed);
  const long runs = std::strtol(argv[1], nullptr, 10);
  Mutator mutator(seeds);
  for (long i = 0; i < runs; ++i) runOne(mutator.next());
  std::printf("%zu seeds, %ld mutations\n", files.size(), runs);
  return files.empty() ? 1 : 0;
}
