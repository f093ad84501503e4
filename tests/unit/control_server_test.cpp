// SPDX-License-Identifier: Apache-2.0
#include <grp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <csignal>
#include <fstream>
#include <thread>

#include "base/fd.hpp"
#include "base_test_support.hpp"
#include "control/address.hpp"
#include "control/client.hpp"
#include "control/server.hpp"

using namespace holdfast;
using namespace holdfast::control;
using nlohmann::json;
using namespace std::chrono_literals;

namespace {

/// A server on a thread of its own, as the daemon's main loop drives it.
class Running {
 public:
  explicit Running(ServerOptions options = {}) : server_(start(std::move(options))) {
    server_.handle("echo", Server::Access::Read, [](const Request& request, const Peer&) { return request.params; });
    server_.handle("throw", Server::Access::Read,
                   [](const Request& request, const Peer&) -> Result<json> { return request.params.at("missing"); });
    server_.handle("big", Server::Access::Read,
                   [](const Request&, const Peer&) -> Result<json> { return std::string(2 * kMessageBytesMax, 'x'); });
    server_.handle("write", Server::Access::Write, [](const Request&, const Peer&) -> Result<json> { return true; });
    server_.stream("count", Server::Access::Read, [this](const Request&, const Peer&) -> Result<Source> {
      return Source([this, next = 0]() mutable -> Result<std::vector<json>> {
        std::vector<json> values;
        for (; next < produced_ && values.size() < 50; ++next)
          values.push_back({{"n", next}, {"padding", std::string(padding_, 'x')}});
        return values;
      });
    });
    server_.handleLater("later", Server::Access::Read, [this](const Request& request, const Peer&) -> Result<Source> {
      if (request.params.contains("refuse")) return fail("not this one");
      return Source([this, params = request.params]() -> Result<std::vector<json>> {
        if (!done_) return std::vector<json>{};
        if (params.contains("fail")) return fail("disk is full");
        return std::vector<json>{params};
      });
    });
    server_.stream("fails", Server::Access::Read, [](const Request&, const Peer&) -> Result<Source> {
      return Source([]() -> Result<std::vector<json>> { return fail("store is gone"); });
    });
    thread_ = std::thread([this] { loop(); });
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() {
    stop_ = true;
    thread_.join();
  }

  [[nodiscard]] std::filesystem::path path() const { return directory_.path() / "s"; }
  void produce(int upTo, std::size_t padding = 0) {
    padding_ = padding;
    produced_ = upTo;
  }
  void done() { done_ = true; }
  [[nodiscard]] std::size_t clients() const { return clients_; }

  [[nodiscard]] bool soon(const std::function<bool()>& condition) const {
    for (int i = 0; i < 500; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(10ms);
    }
    return false;
  }

 private:
  Server start(ServerOptions options) const {
    auto server = Server::listen(path(), std::move(options));
    REQUIRE(server);
    return std::move(*server);
  }
  void loop() {
    while (!stop_) {
      pollfd ready{server_.fd(), POLLIN, 0};
      if (::poll(&ready, 1, 10) > 0) server_.dispatch();
      server_.pump();
      clients_ = server_.clients();
    }
  }

  test::ScratchDirectory directory_;
  std::atomic<int> produced_ = 0;
  std::atomic<std::size_t> padding_ = 0;
  std::atomic<std::size_t> clients_ = 0;
  std::atomic<bool> done_ = false;
  std::atomic<bool> stop_ = false;
  Server server_;
  std::thread thread_;
};

/// A client without manners.
class Rude {
 public:
  explicit Rude(const std::filesystem::path& path) : fd_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
    const auto address = addressOf(path);
    REQUIRE(::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof(*address)) == 0);
    const timeval limit{5, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  }
  void say(const std::string& bytes) const { (void)::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL); }
  void ask(const std::string& name, const json& params = json::object()) const {
    say(*encode(requestMessage({name, params})));
  }
  /// All until the server closes.
  [[nodiscard]] std::vector<Reply> hear() const {
    std::vector<Reply> replies;
    Decoder decoder;
    std::string bytes(65536, '\0');
    for (;;) {
      const ssize_t got = ::recv(fd_.get(), bytes.data(), bytes.size(), 0);
      if (got <= 0) return replies;
      decoder.feed({bytes.data(), static_cast<std::size_t>(got)});
      for (;;) {
        auto message = decoder.next();
        REQUIRE(message);
        if (!*message) break;
        replies.push_back(*parseReply(**message));
      }
    }
  }
  void finish() const { ::shutdown(fd_.get(), SHUT_WR); }
  void leave() { fd_.reset(); }

