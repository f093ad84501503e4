// SPDX-License-Identifier: Apache-2.0
#include "holdfastd/host_watch.hpp"

#include <spdlog/spdlog.h>

#include <cerrno>
#include <utility>

#include "base/time.hpp"

namespace holdfast::holdfastd {

HostWatch::HostWatch(kernel::Port& port, std::filesystem::path root, std::chrono::milliseconds every)
    : port_(port),
      root_(std::move(root)),
      every_(every),
      // Not those of a controller before us, which may have known other directories.
      round_(static_cast<std::uint32_t>(realTimeNs() / 1000)),
      thread_([this] { run(); }) {}

HostWatch::~HostWatch() {
  {
    const std::scoped_lock lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void HostWatch::meet(std::uint64_t load_id) {
  {
    const std::scoped_lock lock(mutex_);
    met_ = load_id;
    now_ = true;
  }
  wake_.notify_all();
}

void HostWatch::lookAgain() {
  {
    const std::scoped_lock lock(mutex_);
    now_ = true;
  }
  wake_.notify_all();
}

std::string HostWatch::problem() const {
  const std::scoped_lock lock(mutex_);
  return problem_;
}

std::size_t HostWatch::watched() const {
  const std::scoped_lock lock(mutex_);
  return watched_;
}

void HostWatch::run() {
  std::unique_lock lock(mutex_);
  while (!stop_) {
    now_ = false;
    if (met_) {
      const auto load = *met_;
      lock.unlock();
      look(load);
      lock.lock();
    }
    wake_.wait_for(lock, every_, [this] { return stop_ || now_; });
  }
}

void HostWatch::look(std::uint64_t load_id) {
  auto found = findHostDirectories(root_);
  if (!found) return conclude(found.error().text(), watched());
  if (told_ == load_id && *found == last_) return;
  if (auto done = tell(*found); !done) {
    told_.reset();
    return conclude(done.error().message, 0);
  }
  told_ = load_id;
  last_ = std::move(*found);
  conclude("", last_.size());
}

kernel::Outcome<void> HostWatch::tell(const std::vector<HostDirectory>& directories) {
  ++round_;
  for (const auto& directory : directories) {
    const auto fd = openHostDirectory(root_, directory);
    if (!fd) continue;  // replaced since: found next time
    // A module that is locked keeps what it knows.
    if (auto done = port_.setHostDirectory(fd.get(), round_, directory.entries); !done && done.error().code != EPERM)
      return done;
  }
  if (auto done = port_.sweepHostDirectories(round_); !done && done.error().code != EPERM) return done;
  return {};
}

void HostWatch::conclude(std::string problem, std::size_t watched) {
  const std::scoped_lock lock(mutex_);
  if (!problem.empty() && problem != problem_) spdlog::warn("directories of the host are not all watched: {}", problem);
  problem_ = std::move(problem);
  watched_ = watched;
}

}  // namespace holdfast::holdfastd
