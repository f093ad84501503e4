// SPDX-License-Identifier: Apache-2.0
// What can befall the file of alerts while the daemon runs: it says what is wrong, acknowledges nothing that is not
// stored, and stores all of it when somebody has mended the file, without a new start.
#include <sqlite3.h>
#include <sys/resource.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <fstream>
#include <memory>

#include "alert_sample.hpp"
#include "base_test_support.hpp"
#include "holdfastd/store_thread.hpp"
#include "holdfastd_fake.hpp"

using namespace holdfast;
using namespace holdfast::holdfastd;

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kLoad = 77;  // sampleEvent's

/// Another process that works on the file.
class Other {
 public:
  explicit Other(const fs::path& file) {
    sqlite3* raw = nullptr;
    REQUIRE(sqlite3_open(file.c_str(), &raw) == SQLITE_OK);
    db_.reset(raw);
    sqlite3_busy_timeout(raw, 5000);  // the store's thread may be at work on its own
  }
  void execute(const char* sql) { REQUIRE(sqlite3_exec(db_.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK); }

 private:
  struct Close {
    void operator()(sqlite3* db) const { sqlite3_close(db); }
  };
  std::unique_ptr<sqlite3, Close> db_;
};

/// No file may grow beyond this: what a full disk is like, of whatever file system.
class FileLimit {
 public:
  explicit FileLimit(rlim_t bytes) {
    (void)std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
  }
  FileLimit(const FileLimit&) = delete;
  FileLimit& operator=(const FileLimit&) = delete;
  ~FileLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

struct Fixture {
  test::ScratchDirectory directory;
  fs::path file = directory / "alerts.db";
  test::FakePort port;
  rule::Rule rule = test::sampleRule();
  std::unique_ptr<StoreThread> store;
  std::uint64_t last = 0;

  Fixture() { start(); }
  void start() {
    store = std::make_unique<StoreThread>(
        StoreThread::Parts{.file = file,
                           .port = port,
                           .to_alert = [this](const auto& one) { return fromEvent(one, test::sampleContext(&rule)); },
                           .on_change = {}});
    store->set({});
    store->setLoad(kLoad);
    store->met(kLoad);
  }
  void event() {
    auto one = test::sampleEvent(++last);
    one.path += std::to_string(last);
    REQUIRE(store->push(std::move(one)));
  }
  bool settled() {
    return test::eventually([&] { return port.lastAcknowledged() == last && store->problem().empty(); });
  }
  /// It says so, and the kernel keeps the event.
  void refuses(const std::string& why) {
    const auto stored = port.lastAcknowledged();
    event();
    CHECK(test::eventually([&] { return store->problem().find(why) != std::string::npos; }));
    INFO("it says: " << store->problem());
    CHECK(store->problem().find(why) != std::string::npos);
    CHECK(port.lastAcknowledged() == stored);
  }
  std::uint64_t operations() const {
    const auto reader = alert::Store::open(file, {.read_only = true});
    return reader ? reader->totals().value_or(alert::Totals{}).operations : 0;
  }
  void moveAway() const {
    for (const char* end : {"", "-wal", "-shm"}) {
      std::error_code none;
      fs::rename(file.string() + end, file.string() + ".old" + end, none);
    }
  }
  void overwrite(std::size_t from, std::size_t bytes) const {
    std::fstream out(file, std::ios::in | std::ios::out | std::ios::binary);
    out.seekp(static_cast<std::streamoff>(from));
    out << std::string(bytes, '\x5a');
  }
};

}  // namespace

TEST_CASE("store full: what does not fit stays with the kernel, and is stored when there is room") {
  Fixture f;
  f.event();
  REQUIRE(f.settled());
  {
    const FileLimit limit(fs::file_size(f.file.string() + "-wal"));
    f.refuses("cannot be written");
    f.event();
  }
  CHECK(f.settled());
  CHECK(f.operations() == 3);
}

TEST_CASE("store moved away or deleted: nothing is stored where nobody finds it") {
  Fixture f;
  f.event();
  REQUIRE(f.settled());
  SECTION("moved") { f.moveAway(); }
  SECTION("deleted") {
    for (const char* end : {"", "-wal", "-shm"}) fs::remove(f.file.string() + end);
  }
  f.event();
  CHECK(f.settled());
  CHECK(f.operations() == 1);  // in a new file
}

TEST_CASE("store corrupted: said, kept, and a good file under its name is taken up without a new start") {
  Fixture f;
  for (int i = 0; i < 30; ++i) f.event();
  REQUIRE(f.settled());
  f.store.reset();  // which writes the log back into the file
  SECTION("bytes overwritten") {
    f.overwrite(4096, fs::file_size(f.file) - 4096);
    f.start();
    f.refuses("malformed");
  }
  SECTION("cut off") {
    fs::resize_file(f.file, 6000);
    f.start();
    f.refuses("malformed");
  }
  SECTION("not a database") {
    f.overwrite(0, 100);
    f.start();
    f.refuses("not a database");
  }
  SECTION("of a newer version") {
    Other(f.file).execute("PRAGMA user_version = 99");
    f.start();
    f.refuses("newer version of Holdfast (schema 99");
  }
  f.moveAway();
  CHECK(f.settled());
  CHECK(f.operations() == 1);
}

TEST_CASE("store locked by another process: said, and all is stored when it lets go") {
  Fixture f;
  f.event();
  REQUIRE(f.settled());
  {
    Other other(f.file);
    other.execute("BEGIN IMMEDIATE");
    f.refuses("locked");
    f.event();
    other.execute("ROLLBACK");
  }
  CHECK(f.settled());
  CHECK(f.operations() == 3);
}

TEST_CASE("store's directory missing, or something else in the file's place: said, and mended without a new start") {
  Fixture f;
  f.store.reset();
  fs::remove_all(f.directory.path());
  SECTION("directory missing") {
    f.start();
    f.refuses("No such file");
    fs::create_directory(f.directory.path());
  }
  SECTION("a directory in its place") {
    fs::create_directories(f.file);
    f.start();
    f.refuses("directory");
    fs::remove(f.file);
  }
  CHECK(f.settled());
  CHECK(f.operations() == 1);
}
