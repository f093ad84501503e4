// SPDX-License-Identifier: Apache-2.0
#include "control/server.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>

#include "base/file.hpp"
#include "control/connection.hpp"
#include "control/listener.hpp"

namespace holdfast::control {

using nlohmann::json;

class Server::State {
 public:
  State(Listener listener, UniqueFd epoll, UniqueFd timer, ServerOptions options)
      : listener_(std::move(listener)),
        epoll_(std::move(epoll)),
        timer_(std::move(timer)),
        options_(std::move(options)) {}

  static Result<std::unique_ptr<State>> make(Listener listener, ServerOptions options) {
    UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
    UniqueFd timer(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
    if (!epoll || !timer) return tl::unexpected(systemError("the control socket cannot be watched", errno));
    auto state = std::make_unique<State>(std::move(listener), std::move(epoll), std::move(timer), std::move(options));
    if (!state->watch(EPOLL_CTL_ADD, state->timer_.get(), EPOLLIN) ||
        !state->watch(EPOLL_CTL_ADD, state->listener_.fd(), EPOLLIN))
      return tl::unexpected(systemError("the control socket cannot be watched", errno));
    return state;
  }

  void dispatch() {
    std::array<epoll_event, 32> events{};
    const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 0);
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events.at(static_cast<std::size_t>(i));
      if (event.data.fd == listener_.fd())
        accept();
      else if (const auto found = clients_.find(event.data.fd); found != clients_.end())
        serve(found->second, event.events);
    }
    expire();
    settle();
  }

  void pump() {
    for (auto& [fd, client] : clients_) {
      if (!client.following() || !client.idle()) continue;
      tell(client);
      // What was asked meanwhile of one who waited for an answer.
      if (!client.following()) advance(client);
    }
    settle();
  }

  struct Entry {
    Access access = Access::Write;
    Handler handler;
    StreamHandler stream;  // set instead of handler
    bool once = false;     // the stream's first value is the answer
  };

  [[nodiscard]] int fd() const { return epoll_.get(); }
  [[nodiscard]] std::size_t clients() const { return clients_.size(); }
  std::map<std::string, Entry> entries;

 private:
  bool watch(int operation, int fd, std::uint32_t interest) const {
    epoll_event event{};
    event.events = interest;
    event.data.fd = fd;
    return ::epoll_ctl(epoll_.get(), operation, fd, &event) == 0;
  }

  void accept() {
    UniqueFd fd(::accept4(listener_.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd) {
      // Out of descriptors: look again when the timer fires rather than at once and without end.
      if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) pause(true);
      return;
    }
    const auto peer = peerOf(fd.get(), options_.readers);
    if (!peer) return;
    const std::string refusal = refusalOf(*peer);
    // Those refused may only hang about in small number.
    constexpr std::size_t kRefusedMax = 16;
    if (clients_.size() >= options_.clients_max + kRefusedMax) return;
    const int number = fd.get();
    if (!watch(EPOLL_CTL_ADD, number, EPOLLIN)) return;
    Connection& client = clients_.try_emplace(number, std::move(fd), *peer, options_, Clock::now()).first->second;
    if (!refusal.empty()) refuse(client, refusal);
  }

  void pause(bool on) {
    paused_ = on;
    watch(EPOLL_CTL_MOD, listener_.fd(), on ? 0U : static_cast<std::uint32_t>(EPOLLIN));
  }

  std::string refusalOf(const Peer& peer) const {
    if (!peer.may_read) return "only root and members of the group holdfast may ask";
    if (options_.refuse) {
      if (std::string reason = options_.refuse(peer); !reason.empty()) return reason;
    }
    const std::size_t places = peer.may_write ? options_.clients_max : options_.clients_max - options_.clients_max / 4;
    return clients_.size() < places ? "" : "too many others ask at the same time; try again later";
  }

  void refuse(Connection& client, const std::string& reason) {
    client.sendLast(replyMessage(fail(reason)), Clock::now());
    client.flush(Clock::now());
  }

  void serve(Connection& client, std::uint32_t events) {
    if ((events & (EPOLLERR | EPOLLHUP)) != 0 || ((events & EPOLLRDHUP) != 0 && client.interest() == EPOLLRDHUP))
      return client.drop();
    if ((events & EPOLLOUT) != 0) client.flush(Clock::now());
    if ((events & EPOLLIN) != 0 && !client.receive()) return client.drop();
    advance(client);
  }

  void advance(Connection& client) {
    // One request after the other, the next only when the answer is taken.
    while (client.idle() && !client.following()) {
      auto message = client.nextMessage();
      if (!message) return refuse(client, message.error().message);
      if (!*message) return;
      answer(client, **message);
      client.flush(Clock::now());
    }
    if (client.following() && !client.once() && client.idle()) tell(client);
  }

