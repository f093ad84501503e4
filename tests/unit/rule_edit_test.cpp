// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <random>
#include <thread>

#include "base/file.hpp"
#include "base_test_support.hpp"
#include "rule/change.hpp"

using namespace holdfast;
using rule::Edit;

namespace {

Edit on() { return Edit::status(true); }
Edit off() { return Edit::status(false); }

/// The text after the change, or the error's.
std::string after(std::string_view content, const std::string& name, const Edit& edit) {
  const auto text = rule::edited(content, "f.yaml", name, {edit});
  return text ? *text : text.error().text();
}

const std::string kFile = R"(# ours
version: 1
rules:
  # the shop
  - name: shop   # not the test shop
    type: non-image-program
    action: block
    scope:
      images: [registry.example/shop]
    description: |
      Runs only
        its image.

      - name: this is text

  # the test
  - { name: test, type: non-image-program, action: alert, scope: { images: [test] } }

  - name: "last one"
    status: off # for now
    type: non-image-program
    action: block
    scope: { images: [last] }
# end
)";

std::string with(const std::string& what, const std::string& instead) {
  std::string text = kFile;
  const auto at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), instead);
}

}  // namespace

TEST_CASE("a rule is turned off and on in its own lines, and comments stay") {
  CHECK(after(kFile, "shop", off()) == with("  # not the test shop\n", "  # not the test shop\n    status: off\n"));
  CHECK(after(kFile, "test", off()) == with("{ name: test", "{ status: off, name: test"));
  CHECK(after(kFile, "last one", on()) == with("status: off # for now", "status: on # for now"));
  CHECK(after(after(kFile, "shop", off()), "shop", on()) ==
        with("  # not the test shop\n", "  # not the test shop\n    status: on\n"));
  // so already
  CHECK(after(kFile, "shop", on()) == kFile);
  CHECK(after(kFile, "last one", off()) == kFile);
}

TEST_CASE("a rule is deleted with its lines, and what is said about others stays") {
  CHECK(after(kFile, "shop", Edit::remove()) ==
        with(kFile.substr(kFile.find("  - name: shop"), kFile.find("\n  # the test") - kFile.find("  - name: shop")),
             ""));
  CHECK(after(kFile, "test", Edit::remove()) ==
        with("  - { name: test, type: non-image-program, action: alert, scope: { images: [test] } }\n", ""));
  CHECK(after(kFile, "last one", Edit::remove()) ==
        with(kFile.substr(kFile.find("  - name: \"last"), kFile.find("# end") - kFile.find("  - name: \"last")), ""));
  // the last of a file leaves a file
  const std::string one = "version: 1\nrules: # all\n- name: a\n  type: non-image-program\n  action: block";
  CHECK(after(one, "a", Edit::remove()) == "version: 1\nrules: [] # all\n");
  CHECK(after(one, "a", off()) ==
        "version: 1\nrules: # all\n- name: a\n  status: off\n  type: non-image-program\n  action: block");
}

TEST_CASE("line ends are kept, and a file without the last one") {
  std::string text = "version: 1\r\nrules:\r\n  - type: non-image-program\r\n    action: block\r\n    name: a\r\n";
  CHECK(after(text, "a", off()) == text + "    status: off\r\n");
  text = "version: 1\nrules:\n  - type: non-image-program\n    action: block\n    name: a";
  CHECK(after(text, "a", off()) == text + "\n    status: off\n");
}

TEST_CASE("what cannot be changed line by line is refused with its place") {
  const std::string flow =
      "version: 1\nrules: [{ name: a, type: non-image-program, action: block, scope: { images: [a] } },\n"
      "        { name: b, type: non-image-program, action: block }]\n";
  CHECK(after(flow, "a", Edit::remove()).starts_with("f.yaml:2:9: this rule is written in a way"));
  CHECK(after(flow, "b", off()) ==
        "version: 1\nrules: [{ name: a, type: non-image-program, action: block, scope: { images: [a] } },\n"
        "        { status: off, name: b, type: non-image-program, action: block }]\n");
  CHECK(after("version: 1\nrules:\n  -\n    name: a\n    type: non-image-program\n    action: block\n", "a",
              Edit::remove())
            .starts_with("f.yaml:4:5: "));
  CHECK(after(with("status: off", "status: 'off'"), "last one", on()) == with("status: off", "status: on"));
  CHECK(after(kFile, "nobody", Edit::remove()) == "there is no rule \"nobody\" in f.yaml");
  CHECK(after("version: 1\nrules: 7\n", "a", Edit::remove()).starts_with("f.yaml:2:8: "));
}

