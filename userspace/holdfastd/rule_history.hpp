// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>

#include "base/result.hpp"
#include "rule/model.hpp"

namespace holdfast::holdfastd {

/// Which rule set decided under which generation: an event may be read long after its set was replaced, also by the
/// next daemon. For any thread.
class RuleHistory {
 public:
  struct Found {
    std::uint32_t first_generation = 0;  // what alerts call the version of the rule set
    std::shared_ptr<const rule::RuleSet> rules;
  };

  /// `rules` decide from `generation` on until the next that is added.
  void add(std::uint32_t generation, std::shared_ptr<const rule::RuleSet> rules);
  /// The commit of `generation` failed after all.
  void remove(std::uint32_t generation);
  /// `rules` is null if nobody knows.
  [[nodiscard]] Found find(std::uint32_t generation) const;

  /// Generations begin anew with each load of the module, so a file of another load is not taken.
  [[nodiscard]] Result<void> save(const std::filesystem::path& file, const std::string& boot_id,
                                  std::uint64_t load_id) const;
  [[nodiscard]] Result<void> restore(const std::filesystem::path& file, const std::string& boot_id,
                                     std::uint64_t load_id);
  void clear();

 private:
  mutable std::mutex mutex_;
  std::map<std::uint32_t, std::shared_ptr<const rule::RuleSet>> sets_;  // by first generation
};

}  // namespace holdfast::holdfastd