 private:
  UniqueFd fd_;
};

}  // namespace

TEST_CASE("a request is answered") {
  const Running server;
  CHECK(call(server.path(), {"echo", {{"a", "b"}}}) == json({{"a", "b"}}));
  if (::geteuid() == 0) CHECK(call(server.path(), {"write"}) == json(true));
}

TEST_CASE("what cannot be answered is an error, and the server goes on") {
  const Running server;
  CHECK(call(server.path(), {"nonsense"}).error().message == "there is no such request");
  CHECK_FALSE(call(server.path(), {"throw"}));
  CHECK(call(server.path(), {"big"}).error().message.find("larger") != std::string::npos);
  CHECK_FALSE(call(server.path(), {"echo", json::array()}));
  CHECK(call(server.path(), {"echo"}));
}

TEST_CASE("malformed messages get an answer and the door") {
  const Running server;
  for (const std::string& bytes : {std::string("GET / HTTP/1.0\r\n\r\n"), std::string(4, '\0'),
                                   std::string("\x02\0\0\0{]", 6), std::string("\x02\0\0\0[]", 6)}) {
    const Rude client(server.path());
    client.say(bytes);
    const auto replies = client.hear();
    REQUIRE(replies.size() == 1);
    CHECK_FALSE(replies[0].result);
  }
  CHECK(call(server.path(), {"echo"}));
}

TEST_CASE("several requests on one connection are answered in order, also after the last word") {
  const Running server;
  const Rude client(server.path());
  for (int i = 0; i < 200; ++i) client.ask("echo", {{"i", i}});
  client.finish();
  const auto replies = client.hear();
  REQUIRE(replies.size() == 200);
  for (int i = 0; i < 200; ++i) CHECK(*replies[static_cast<std::size_t>(i)].result == json({{"i", i}}));
}

TEST_CASE("a client that dawdles is dropped") {
  ServerOptions options;
  options.request_timeout = 200ms;
  const Running server(std::move(options));
  const Rude silent(server.path());
  const Rude half(server.path());
  half.say(std::string("\x40\0\0\0{", 5));
  CHECK(silent.hear().empty());
  CHECK(half.hear().empty());
  CHECK(server.soon([&] { return server.clients() == 0; }));
}

TEST_CASE("a client that asks and does not read holds up nobody and is dropped") {
  ServerOptions options;
  options.request_timeout = 300ms;
  const Running server(std::move(options));
  const Rude client(server.path());
  const json params = {{"x", std::string(400000, 'x')}};
  for (int i = 0; i < 2; ++i) client.ask("echo", params);
  CHECK(call(server.path(), {"echo"}));
  CHECK(server.soon([&] { return server.clients() == 0; }));
}

TEST_CASE("followers hear what comes, and can leave") {
  Running server;
  server.produce(120);
  int heard = 0;
  const auto followed = follow(server.path(), {"count"}, [&](const json& value) {
    CHECK(value["n"] == heard);
    if (++heard == 120) server.produce(130);
    return heard < 130;
  });
  CHECK(followed);
  CHECK(heard == 130);
  CHECK(server.soon([&] { return server.clients() == 0; }));
}

TEST_CASE("what takes long holds up nobody else, is not cut off, and its answer is not lost") {
  ServerOptions options;
  options.request_timeout = 200ms;
  Running server(std::move(options));
  const Rude client(server.path());
  client.ask("later", {{"a", 1}});
  client.ask("echo", {{"b", 2}});
  client.ask("later", {{"fail", true}});
  client.ask("later", {{"refuse", true}});
  client.ask("echo", {{"c", 3}});
  client.finish();  // its last word, and it waits for the answers
  {
    const Rude gone(server.path());
    gone.ask("later");
    REQUIRE(server.soon([&] { return server.clients() == 2; }));
  }
  CHECK(server.soon([&] { return server.clients() == 1; }));
  for (int i = 0; i < 5; ++i) {
    std::this_thread::sleep_for(100ms);
    CHECK(call(server.path(), {"echo"}));
  }
  server.done();
  const auto replies = client.hear();
  REQUIRE(replies.size() == 5);
  CHECK(*replies[0].result == json({{"a", 1}}));
  CHECK(replies[0].end);
  CHECK(*replies[1].result == json({{"b", 2}}));
  CHECK(replies[2].result.error().message == "disk is full");
  CHECK(replies[3].result.error().message == "not this one");
  CHECK(*replies[4].result == json({{"c", 3}}));
}

