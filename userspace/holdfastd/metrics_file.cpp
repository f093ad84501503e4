// SPDX-License-Identifier: Apache-2.0
#include "holdfastd/metrics_file.hpp"

#include <spdlog/spdlog.h>

#include "base/file.hpp"
#include "base/json.hpp"

namespace holdfast::holdfastd {

MetricsFile::~MetricsFile() {
  jobs_.close();
  thread_.join();
}

void MetricsFile::tick(const std::filesystem::path& path, std::chrono::seconds every, Clock::time_point now,
                       const std::function<std::string()>& text) {
  if (path.empty() || (path == last_path_ && now < next_)) return;
  last_path_ = path;
  next_ = now + every;
  (void)jobs_.push(Job{path, text()});
}

void MetricsFile::run() {
  constexpr mode_t kReadable = 0644;
  std::string said;  // the error that was told last, told once
  while (!jobs_.closed()) {
    const auto job = jobs_.pop(std::chrono::hours(1));
    if (!job) continue;
    const auto done = writeFileAtomically(job->path, job->text, kReadable);
    const std::string problem = done ? "" : done.error().text();
    if (problem == said) continue;
    if (problem.empty()) {
      spdlog::info("metrics are written again: {}", safeUtf8(job->path.string()));
    } else {
      spdlog::error("metrics cannot be written: {}", safeUtf8(problem));
    }
    said = problem;
  }
}

}  // namespace holdfast::holdfastd
