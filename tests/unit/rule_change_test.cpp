// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <random>

#include "base/file.hpp"
#include "base_test_support.hpp"
#include "rule/change.hpp"

using namespace holdfast;
using rule::Edit;

namespace {

const std::string kFile = "version: 1\nrules:\n  - name: a\n    type: non-image-program\n    action: block # ours\n";

struct Place {
  test::ScratchDirectory scratch;
  rule::Sources sources{scratch / "vendor", scratch / "rules.d"};
  std::filesystem::path file = scratch.write("rules.d/10-a.yaml", kFile);

  Place() {
    scratch.write("vendor/10-vendor.yaml",
                  "version: 1\nrules:\n  - { name: vendor, type: non-image-program, action: alert, system: true }\n");
  }
  [[nodiscard]] std::string text() const { return readFile(file, rule::kFileBytesMax).value(); }
  [[nodiscard]] auto change(const Edit& edit) const { return rule::change(sources, {}, "a", {edit}); }
  [[nodiscard]] long files() const {
    return std::distance(std::filesystem::directory_iterator(scratch / "rules.d"),
                         std::filesystem::directory_iterator());
  }
};

template <class Work>
pid_t process(Work work) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  work();
  ::_exit(0);
}

}  // namespace

TEST_CASE("processes that change one rule at the same time lose nothing of one another") {
  const Place place;
  constexpr int kEach = 25;
  std::vector<pid_t> people;
  for (int person = 0; person < 3; ++person) {
    people.push_back(process([&] {
      for (int i = 0; i < kEach; ++i)
        (void)place.change(Edit::add("allow_list.directories", "/opt/" + std::to_string(person * kEach + i)));
    }));
  }
  for (const pid_t person : people) ::waitpid(person, nullptr, 0);
  const auto loaded = rule::load(place.sources, {});
  REQUIRE(loaded);
  CHECK(loaded->find("a")->allow_list.directories.size() == 3 * kEach);
  CHECK(place.text().find("# ours") != std::string::npos);
  CHECK(place.files() == 1);
}

TEST_CASE("killed at any moment, the file is the old one or the new one") {
  const Place place;
  std::mt19937 random(3);
  for (int round = 0; round < 30; ++round) {
    const pid_t child = process([&] {
      for (int i = 0;; ++i) (void)place.change(Edit::status(i % 2 == 0));
    });
    ::usleep(static_cast<useconds_t>(1000 + random() % 15000));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    const auto text = place.text();
    const bool whole = text == kFile || text == rule::edited(kFile, "f", "a", {Edit::status(false)}).value() ||
                       text == rule::edited(rule::edited(kFile, "f", "a", {Edit::status(false)}).value(), "f", "a",
                                            {Edit::status(true)})
                                   .value();
    INFO(text);
    CHECK(whole);
    CHECK(rule::load(place.sources, {}));
  }
  // the lock went with whoever held it
  CHECK(place.change(Edit::status(false)));
}

TEST_CASE("no room for the new file leaves the old one, and nothing beside it") {
  const Place place;
  int status = 0;
  ::waitpid(process([&] {
              ::signal(SIGXFSZ, SIG_IGN);
              const rlimit limit{20, 20};
              ::setrlimit(RLIMIT_FSIZE, &limit);
              const auto changed = place.change(Edit::status(false));
              ::_exit(!changed && changed.error().front().text().find("cannot write") != std::string::npos ? 7 : 1);
            }),
            &status, 0);
  CHECK(WEXITSTATUS(status) == 7);
  CHECK(place.text() == kFile);
  CHECK(place.files() == 1);
}

TEST_CASE("what was written since a person looked is not overwritten, and its group and mode stay") {
  const Place place;
  const auto found = rule::findRule(place.sources, "a");
  REQUIRE(found);
  CHECK(found->line == 3);
  REQUIRE(place.change(Edit::status(false)));
  auto done = rule::rewrite(place.sources, {}, *found, "a", "version: 1\nrules: []\n");
  REQUIRE_FALSE(done);
  CHECK(done.error().front().text().find("changed by somebody else") != std::string::npos);
  CHECK(place.text().find("status: off") != std::string::npos);
  ::chmod(place.file.c_str(), 0640);
  if (::geteuid() == 0) CHECK(::chown(place.file.c_str(), 0, 12345) == 0);
  done = rule::rewrite(place.sources, {}, rule::findRule(place.sources, "a").value(), "a", kFile);
  REQUIRE(done);
  CHECK(done->written);
  struct stat status = {};
  REQUIRE(::stat(place.file.c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0640);
  if (::geteuid() == 0) CHECK(status.st_gid == 12345);
  // a set with a mistake can be mended
  place.scratch.write("rules.d/10-a.yaml", kFile + "    actoin: x\n");
  const auto broken = rule::findRule(place.sources, "a");
  REQUIRE(broken);
  CHECK(rule::rewrite(place.sources, {}, *broken, "a", kFile));
}
