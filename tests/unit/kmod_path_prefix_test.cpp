// SPDX-License-Identifier: Apache-2.0
// The module's sets of directories, against a naive search.
#include <catch2/catch.hpp>
#include <cstring>
#include <random>
#include <string>
#include <vector>

extern "C" {
#include "core/path_prefix.h"
}

namespace {

/// Keeps the names, which the set refers to.
class Prefixes {
 public:
  explicit Prefixes(std::vector<std::string> names) : names_(std::move(names)) {
    for (auto& name : names_) {
      pointers_.push_back(name.data());
    }
    holdfast_prefixes_init(&set, pointers_.data(), static_cast<u32>(pointers_.size()));
  }
  Prefixes(const Prefixes&) = delete;
  Prefixes& operator=(const Prefixes&) = delete;

  holdfast_prefixes set = {};
  [[nodiscard]] bool match(const std::string& path) const { return holdfast_prefixes_match(&set, path.c_str()); }

 private:
  std::vector<std::string> names_;
  std::vector<char*> pointers_;
};

bool naiveMatch(const std::vector<std::string>& names, const std::string& path) {
  for (const auto& name : names) {
    if (name == "/" || path == name || path.rfind(name + "/", 0) == 0) {
      return true;
    }
  }
  return false;
}

std::string randomPath(std::mt19937_64& random) {
  std::string path;
  const auto depth = 1 + random() % 4;
  for (std::size_t i = 0; i < depth; ++i) {
    path += '/';
    const auto length = 1 + random() % 2;
    for (std::size_t j = 0; j < length; ++j) {
      path += "ab-"[random() % 3];
    }
  }
  return path;
}

}  // namespace

TEST_CASE("a directory covers itself and what is below, not its namesakes") {
  const Prefixes set({"/opt/plugins", "/srv"});
  CHECK(set.match("/opt/plugins"));
  CHECK(set.match("/opt/plugins/a/b"));
  CHECK(set.match("/srv/x"));
  CHECK_FALSE(set.match("/opt"));
  CHECK_FALSE(set.match("/opt/plugins2/a"));
  CHECK_FALSE(set.match("/srv2"));
  CHECK_FALSE(set.match("relative/srv"));
  CHECK_FALSE(set.match(""));
}

TEST_CASE("the root directory covers everything") {
  const Prefixes set({"/"});
  CHECK(set.match("/"));
  CHECK(set.match("/a/b"));
  CHECK_FALSE(set.match("(unreachable)/a"));
}

TEST_CASE("only normal absolute paths are valid") {
  for (const char* good : {"/", "/a", "/a/b", "/a.b/..c", "/..."}) {
    CHECK(holdfast_prefix_valid(good));
  }
  for (const char* bad : {"", "a", "//", "/a/", "/a//b", "/.", "/..", "/a/./b", "/a/../b", "/a/.."}) {
    CHECK_FALSE(holdfast_prefix_valid(bad));
  }
}

TEST_CASE("matching agrees with a naive search") {
  std::mt19937_64 random(7);
  for (int round = 0; round < 2000; ++round) {
    std::vector<std::string> names;
    const auto count = random() % 12;
    for (std::size_t i = 0; i < count; ++i) {
      names.push_back(randomPath(random));
    }
    const Prefixes set(names);
    for (int i = 0; i < 20; ++i) {
      const auto path = randomPath(random);
      INFO(path);
      REQUIRE(set.match(path) == naiveMatch(names, path));
    }
  }
}

TEST_CASE("a name is a component of the way to a directory, or is not") {
  const Prefixes set({"/opt/app/plugins", "/srv"});
  const auto leads = [&set](std::string_view name) {
    return holdfast_prefixes_lead_by(&set.set, name.data(), name.size());
  };
  for (const auto* name : {"opt", "app", "plugins", "srv"}) CHECK(leads(name));
  for (const auto* name : {"", "ap", "apps", "plugin", "app/plugins", "/srv"}) CHECK_FALSE(leads(name));
  const Prefixes root({"/"});
  CHECK_FALSE(holdfast_prefixes_lead_by(&root.set, "srv", 3));
}

TEST_CASE("a subset is what leaves nothing more exempt") {
  const Prefixes wide({"/opt", "/srv/a"});
  const Prefixes narrow({"/opt/plugins", "/srv/a/b"});
  const Prefixes none({});
  const Prefixes all({"/"});
  CHECK(holdfast_prefixes_subset(&narrow.set, &wide.set));
  CHECK_FALSE(holdfast_prefixes_subset(&wide.set, &narrow.set));
  CHECK(holdfast_prefixes_subset(&none.set, &narrow.set));
  CHECK_FALSE(holdfast_prefixes_subset(&narrow.set, &none.set));
  CHECK(holdfast_prefixes_subset(&wide.set, &all.set));
  CHECK_FALSE(holdfast_prefixes_subset(&all.set, &wide.set));
}
