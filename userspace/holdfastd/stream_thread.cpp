// SPDX-License-Identifier: Apache-2.0
#include "holdfastd/stream_thread.hpp"

#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/eventfd.h>

#include <array>

namespace holdfast::holdfastd {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

constexpr auto kRound = 200ms;
constexpr auto kReopen = 1000ms;
constexpr auto kBetweenHellos = 100ms;
constexpr auto kHelloPatience = 3000ms;

}  // namespace

StreamThread::StreamThread(Intake& intake)
    : intake_(intake), stop_(::eventfd(0, EFD_CLOEXEC)), thread_([this] { run(); }) {}

StreamThread::~StreamThread() {
  (void)::eventfd_write(stop_.get(), 1);
  thread_.join();
}

std::string StreamThread::problem() const {
  const std::scoped_lock lock(mutex_);
  return problem_;
}

void StreamThread::setProblem(std::string text) {
  const std::scoped_lock lock(mutex_);
  if (text == problem_) return;
  if (text.empty()) {
    spdlog::info("event stream: connected");
  } else {
    spdlog::warn("event stream: {}", text);
  }
  problem_ = std::move(text);
}

bool StreamThread::pause(std::chrono::milliseconds time) {
  pollfd stop{.fd = stop_.get(), .events = POLLIN, .revents = 0};
  return ::poll(&stop, 1, static_cast<int>(time.count())) <= 0;
}

void StreamThread::run() {
  do {
    last_seen_ = Clock::now();
    auto stream = kernel::Stream::open();
    if (stream) {
      serve(*stream);
    } else {
      setProblem(stream.error().message);
    }
    intake_.disconnected();
  } while (pause(kReopen));
}

void StreamThread::serve(kernel::Stream& stream) {
  std::optional<Clock::time_point> greeted;
  bool answered = false;
  while (true) {
    const auto now = last_seen_ = Clock::now();
    const bool greet = greet_.load() || intake_.wantsHello();
    if (!greeted || (greet && now - *greeted > (answered ? kBetweenHellos : kHelloPatience))) {
      greet_ = false;
      answered = false;
      greeted = now;
      if (auto said = stream.sayHello(); !said) return setProblem(said.error().message);
    }
    std::array<pollfd, 2> fds{pollfd{.fd = stream.fd(), .events = POLLIN, .revents = 0},
                              pollfd{.fd = stop_.get(), .events = POLLIN, .revents = 0}};
    if (::poll(fds.data(), fds.size(), static_cast<int>(kRound.count())) <= 0) continue;
    if (fds[1].revents != 0) return;
    auto received = stream.receive();
    if (!received) return setProblem(received.error().message);
    for (const auto& refusal : received->batch.refusals) {
      return setProblem("the kernel refuses: " +
                        (refusal.text.empty() ? std::string("errno ") + std::to_string(refusal.error) : refusal.text));
    }
    intake_.receive(std::move(received->batch), received->overrun);
    if (!answered && intake_.hello()) {
      answered = true;
      setProblem({});
    }
  }
}

}  // namespace holdfast::holdfastd
