// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/sha256.hpp"

namespace holdfast::rule {

inline constexpr std::size_t kProgramsMax = 1048576;          // of one rule; HOLDFAST_DIGESTS_MAX
inline constexpr std::size_t kProgramListBytesMax = 1 << 28;  // of one file

/// The programs that a rule exempts by what is in them. Immutable, and shared by all who need it.
struct ProgramSet {
  std::shared_ptr<const std::vector<Sha256>> digests;  // ascending, each once; null: none
  std::uint64_t hash = 0;                              // the same for the same digests; 0 for none

  [[nodiscard]] bool has(const Sha256& digest) const;
  [[nodiscard]] std::size_t size() const { return digests ? digests->size() : 0; }
  [[nodiscard]] bool operator==(const ProgramSet& other) const { return hash == other.hash; }
};

[[nodiscard]] ProgramSet makeProgramSet(std::vector<Sha256> digests);

/// What 'sha256sum' writes: a digest a line, what follows it after a blank is a note; empty lines and those that begin
/// with # are left out. Adds to `digests`; the first mistake is the error, with its line.
[[nodiscard]] Result<void> readProgramList(const std::filesystem::path& path, std::vector<Sha256>& digests);

}  // namespace holdfast::rule
