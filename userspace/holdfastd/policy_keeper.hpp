// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <vector>

#include "container/table.hpp"
#include "holdfastd/rule_history.hpp"
#include "kernel/port.hpp"
#include "rule/compile.hpp"

namespace holdfast::holdfastd {

// Ids are the same in every generation; those of the other profiles are not.
inline constexpr std::uint32_t kDefaultProfile = 1;
inline constexpr std::uint32_t kSelfTestProfile = 2;
inline constexpr std::uint32_t kSelfTestTag = 0xFFFFFFFF;

using Rules = std::shared_ptr<const rule::RuleSet>;

/// What the kernel enforces, as far as it came from here. Immutable.
struct InForce {
  std::uint32_t generation = 0;
  std::uint32_t rule_set = 0;  // the generation that brought the rules
  std::uint32_t default_profile = kDefaultProfile;
  Rules rules;  // null: an earlier daemon's policy, of which only the numbers are known
  rule::HostConfig config;
  std::vector<rule::Profile> profiles;                 // see idOf()
  std::map<std::uint64_t, std::uint32_t> digest_sets;  // what the kernel calls them, by their hash

  [[nodiscard]] std::optional<std::uint32_t> idOf(const rule::Profile& profile) const;
};

struct Assignment {
  std::uint32_t profile_id = 0;
  std::uint32_t generation = 0;
};

/// The whole policy for what `target` says; profiles that the containers need are added to it.
[[nodiscard]] kernel::Policy buildPolicy(InForce& target, const std::vector<container::Table::Entry>& containers,
                                         const std::vector<kernel::Pattern>& patterns);

/// Commits policies and says which profile a container has. For any thread.
class PolicyKeeper {
 public:
  /// All three outlive the keeper.
  PolicyKeeper(kernel::Port& port, const container::Table& table, RuleHistory& history,
               std::vector<kernel::Pattern> patterns);

  /// What the module has when this daemon meets it. Until apply() succeeds that stays in force, and new containers
  /// get its default profile.
  void adopt(const kernel::Status& status);

  /// Puts a rule set in force, for all containers at once; on failure the old one stays.
  [[nodiscard]] kernel::Outcome<void> apply(Rules rules, const rule::HostConfig& config);

  /// Calls `use` with the container's profile; no commit happens meanwhile, so that a container which is in the table
  /// before never misses one. If no profile fits, one is committed first. ESTALE from `use` is tried again.
  using Use = std::function<kernel::Outcome<void>(const Assignment&)>;
  [[nodiscard]] kernel::Outcome<void> withProfile(const container::Table::Entry& entry, const Use& use);

  /// The same without ever waiting; nothing if it cannot be done so.
  [[nodiscard]] std::optional<kernel::Outcome<void>> tryWithProfile(const container::Table::Entry& entry,
                                                                    const Use& use);

  /// Null before adopt() and apply().
  [[nodiscard]] std::shared_ptr<const InForce> inForce() const { return in_force_.load(); }
  [[nodiscard]] const std::vector<kernel::Pattern>& patterns() const { return patterns_; }

 private:
  [[nodiscard]] kernel::Outcome<void> commit(InForce target);  // under gate_, exclusively
  [[nodiscard]] kernel::Outcome<void> commitProfileOf(const container::Table::Entry& entry);
  [[nodiscard]] static std::optional<Assignment> assignmentOf(const InForce& in_force,
                                                              const container::Table::Entry& entry);

  kernel::Port& port_;
  const container::Table& table_;
  RuleHistory& history_;
  const std::vector<kernel::Pattern> patterns_;
  std::shared_mutex gate_;  // shared: answers; exclusive: commits
  std::atomic<std::shared_ptr<const InForce>> in_force_;
};

}  // namespace holdfast::holdfastd
