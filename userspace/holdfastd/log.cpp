// SPDX-License-Identifier: Apache-2.0
#include "holdfastd/log.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <syslog.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace holdfast::holdfastd {
namespace {

/// sd-daemon(3)'s level of a line on standard error.
class JournalPriority : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm& /*time*/, spdlog::memory_buf_t& out) override {
    constexpr std::array<int, spdlog::level::n_levels> kPriorities = {LOG_DEBUG, LOG_DEBUG, LOG_INFO, LOG_WARNING,
                                                                      LOG_ERR,   LOG_CRIT,  LOG_INFO};
    out.push_back(static_cast<char>('0' + kPriorities.at(static_cast<std::size_t>(message.level))));
  }
  [[nodiscard]] std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<JournalPriority>();
  }
};

}  // namespace

void LimitedSink::renew(spdlog::level::level_enum level, Clock::time_point now) {
  auto& second = seconds_.at(static_cast<std::size_t>(level));
  if (now - second.began < std::chrono::seconds(1)) return;
  if (second.unsaid != 0) {
    const std::string text = std::to_string(second.unsaid) + " messages of this level were held back";
    target_->log(spdlog::details::log_msg("holdfastd", level, text));
  }
  second = {.began = now};
}

void LimitedSink::sink_it_(const spdlog::details::log_msg& message) {
  renew(message.level, now_());
  const auto level = static_cast<std::size_t>(message.level);
  auto& second = seconds_.at(level);
  if (second.passed < per_second_) {
    ++second.passed;
    return target_->log(message);
  }
  ++second.unsaid;
  ++held_back_.at(level);
}

void LimitedSink::flush_() {
  for (int level = 0; level < spdlog::level::off; ++level) renew(static_cast<spdlog::level::level_enum>(level), now_());
  target_->flush();
}

bool DescriptorSink::write(const spdlog::details::log_msg& message) {
  spdlog::memory_buf_t line;
  formatter_->format(message, line);
  ssize_t written = ::send(fd_, line.data(), line.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (written < 0 && errno == ENOTSOCK) written = ::write(fd_, line.data(), line.size());
  return written >= 0;
}

void DescriptorSink::sink_it_(const spdlog::details::log_msg& message) {
  if (lost_ != 0) {
    const std::string text = std::to_string(lost_) + " messages were lost, as nobody took them";
    if (write(spdlog::details::log_msg("holdfastd", spdlog::level::warn, text))) lost_ = 0;
  }
  if (lost_ != 0 || !write(message)) ++lost_;
}

std::shared_ptr<LimitedSink> startLogging(const std::optional<std::string>& level) {
  auto sink = std::make_shared<LimitedSink>(std::make_shared<DescriptorSink>(STDERR_FILENO));
  auto logger = std::make_shared<spdlog::logger>("holdfastd", sink);
  // The journal has its own clock.
  const bool journal = std::getenv("JOURNAL_STREAM") != nullptr;
  auto formatter = std::make_unique<spdlog::pattern_formatter>();
  formatter->add_flag<JournalPriority>('*').set_pattern(journal ? "<%*>%l: %v" : "%Y-%m-%dT%H:%M:%S.%e%z %l: %v");
  logger->set_formatter(std::move(formatter));
  spdlog::set_default_logger(std::move(logger));
  spdlog::set_level(spdlog::level::from_str(level.value_or("info")));
  return sink;
}

void setLogLevel(const std::string& level) {
  const auto wanted = spdlog::level::from_str(level);
  if (wanted == spdlog::get_level()) return;
  // In between both: said whichever of them lets information through.
  spdlog::info("log level is {} from now on", level);
  spdlog::set_level(wanted);
  spdlog::info("log level is {}", level);
}

}  // namespace holdfast::holdfastd