TEST_CASE("a stream that fails says why") {
  const Running server;
  const auto followed = follow(server.path(), {"fails"}, [](const json&) { return true; });
  REQUIRE_FALSE(followed);
  CHECK(followed.error().message == "store is gone");
}

TEST_CASE("a slow follower is cut off and told so, and a quick one beside it is not") {
  ServerOptions options;
  options.request_timeout = 2s;
  options.linger = 60s;
  Running server(std::move(options));
  const Rude slow(server.path());
  slow.ask("count");
  REQUIRE(server.soon([&] { return server.clients() == 1; }));
  server.produce(100, 20000);
  int heard = 0;
  const auto quick = follow(server.path(), {"count"}, [&](const json&) { return ++heard < 100; });
  INFO((quick ? std::string() : quick.error().text()) << " after " << heard);
  REQUIRE(quick);
  std::this_thread::sleep_for(2500ms);
  const auto replies = slow.hear();
  REQUIRE(replies.size() > 1);
  CHECK(replies.size() < 100);
  for (std::size_t i = 0; i + 1 < replies.size(); ++i) CHECK_FALSE(replies[i].end);
  REQUIRE_FALSE(replies.back().result);
  CHECK(replies.back().end);
  CHECK(replies.back().result.error().message.find("too slow") == 0);
}

TEST_CASE("a quiet follower is not cut off") {
  ServerOptions options;
  options.request_timeout = 100ms;
  Running server(std::move(options));
  std::thread later([&] {
    std::this_thread::sleep_for(400ms);
    server.produce(1);
  });
  CHECK(follow(server.path(), {"count"}, [](const json&) { return false; }));
  later.join();
}

TEST_CASE("there is a limit of clients, and it says so") {
  ServerOptions options;
  options.clients_max = 4;
  const Running server(std::move(options));
  std::vector<std::unique_ptr<Rude>> idle;
  for (int i = 0; i < 4; ++i) idle.push_back(std::make_unique<Rude>(server.path()));
  REQUIRE(server.soon([&] { return server.clients() == 4; }));
  const auto refused = call(server.path(), {"echo"});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("too many") == 0);
  idle.clear();
  CHECK(server.soon([&] { return call(server.path(), {"echo"}).has_value(); }));
}

TEST_CASE("who is refused hears the reason") {
  ServerOptions options;
  options.refuse = [](const Peer&) { return "members of a container may not ask"; };
  const Running server(std::move(options));
  CHECK(call(server.path(), {"echo"}).error().message == "members of a container may not ask");
}

TEST_CASE("no daemon, a dead one's socket, a living one's, something else") {
  const test::ScratchDirectory directory;
  const auto path = directory / "s";
  CHECK(call(path, {"echo"}).error().message.find("does not run") != std::string::npos);
  {
    const UniqueFd dead(::socket(AF_UNIX, SOCK_STREAM, 0));
    const auto address = addressOf(path);
    REQUIRE(::bind(dead.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof(*address)) == 0);
  }
  CHECK(call(path, {"echo"}).error().message.find("does not run") != std::string::npos);
  {
    const auto first = Server::listen(path, {});
    REQUIRE(first);
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
    CHECK_FALSE(Server::listen(path, {}));
    CHECK(std::filesystem::exists(path));
  }
  CHECK_FALSE(std::filesystem::exists(path));
  std::ofstream(path) << "mine";
  CHECK_FALSE(Server::listen(path, {}));
  CHECK(std::filesystem::file_size(path) == 4);
  CHECK_FALSE(Server::listen(directory.path() / std::string(200, 'x'), {}));
}

