// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>

#include <atomic>
#include <cerrno>
#include <functional>
#include <map>
#include <mutex>
#include <vector>

#include "kernel/port.hpp"
#include "rule/load.hpp"

namespace holdfast::test {

/// A module that keeps the rules of the interface as far as the controller can notice them.
class FakePort : public kernel::Port {
 public:
  kernel::Status state;
  std::vector<kernel::Policy> policies;
  std::vector<kernel::Answer> answers;
  std::vector<kernel::MemberInfo> adopted;
  std::vector<std::uint64_t> acknowledged;
  // By inode: the round and the entries.
  std::map<std::uint64_t, std::pair<std::uint32_t, std::vector<kernel::HostEntry>>> host_directories;
  int host_directory_error = 0;
  std::map<std::uint64_t, kernel::ContainerInfo> records;
  int set_containers = 0;
  std::map<std::uint64_t, std::uint32_t> owners;  // of processes, by kernel::idOfProcess()
  std::vector<kernel::MemberInfo> member_list;
  std::function<int()> fail_commit;  // an errno, 0 for none
  std::function<int()> fail_answer;
  std::function<std::vector<kernel::HookInfo>()> hook_list;
  std::atomic<int> acknowledge_error{0};
  mutable std::mutex mutex;

  kernel::Outcome<kernel::Status> status() override {
    const std::scoped_lock lock(mutex);
    return state;
  }
  kernel::Outcome<std::vector<kernel::HookInfo>> hooks() override {
    return hook_list ? hook_list() : std::vector<kernel::HookInfo>{};
  }
  kernel::Outcome<void> commitPolicy(const kernel::Policy& policy) override {
    const std::scoped_lock lock(mutex);
    if (const int error = fail_commit ? fail_commit() : 0; error != 0) return kernel::failWith(error, "commit");
    if (policy.generation <= state.generation) return kernel::failWith(ESTALE, "generation");
    policies.push_back(policy);
    state.generation = policy.generation;
    state.default_profile = policy.default_profile;
    state.flags |= kernel::kStatusPolicy;
    return {};
  }
  kernel::Outcome<void> setContainer(const kernel::ContainerInfo& info) override {
    const std::scoped_lock lock(mutex);
    if (info.generation != state.generation) return kernel::failWith(ESTALE, "generation");
    const bool of_process = info.cgroup_id >= kernel::idOfProcess(0, 0);
    if (of_process && (info.owner != 0 || !records.contains(info.cgroup_id)) &&
        (!owners.contains(info.cgroup_id) || owners[info.cgroup_id] != info.owner))
      return kernel::failWith(ESRCH, "no such process of that user's");
    auto& record = records[info.cgroup_id];
    record.cgroup_id = info.cgroup_id;
    record.name = info.name;
    record.profile_id = info.profile_id;
    record.generation = info.generation;
    record.flags &= ~kernel::kContainerDefaulted;
    ++set_containers;
    return {};
  }
  kernel::Outcome<void> delContainer(std::uint64_t cgroup_id) override {
    const std::scoped_lock lock(mutex);
    if (records.erase(cgroup_id) == 0) return kernel::failWith(ENOENT, "none");
    return {};
  }
  kernel::Outcome<std::vector<kernel::ContainerInfo>> containers() override {
    const std::scoped_lock lock(mutex);
    std::vector<kernel::ContainerInfo> all;
    for (const auto& [id, record] : records) all.push_back(record);
    return all;
  }
  kernel::Outcome<std::vector<kernel::MemberInfo>> members() override { return member_list; }
  kernel::Outcome<std::vector<kernel::PolicyProfile>> profiles() override {
    return std::vector<kernel::PolicyProfile>{};
  }
  kernel::Outcome<std::vector<kernel::Pattern>> patterns() override { return std::vector<kernel::Pattern>{}; }
  kernel::Outcome<void> adopt(const kernel::MemberInfo& member) override {
    const std::scoped_lock lock(mutex);
    adopted.push_back(member);
    return {};
  }
  kernel::Outcome<void> calibrate(std::span<const kernel::Probe>) override { return {}; }
  kernel::Outcome<void> setHostDirectory(int fd, std::uint32_t round,
                                         std::span<const kernel::HostEntry> entries) override {
    struct stat its {};
    if (::fstat(fd, &its) != 0) return kernel::failWith(EBADF, "host directory");
    const std::scoped_lock lock(mutex);
    if (host_directory_error != 0) return kernel::failWith(host_directory_error, "host directory");
    host_directories[its.st_ino] = {round, {entries.begin(), entries.end()}};
    return {};
  }
  kernel::Outcome<void> sweepHostDirectories(std::uint32_t round) override {
    const std::scoped_lock lock(mutex);
    std::erase_if(host_directories, [&](const auto& one) { return one.second.first != round; });
    return {};
  }
  kernel::Outcome<void> answer(const kernel::Answer& answer) override {
    const std::scoped_lock lock(mutex);
    if (const int error = fail_answer ? fail_answer() : 0; error != 0) return kernel::failWith(error, "answer");
    if (answer.kind == kernel::AnswerKind::Container && answer.generation != state.generation) {
      return kernel::failWith(ESTALE, "generation");
    }
    answers.push_back(answer);
    return {};
  }
  kernel::Outcome<void> acknowledge(std::uint64_t number) override {
    const std::scoped_lock lock(mutex);
    if (const int error = acknowledge_error; error != 0) return kernel::failWith(error, "ack");
    acknowledged.push_back(number);
    return {};
  }
  kernel::Outcome<void> lock() override { return {}; }

  std::vector<std::uint64_t> allAcknowledged() const {
    const std::scoped_lock lock(mutex);
    return acknowledged;
  }
  std::uint64_t lastAcknowledged() const {
    const std::scoped_lock lock(mutex);
    return acknowledged.empty() ? 0 : acknowledged.back();
  }
  std::size_t answered() const {
    const std::scoped_lock lock(mutex);
    return answers.size();
  }
};

/// Rules out of YAML; an unusable text gives null.
inline std::shared_ptr<const rule::RuleSet> rules(const std::string& list) {
  auto set = rule::checkText("version: 1\nrules:\n" + list, "test.yaml");
  return set ? std::make_shared<const rule::RuleSet>(std::move(*set)) : nullptr;
}

inline const char* const kBlockAll = "  - {name: all, type: non-image-program, action: block}\n";
inline const char* const kBlockWeb =
    "  - {name: web, type: non-image-program, action: block, scope: {images: [registry.example/web]}}\n";

/// Looks every few milliseconds, up to five seconds.
bool eventually(const std::function<bool()>& condition);

}  // namespace holdfast::test
