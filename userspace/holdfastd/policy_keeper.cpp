// SPDX-License-Identifier: Apache-2.0
#include "holdfastd/policy_keeper.hpp"

#include <algorithm>
#include <cerrno>

namespace holdfast::holdfastd {

namespace {

constexpr int kTries = 4;
// Profiles that no container has any more are kept for the next of the same image, up to this many.
constexpr std::size_t kProfilesKept = 1024;

kernel::Verdict verdictOf(rule::Action action) {
  switch (action) {
    case rule::Action::Allow:
      return kernel::Verdict::Allow;
    case rule::Action::Alert:
      return kernel::Verdict::Alert;
    case rule::Action::Block:
      break;
  }
  return kernel::Verdict::Deny;
}

/// The sets that the profiles need. They keep their ids from one policy to the next, so as not to be sent again.
std::map<std::uint64_t, std::uint32_t> addDigestSets(kernel::Policy& policy, const InForce& target) {
  std::map<std::uint64_t, std::uint32_t> needed;
  std::uint32_t last = 0;
  for (const auto& [hash, id] : target.digest_sets) last = std::max(last, id);
  for (const auto& profile : target.profiles) {
    for (const auto& rule : profile.rules) {
      if (rule.programs.hash == 0 || needed.contains(rule.programs.hash)) continue;
      const auto before = target.digest_sets.find(rule.programs.hash);
      const bool in_force = before != target.digest_sets.end();
      const auto id = in_force ? before->second : ++last;
      needed.emplace(rule.programs.hash, id);
      policy.digest_sets.push_back({id, rule.programs.digests, in_force});
    }
  }
  return needed;
}

kernel::PolicyProfile kernelProfile(std::uint32_t id, const rule::Profile& profile,
                                    const std::map<std::uint64_t, std::uint32_t>& digest_sets) {
  kernel::PolicyProfile result{id, {}};
  for (const auto& rule : profile.rules) {
    result.rules.push_back(
        {.tag = rule.tag,
         .type = kernel::PolicyRuleType::NonImageProgram,
         .action = verdictOf(rule.action),
         .on_running = rule.on_running == rule::OnRunning::Stop ? kernel::Verdict::Deny : kernel::Verdict::Alert,
         .id = rule.id,
         .directories = rule.directories,
         .digest_set = rule.programs.hash == 0 ? 0 : digest_sets.at(rule.programs.hash)});
  }
  for (const auto& rule : profile.checks) {
    result.rules.push_back({.tag = rule.tag,
                            .type = kernel::PolicyRuleType::ContainerEscape,
                            .action = verdictOf(rule.action),
                            .checks = rule::toBytes(rule.items)});
  }
  return result;
}

// profiles[0] is the default profile's content; the self-test's has none of these places.
std::uint32_t idAt(std::size_t index) {
  return index == 0 ? kDefaultProfile : kSelfTestProfile + static_cast<std::uint32_t>(index);
}

std::uint32_t need(InForce& target, const rule::Profile& profile) {
  if (auto id = target.idOf(profile)) return *id;
  target.profiles.push_back(profile);
  return idAt(target.profiles.size() - 1);
}

}  // namespace

std::optional<std::uint32_t> InForce::idOf(const rule::Profile& profile) const {
  const auto found = std::ranges::find(profiles, profile);
  if (found == profiles.end()) return std::nullopt;
  return idAt(static_cast<std::size_t>(found - profiles.begin()));
}

kernel::Policy buildPolicy(InForce& target, const std::vector<container::Table::Entry>& containers,
                           const std::vector<kernel::Pattern>& patterns) {
  kernel::Policy policy;
  policy.generation = target.generation;
  policy.default_profile = target.default_profile = kDefaultProfile;
  policy.query_timeout_ms = std::clamp<std::uint32_t>(target.config.query_timeout_ms, 1, kernel::kQueryTimeoutMaxMs);
  policy.patterns = patterns;
  policy.runtime_programs = target.config.runtime_programs;
  if (target.profiles.empty()) target.profiles.push_back(rule::compileDefault(*target.rules, target.config));
  for (const auto& entry : containers) {
    const auto id = entry.self_test ? kSelfTestProfile
                                    : need(target, rule::compile(*target.rules, target.config, entry.container->image));
    if (policy.bindings.size() < kernel::kBindingsMax) policy.bindings.push_back({entry.cgroup_id, id});
  }
  target.digest_sets = addDigestSets(policy, target);
  for (std::size_t i = 0; i < target.profiles.size(); ++i) {
    policy.profiles.push_back(kernelProfile(idAt(i), target.profiles[i], target.digest_sets));
  }
  policy.profiles.push_back({kSelfTestProfile,
                             {{.tag = kSelfTestTag,
                               .type = kernel::PolicyRuleType::NonImageProgram,
                               .action = kernel::Verdict::Deny,
                               .directories = {}}}});
  return policy;
}

PolicyKeeper::PolicyKeeper(kernel::Port& port, const container::Table& table, RuleHistory& history,
                           std::vector<kernel::Pattern> patterns)
    : port_(port), table_(table), history_(history), patterns_(std::move(patterns)) {}

void PolicyKeeper::adopt(const kernel::Status& status) {
  const std::unique_lock lock(gate_);
  if (!status.has(kernel::kStatusPolicy)) {
    in_force_.store(nullptr);
    return;
  }
  InForce adopted;
  adopted.generation = adopted.rule_set = status.generation;
  adopted.default_profile = status.default_profile;
  in_force_.store(std::make_shared<const InForce>(std::move(adopted)));
}

kernel::Outcome<void> PolicyKeeper::apply(Rules rules, const rule::HostConfig& config) {
  const std::unique_lock lock(gate_);
  InForce target;
  target.rules = std::move(rules);
  target.config = config;
  return commit(std::move(target));
}

kernel::Outcome<void> PolicyKeeper::commit(InForce target) {
  const auto current = in_force_.load();
  std::uint32_t base = current ? current->generation : 0;
  for (int attempt = 0;; ++attempt) {
    target.generation = base + 1;
    // At a second try the policy in force may be another one than that which had them.
    target.digest_sets = current && attempt == 0 ? current->digest_sets : decltype(target.digest_sets){};
    if (!current || current->rules != target.rules) target.rule_set = target.generation;
    const auto policy = buildPolicy(target, table_.all(), patterns_);
    // Events of the new generation may be here before the commit returns.
    history_.add(target.generation, target.rules);
    auto done = port_.commitPolicy(policy);
    if (done) {
      in_force_.store(std::make_shared<const InForce>(std::move(target)));
      return done;
    }
    if (!current || current->rules != target.rules) history_.remove(target.generation);
    if (done.error().code == ENOENT && attempt == 0 && !target.digest_sets.empty()) continue;
    // Somebody else has committed since, an older daemon for example.
    const auto status = port_.status();
    if (attempt + 1 >= kTries || !status || status->generation <= base) return done;
    base = status->generation;
  }
}

kernel::Outcome<void> PolicyKeeper::commitProfileOf(const container::Table::Entry& entry) {
  const std::unique_lock lock(gate_);
  const auto current = in_force_.load();
  if (!current || !current->rules) return kernel::failWith(ENODATA, "no policy yet");
  // The new policy is right if another thread has meanwhile committed the profile; the generation is what is wanted.
  InForce target = *current;
  if (target.profiles.size() > kProfilesKept) target.profiles.clear();
  if (target.profiles.empty()) target.profiles.push_back(rule::compileDefault(*target.rules, target.config));
  need(target, rule::compile(*target.rules, target.config, entry.container->image));
  return commit(std::move(target));
}

std::optional<Assignment> PolicyKeeper::assignmentOf(const InForce& in_force, const container::Table::Entry& entry) {
  if (entry.self_test) return Assignment{kSelfTestProfile, in_force.generation};
  if (!in_force.rules) return Assignment{in_force.default_profile, in_force.generation};
  const auto id = in_force.idOf(rule::compile(*in_force.rules, in_force.config, entry.container->image));
  if (!id) return std::nullopt;
  return Assignment{*id, in_force.generation};
}

kernel::Outcome<void> PolicyKeeper::withProfile(const container::Table::Entry& entry, const Use& use) {
  kernel::Outcome<void> done = kernel::failWith(ENODATA, "no policy yet");
  for (int attempt = 0; attempt < kTries; ++attempt) {
    std::uint32_t generation = 0;
    {
      const std::shared_lock lock(gate_);
      const auto current = in_force_.load();
      if (!current) return done;
      generation = current->generation;
      if (const auto assignment = assignmentOf(*current, entry)) {
        done = use(*assignment);
        if (done || done.error().code != ESTALE) return done;
      }
    }
    // A commit of another thread may have come between; then there is nothing to do but to look again.
    const auto now = in_force_.load();
    if (now && now->generation != generation) continue;
    if (auto committed = commitProfileOf(entry); !committed) return committed;
  }
  return done;
}

std::optional<kernel::Outcome<void>> PolicyKeeper::tryWithProfile(const container::Table::Entry& entry,
                                                                  const Use& use) {
  const std::shared_lock lock(gate_, std::try_to_lock);
  if (!lock.owns_lock()) return std::nullopt;
  const auto current = in_force_.load();
  if (!current) return std::nullopt;
  const auto assignment = assignmentOf(*current, entry);
  if (!assignment) return std::nullopt;
  auto done = use(*assignment);
  if (!done && done.error().code == ESTALE) return std::nullopt;
  return done;
}

}  // namespace holdfast::holdfastd