  void answer(Connection& client, const json& message) {
    const auto request = parseRequest(message);
    if (!request) return refuse(client, request.error().message);
    const auto found = entries.find(request->name);
    if (found == entries.end()) return client.send(replyMessage(fail("there is no such request")), Clock::now());
    const Entry& entry = found->second;
    if (entry.access == Access::Write && !client.peer().may_write)
      return client.send(replyMessage(fail("only root may ask for '" + request->name + "'")), Clock::now());
    if (!entry.stream) {
      const auto result = guarded<json>([&] { return entry.handler(*request, client.peer()); });
      return client.send(replyMessage(result), Clock::now());
    }
    auto source = guarded<Source>([&] { return entry.stream(*request, client.peer()); });
    if (!source && entry.once) return client.send(replyMessage(tl::unexpected(source.error())), Clock::now());
    if (!source) return client.sendLast(replyMessage(tl::unexpected(source.error())), Clock::now());
    client.follow(std::move(*source), entry.once);
  }

  void tell(Connection& client) {
    const auto values = guarded<std::vector<json>>([&] { return client.source()(); });
    if (client.once()) {
      if (values && values->empty()) return;
      client.unfollow();
      client.send(replyMessage(values ? Result<json>(values->front()) : tl::unexpected(values.error())), Clock::now());
    } else if (!values)
      client.sendLast(replyMessage(tl::unexpected(values.error())), Clock::now());
    else
      for (const json& value : *values) client.send(replyMessage(value, false), Clock::now());
    client.flush(Clock::now());
  }

  /// Parameters come from outside, and the JSON library throws where they are not what a handler takes them for.
  template <class Value, class Call>
  static Result<Value> guarded(Call call) {
    try {
      return call();
    } catch (const std::exception& error) {
      return fail(std::string("request could not be answered: ") + error.what());
    }
  }

  void expire() {
    const auto now = Clock::now();
    for (auto& [fd, client] : clients_)
      if (!client.dead() && client.deadline() && *client.deadline() <= now) client.expire(now);
    if (paused_ && timer_due_ && *timer_due_ <= now) pause(false);
  }

  /// Forgets the dead, tells epoll what the others wait for, and sets the timer to the next deadline.
  void settle() {
    std::erase_if(clients_, [this](const auto& entry) {
      if (!entry.second.dead()) return false;
      // Closing takes it from epoll only when no child process has a copy; its events would be those of the next
      // client.
      watch(EPOLL_CTL_DEL, entry.first, 0);
      return true;
    });
    std::optional<Clock::time_point> due;
    if (paused_) due = Clock::now() + std::chrono::milliseconds(100);
    for (auto& [fd, client] : clients_) {
      watch(EPOLL_CTL_MOD, fd, client.interest());
      if (client.deadline() && (!due || *client.deadline() < *due)) due = client.deadline();
    }
    timer_due_ = due;
    itimerspec next{};
    if (due) {
      // 1 ns at least: 0 would switch it off.
      const auto left = std::max<std::chrono::nanoseconds>(*due - Clock::now(), std::chrono::nanoseconds(1));
      next.it_value.tv_sec = std::chrono::duration_cast<std::chrono::seconds>(left).count();
      next.it_value.tv_nsec = (left % std::chrono::seconds(1)).count();
    }
    ::timerfd_settime(timer_.get(), 0, &next, nullptr);
  }

  Listener listener_;
  UniqueFd epoll_;
  UniqueFd timer_;  // setting it anew also clears it
  ServerOptions options_;
  std::map<int, Connection> clients_;  // by descriptor
  std::optional<Clock::time_point> timer_due_;
  bool paused_ = false;
};

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}
Server::Server(Server&&) noexcept = default;
Server& Server::operator=(Server&&) noexcept = default;
Server::~Server() = default;

Result<Server> Server::listen(const std::filesystem::path& path, ServerOptions options) {
  auto listener = Listener::open(path, options.readers);
  if (!listener) return tl::unexpected(listener.error());
  auto state = State::make(std::move(*listener), std::move(options));
  if (!state) return tl::unexpected(state.error());
  return Server(std::move(*state));
}

void Server::handle(const std::string& request, Access access, Handler handler) {
  state_->entries[request] = {access, std::move(handler), {}, false};
}

void Server::handleLater(const std::string& request, Access access, LaterHandler handler) {
  state_->entries[request] = {access, {}, std::move(handler), true};
}

void Server::stream(const std::string& request, Access access, StreamHandler handler) {
  state_->entries[request] = {access, {}, std::move(handler), false};
}

int Server::fd() const { return state_->fd(); }
void Server::dispatch() { state_->dispatch(); }
void Server::pump() { state_->pump(); }
std::size_t Server::clients() const { return state_->clients(); }

}  // namespace holdfast::control
