// SPDX-License-Identifier: Apache-2.0
#include "holdfastd/rule_watch.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace holdfast::holdfastd {

using namespace std::chrono_literals;

namespace {

// A save is several operations: it is over when nothing happens for a moment, and if it goes on, the change is taken
// as it is.
constexpr auto kQuiet = 30ms;
constexpr auto kLongest = 100ms;
// A new file is empty at first: what comes of it is told when it is closed. A new link or directory never is.
constexpr auto kNew = 400ms;
constexpr auto kNewLongest = 600ms;  // whoever makes files all the time does not put the change off for ever

constexpr std::uint32_t kEvents = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB |
                                  IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

}  // namespace

RuleWatch::RuleWatch(std::vector<std::filesystem::path> directories, std::vector<std::filesystem::path> files)
    : directories_(std::move(directories)), files_(std::move(files)), fd_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
  watch();
}

void RuleWatch::watch() {
  if (!fd_) return;
  whole_.clear();
  for (const auto& directory : directories_) {
    int watch = ::inotify_add_watch(fd_.get(), directory.c_str(), kEvents);
    // Wait for it to be made. Adding a watch that is there already changes nothing.
    if (watch < 0) watch = ::inotify_add_watch(fd_.get(), directory.parent_path().c_str(), kEvents);
    whole_.insert(watch);
  }
  for (const auto& file : files_) (void)::inotify_add_watch(fd_.get(), file.parent_path().c_str(), kEvents);
}

bool RuleWatch::concerns(std::string_view file_name) {
  // Kubernetes replaces a mounted configuration by renaming "..data".
  if (file_name.starts_with("..")) return true;
  return !file_name.starts_with('.') && !file_name.ends_with('~') && !file_name.starts_with('#');
}

bool RuleWatch::concerns(int watch, std::string_view file_name) const {
  if (whole_.contains(watch)) return concerns(file_name);
  return file_name.starts_with("..") ||
         std::ranges::any_of(files_, [&](const auto& file) { return file.filename() == file_name; });
}

void RuleWatch::drain(Clock::time_point now) {
  alignas(inotify_event) char buffer[16 * 1024];
  for (;;) {
    const ssize_t length = ::read(fd_.get(), buffer, sizeof buffer);
    if (length < 0 && errno == EINTR) continue;
    if (length <= 0) return;
    for (const char* at = buffer; at < buffer + length;) {
      inotify_event event{};
      std::memcpy(&event, at, sizeof event);
      const char* name = at + sizeof event;
      at = name + event.len;
      if ((event.mask & IN_IGNORED) != 0) continue;
      if (event.len > 0 && !concerns(event.wd, std::string_view(name, strnlen(name, event.len)))) continue;
      if (!first_) first_ = now;
      last_ = now;
      created_ = (event.mask & IN_CREATE) != 0;
    }
  }
}

std::optional<RuleWatch::Clock::time_point> RuleWatch::due() const {
  if (!first_) return std::nullopt;
  if (created_) return std::min(last_ + kNew, *first_ + kNewLongest);
  return std::min(last_ + kQuiet, *first_ + kLongest);
}

void RuleWatch::taken() {
  first_.reset();
  watch();
}

}  // namespace holdfast::holdfastd