TEST_CASE("root may do all, the group may read, others nothing") {
  if (::geteuid() != 0) {
    WARN("needs root: other identities cannot be taken");
    return;
  }
  constexpr gid_t kReaders = 54321;
  ServerOptions options;
  options.readers = kReaders;
  const Running server(std::move(options));
  std::filesystem::permissions(server.path().parent_path(), std::filesystem::perms::all);
  struct stat status {};
  REQUIRE(::stat(server.path().c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0660);
  CHECK(status.st_gid == kReaders);

  // The child reports by its exit status; the identities are the process's, so it must be one of its own.
  const auto as = [&](gid_t group, bool supplementary) {
    const pid_t child = ::fork();
    if (child == 0) {
      const gid_t groups[] = {kReaders};
      if (::setgroups(supplementary ? 1 : 0, groups) != 0 || ::setgid(group) != 0 || ::setuid(12345) != 0) ::_exit(99);
      const bool reads = call(server.path(), {"echo"}).has_value();
      const bool writes = call(server.path(), {"write"}).has_value();
      ::_exit((reads ? 1 : 0) + (writes ? 2 : 0));
    }
    int code = 0;
    REQUIRE(::waitpid(child, &code, 0) == child);
    return WEXITSTATUS(code);
  };
  CHECK(as(kReaders, false) == 1);
  CHECK(as(12345, true) == 1);
  CHECK(as(12345, false) == 0);
  std::filesystem::permissions(server.path(), std::filesystem::perms::all);  // a careless administrator
  CHECK(as(12345, false) == 0);
}

TEST_CASE("a connection that is over and lives on in a child process closes none that has its number now") {
  const Running server;
  pid_t child = 0;
  {
    Rude client(server.path());
    REQUIRE(server.soon([&] { return server.clients() == 1; }));
    child = ::fork();
    if (child == 0) {
      client.leave();
      ::pause();
      ::_exit(0);
    }
  }
  REQUIRE(server.soon([&] { return server.clients() == 0; }));
  for (int i = 0; i < 20; ++i) {
    const auto answer = call(server.path(), {"echo"});
    CHECK(answer);
    if (!answer) WARN(answer.error().message);
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

TEST_CASE(
    "thousands of connections with half a message each, of members of the group, hold up neither root nor memory") {
  if (::geteuid() != 0) {
    WARN("needs root: other identities cannot be taken");
    return;
  }
  constexpr gid_t kReaders = 54321;
  constexpr std::size_t kHeld = 500;
  ServerOptions options;
  options.readers = kReaders;
  options.clients_max = 16;
  const Running server(std::move(options));
  std::filesystem::permissions(server.path().parent_path(), std::filesystem::perms::all);
  const auto address = addressOf(server.path());
  REQUIRE(address);

  const pid_t flood = ::fork();
  if (flood == 0) {
    if (::setgroups(0, nullptr) != 0 || ::setgid(kReaders) != 0 || ::setuid(12345) != 0) ::_exit(99);
    int held[kHeld];
    std::fill(std::begin(held), std::end(held), -1);
    for (std::size_t i = 0;; ++i) {
      int& fd = held[i % kHeld];
      if (fd >= 0) ::close(fd);
      fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
      if (::connect(fd, reinterpret_cast<const sockaddr*>(&*address), sizeof(*address)) != 0) ::usleep(100);
      (void)::send(fd, "\xff\xff\x0f\0{\"version\": 1", 17, MSG_NOSIGNAL);
    }
  }
  REQUIRE(server.soon([&] { return server.clients() >= 12; }));  // the group's places
  auto slowest = 0ms;
  std::size_t most = 0;
  int answered = 0;
  for (int i = 0; i < 100; ++i) {
    const auto before = std::chrono::steady_clock::now();
    if (call(server.path(), {"echo", {{"n", i}}}, 5000ms)) ++answered;
    slowest = std::max(
        slowest, std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - before));
    most = std::max(most, server.clients());
  }
  int status = 0;
  CHECK(::waitpid(flood, &status, WNOHANG) == 0);  // it was at it all the time
  ::kill(flood, SIGKILL);
  ::waitpid(flood, &status, 0);
  INFO("answered " << answered << " of 100, the slowest after " << slowest.count() << " ms");
  CHECK(answered == 100);
  CHECK(slowest < 5000ms);
  CHECK(most <= 16 + 16);  // what each may hold is bounded by the longest message
  CHECK(server.soon([&] { return server.clients() == 0; }));
}
