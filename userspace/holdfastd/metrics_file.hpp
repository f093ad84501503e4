// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>

#include "base/bounded_queue.hpp"

namespace holdfast::holdfastd {

/// Writes metrics where node-exporter's textfile collector reads them. On a thread of its own, as the disk may be full,
/// slow or a network's.
class MetricsFile {
 public:
  using Clock = std::chrono::steady_clock;

  MetricsFile() : thread_([this] { run(); }) {}
  MetricsFile(const MetricsFile&) = delete;
  MetricsFile& operator=(const MetricsFile&) = delete;
  ~MetricsFile();

  /// `text` is only called if `path` (not empty) is due. What the writer has not come to by the next time is left out.
  void tick(const std::filesystem::path& path, std::chrono::seconds every, Clock::time_point now,
            const std::function<std::string()>& text);

 private:
  struct Job {
    std::filesystem::path path;
    std::string text;
  };
  void run();

  BoundedQueue<Job> jobs_{1};
  std::filesystem::path last_path_;
  Clock::time_point next_{};
  std::thread thread_;
};

}  // namespace holdfast::holdfastd