TEST_CASE("whatever is changed in whatever order, the file stays one and says what was asked for") {
  std::mt19937 random(1);
  for (int round = 0; round < 50; ++round) {
    std::string text = "version: 1\nrules:\n";
    std::vector<std::pair<std::string, bool>> rules;
    for (int i = 0; i < 6; ++i) {
      const std::string name = "r" + std::to_string(i);
      const bool on = random() % 2 == 0;
      rules.emplace_back(name, on);
      if (random() % 3 == 0) text += "\n  # about " + name + "\n";
      const std::string scope = "scope: { images: [" + name + "] }";
      text += random() % 2 == 0 ? "  - { name: " + name + (on ? "" : ", status: off") +
                                      ", type: non-image-program, action: block, " + scope + " }\n"
                                : "  - name: " + name + (on ? "" : "\n    status: off") +
                                      "\n    type: non-image-program\n    action: block\n    " + scope + "\n";
    }
    while (!rules.empty()) {
      const auto at = random() % rules.size();
      const auto kind = random() % 3;
      const auto edit = kind == 0 ? on() : kind == 1 ? off() : Edit::remove();
      const auto changed = rule::edited(text, "f.yaml", rules[at].first, {edit});
      REQUIRE(changed);
      text = *changed;
      if (kind == 2)
        rules.erase(rules.begin() + static_cast<std::ptrdiff_t>(at));
      else
        rules[at].second = kind == 0;
      const auto loaded = rule::checkText(text, "f.yaml");
      REQUIRE(loaded);
      REQUIRE(loaded->rules.size() == rules.size());
      for (const auto& [name, on] : rules) REQUIRE(loaded->find(name)->enabled == on);
    }
  }
}

TEST_CASE("a rule is changed where it stands, if the whole set stays right") {
  const test::ScratchDirectory scratch;
  const rule::Sources sources{scratch / "vendor", scratch / "rules.d"};
  const rule::HostConfig config;
  scratch.write("vendor/10-vendor.yaml",
                "version: 1\nrules:\n  - { name: vendor, type: non-image-program, action: alert, system: true }\n");
  const auto file = scratch.write("rules.d/10-a.yaml", kFile);
  ::chmod(file.c_str(), 0640);
  const auto text = [&file] { return readFile(file, rule::kFileBytesMax).value(); };

  auto changed = rule::change(sources, config, "shop", {off()});
  REQUIRE(changed);
  CHECK(changed->written);
  CHECK(changed->rule.line == 5);
  CHECK_FALSE(changed->after.find("shop")->enabled);
  CHECK(text() == after(kFile, "shop", off()));
  struct stat status = {};
  REQUIRE(::stat(file.c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0640);
  changed = rule::change(sources, config, "shop", {off()});
  REQUIRE(changed);
  CHECK_FALSE(changed->written);

  const auto refused = [&](const std::string& name, const Edit& edit) {
    const auto before = text();
    const auto done = rule::change(sources, config, name, {edit});
    CHECK(text() == before);
    return done ? "done" : done.error().front().text();
  };
  CHECK(refused("vendor", off()).find("ships with Holdfast") != std::string::npos);
  CHECK(refused("nobody", Edit::remove()) == "there is no rule \"nobody\"");
  ::chmod(file.c_str(), 0440);
  CHECK(refused("shop", on()).find("10-a.yaml:5:5: is read-only") != std::string::npos);
  ::chmod(file.c_str(), 0640);
  const auto other = scratch.write("rules.d/20-b.yaml", "version: 1\nrules:\n  - { naem: x }\n");
  CHECK(refused("shop", on()).find("20-b.yaml:3:") != std::string::npos);
  std::filesystem::remove(other);
  std::filesystem::rename(file, scratch / "rules.d/real");
  std::filesystem::create_symlink("real", file);
  CHECK(refused("shop", on()).find("is a symbolic link") != std::string::npos);
}

TEST_CASE("two who change rules at the same time lose nothing of one another") {
  const test::ScratchDirectory scratch;
  const rule::Sources sources{scratch / "vendor", scratch / "rules.d"};
  scratch.write("vendor/10-vendor.yaml",
                "version: 1\nrules:\n  - { name: vendor, type: non-image-program, action: alert, system: true }\n");
  std::string text = "version: 1\nrules:\n";
  constexpr int kRules = 40;
  for (int i = 0; i < kRules; ++i) {
    const auto name = "r" + std::to_string(i);
    text += "  - { name: " + name + ", type: non-image-program, action: block, scope: { images: [" + name + "] } }\n";
  }
  scratch.write("rules.d/10-a.yaml", text);
  std::vector<std::thread> people;
  for (int person = 0; person < 4; ++person) {
    people.emplace_back([&sources, person] {
      for (int i = person; i < kRules; i += 4) (void)rule::change(sources, {}, "r" + std::to_string(i), {off()});
    });
  }
  for (auto& person : people) person.join();
  const auto loaded = rule::load(sources, {});
  REQUIRE(loaded);
  for (int i = 0; i < kRules; ++i) CHECK_FALSE(loaded->find("r" + std::to_string(i))->enabled);
}
