// SPDX-License-Identifier: Apache-2.0
#include "rule/program_set.hpp"

#include <algorithm>

#include "base/file.hpp"
#include "rule/reader.hpp"

namespace holdfast::rule {
namespace {

constexpr std::size_t kHexDigits = 64;

/// 64-bit FNV-1a, never 0.
std::uint64_t hashOf(const std::vector<Sha256>& digests) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const auto& digest : digests) {
    for (const auto byte : digest) hash = (hash ^ byte) * 0x100000001b3U;
  }
  return std::max<std::uint64_t>(hash, 1);
}

/// Empty if `line` is fine; what it names is added.
std::string readLine(std::string_view line, std::vector<Sha256>& digests) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  // sha256sum begins the line of a name with unusual characters so.
  if (line.starts_with('\\')) line.remove_prefix(1);
  if (line.empty() || line.front() == '#') return {};
  const auto digest = sha256FromHex(line.substr(0, kHexDigits));
  if (!digest || (line.size() > kHexDigits && line[kHexDigits] != ' '))
    return inQuotes(line.substr(0, kHexDigits)) +
           " is no digest: 64 lower-case hexadecimal digits, then a blank or nothing";
  if (*digest == Sha256{}) return "all zeros are the digest of no program";
  digests.push_back(*digest);
  return {};
}

}  // namespace

bool ProgramSet::has(const Sha256& digest) const { return digests && std::ranges::binary_search(*digests, digest); }

ProgramSet makeProgramSet(std::vector<Sha256> digests) {
  std::ranges::sort(digests);
  const auto twice = std::ranges::unique(digests);
  digests.erase(twice.begin(), twice.end());
  if (digests.empty()) return {};
  const auto hash = hashOf(digests);
  return {std::make_shared<const std::vector<Sha256>>(std::move(digests)), hash};
}

Result<void> readProgramList(const std::filesystem::path& path, std::vector<Sha256>& digests) {
  const auto content = readFile(path, kProgramListBytesMax);
  if (!content) return tl::unexpected(content.error());
  std::string_view rest = *content;
  for (int number = 1; !rest.empty(); ++number) {
    const auto end = std::min(rest.find('\n'), rest.size());
    if (auto fault = readLine(rest.substr(0, end), digests); !fault.empty())
      return tl::unexpected(Error{std::move(fault), path.string(), number, 1});
    if (digests.size() > kProgramsMax)
      return tl::unexpected(
          Error{"a rule exempts at most " + std::to_string(kProgramsMax) + " programs", path.string(), number, 1});
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return {};
}

}  // namespace holdfast::rule
