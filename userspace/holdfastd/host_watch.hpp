// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "holdfastd/host_places.hpp"
#include "kernel/port.hpp"

namespace holdfast::holdfastd {

/// Tells the kernel which directories of the host are to be watched, and keeps that true as they come and go. A thread
/// of its own: a file system of the host may take long to answer.
class HostWatch {
 public:
  /// Nothing is told before meet(). `every`: how soon a directory that was made anew is found.
  HostWatch(kernel::Port& port, std::filesystem::path root, std::chrono::milliseconds every = std::chrono::seconds(60));
  HostWatch(const HostWatch&) = delete;
  HostWatch& operator=(const HostWatch&) = delete;
  ~HostWatch();

  /// A module that has been told nothing yet, known by its load.
  void meet(std::uint64_t load_id);
  /// At once, not only when it is time.
  void lookAgain();
  /// Why they are not watched, or not all; empty if they are. For any thread.
  [[nodiscard]] std::string problem() const;
  /// How many are.
  [[nodiscard]] std::size_t watched() const;

 private:
  void run();
  /// Looks, and tells the kernel if anything is other than last time.
  void look(std::uint64_t load_id);
  [[nodiscard]] kernel::Outcome<void> tell(const std::vector<HostDirectory>& directories);
  void conclude(std::string problem, std::size_t watched);

  kernel::Port& port_;
  const std::filesystem::path root_;
  const std::chrono::milliseconds every_;
  std::uint32_t round_ = 0;            // of the thread
  std::optional<std::uint64_t> told_;  // of the thread: which load knows `last_`
  std::vector<HostDirectory> last_;    // of the thread
  mutable std::mutex mutex_;           // for all that follow
  std::condition_variable wake_;
  std::optional<std::uint64_t> met_;
  bool stop_ = false;
  bool now_ = false;
  std::string problem_;
  std::size_t watched_ = 0;
  std::thread thread_;  // last: it uses the rest
};

}  // namespace holdfast::holdfastd
