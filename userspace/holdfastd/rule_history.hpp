// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

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

  /// Begins anew, with what a daemon before this one has kept in `file` of the same load of the module (generations
  /// begin anew with each), and keeps there what is added from now on. An error is why nothing was taken over.
  [[nodiscard]] Result<void> open(const std::filesystem::path& file, const std::string& boot_id, std::uint64_t load_id);

  /// `rules` decide from `generation` on until the next that is added. To be called before they do: a daemon that is
  /// killed at any time leaves its successor the rules of every event.
  void add(std::uint32_t generation, std::shared_ptr<const rule::RuleSet> rules);
  /// The commit of `generation` failed after all.
  void remove(std::uint32_t generation);
  /// `rules` is null if nobody knows.
  [[nodiscard]] Found find(std::uint32_t generation) const;

 private:
  struct Place {
    std::filesystem::path file;
    std::string boot_id;
    std::uint64_t load_id = 0;
  };
  void keep() const;

  mutable std::mutex mutex_;
  std::optional<Place> place_;
  std::map<std::uint32_t, std::shared_ptr<const rule::RuleSet>> sets_;  // by first generation
};

}  // namespace holdfast::holdfastd
