// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <random>
#include <set>

#include "rule/edit.hpp"
#include "rule/edit_text.hpp"
#include "rule/load.hpp"

using namespace holdfast;
using rule::Edit;

namespace {

/// A file of one rule "a" with these further lines, and the same after the edit, or the error.
std::string withRule(const std::string& more) {
  return "version: 1\nrules:\n  - name: a\n    type: non-image-program\n    action: block\n" + more + "# end\n";
}

std::string after(const std::string& text, const Edit& edit, const std::string& name = "a") {
  const auto done = rule::edited(text, "f.yaml", name, {edit});
  return done ? *done : done.error().text();
}

const auto kAllow = Edit::add("allow_list.directories", "/opt/new");

}  // namespace

TEST_CASE("an entry is added to a list where and how the list is written") {
  // made if it is missing, and the map around it
  CHECK(after(withRule(""), kAllow) == withRule("    allow_list:\n      directories: [/opt/new]\n"));
  CHECK(after(withRule("    allow_list:\n      images: [web-debug] # why\n    description: x\n"), kAllow) ==
        withRule(
            "    allow_list:\n      images: [web-debug] # why\n      directories: [/opt/new]\n    description: x\n"));
  CHECK(after(withRule("    allow_list: { images: [web-debug] } # why\n"), kAllow) ==
        withRule("    allow_list: { images: [web-debug], directories: [/opt/new] } # why\n"));
  CHECK(after(withRule("    allow_list: {}\n"), kAllow) == withRule("    allow_list: {directories: [/opt/new]}\n"));
  // in brackets
  CHECK(after(withRule("    allow_list: { directories: [] }\n"), kAllow) ==
        withRule("    allow_list: { directories: [/opt/new] }\n"));
  CHECK(after(withRule("    allow_list: { directories: [/a, \"/b # no comment\"] } # why\n"), kAllow) ==
        withRule("    allow_list: { directories: [/a, \"/b # no comment\", /opt/new] } # why\n"));
  CHECK(after(withRule("    allow_list: { directories: [/a,] }\n"), kAllow) ==
        withRule("    allow_list: { directories: [/a, /opt/new,] }\n"));
  // an entry a line, in brackets
  CHECK(after(withRule("    allow_list:\n      directories: [\n        /a, # of A\n        /b # of B\n      ]\n"),
              kAllow) == withRule("    allow_list:\n      directories: [\n        /a, # of A\n        /b, # of B\n     "
                                  "   /opt/new\n      ]\n"));
  CHECK(after(withRule("    allow_list:\n      directories: [/a,\n                    /b]\n"), kAllow) ==
        withRule("    allow_list:\n      directories: [/a,\n                    /b,\n                    /opt/new]\n"));
  // in lines, indented or not
  CHECK(after(withRule("    allow_list:\n      directories:\n        - /a # of A\n        # of B\n        - /b\n"
                       "      # the images\n      images:\n        - web-debug\n"),
              kAllow) ==
        withRule("    allow_list:\n      directories:\n        - /a # of A\n        # of B\n        - /b\n"
                 "        - /opt/new\n      # the images\n      images:\n        - web-debug\n"));
  CHECK(
      after(withRule("    allow_list:\n      directories:\n      - /a\n      images:\n      - web-debug\n"), kAllow) ==
      withRule(
          "    allow_list:\n      directories:\n      - /a\n      - /opt/new\n      images:\n      - web-debug\n"));
  // what is there already, in whatever form
  for (const char* same : {"    allow_list: { directories: [\"/opt/new\"] }\n",
                           "    allow_list:\n      directories:\n        - '/opt/new'\n"}) {
    CHECK(after(withRule(same), kAllow) == withRule(same));
  }
}

TEST_CASE("a rule in braces, line ends of another system, a missing last one") {
  const std::string flow = "version: 1\nrules:\n  - { name: a, type: non-image-program, action: block } # all\n";
  CHECK(after(flow, kAllow) ==
        "version: 1\nrules:\n  - { name: a, type: non-image-program, action: block, allow_list: { directories: "
        "[/opt/new] } } # all\n");
  const std::string json =
      R"({"version": 1, "rules": [{"name": "a", "type": "non-image-program", "action": "block"}]})";
  CHECK(after(json, kAllow) ==
        R"({"version": 1, "rules": [{"name": "a", "type": "non-image-program", "action": "block", )"
        R"(allow_list: { directories: [/opt/new] }}]})");
  CHECK(
      after("\xef\xbb\xbfversion: 1\r\nrules:\r\n- name: a\r\n  type: non-image-program\r\n  action: block", kAllow) ==
      "\xef\xbb\xbfversion: 1\r\nrules:\r\n- name: a\r\n  type: non-image-program\r\n  action: block\n  allow_list:\n"
      "    directories: [/opt/new]\n");
  CHECK(after("version: 1\r\nrules:\r\n- name: a\r\n  type: non-image-program\r\n  action: block\r\n", kAllow) ==
        "version: 1\r\nrules:\r\n- name: a\r\n  type: non-image-program\r\n  action: block\r\n  allow_list:\r\n"
        "    directories: [/opt/new]\r\n");
}

TEST_CASE("what an entry says is kept from meaning something else") {
  for (const char* image : {"web:latest", "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
                            "null", "~web", "we\"b\\n", "{web}", "web,db", "#web", "&web", "!web", "-web", "1.10", "@x",
                            "%x12", "'web'", "web: x", "yes!", "ümlaut"}) {
    for (const char* list :
         {"", "    allow_list: { images: [some] }\n", "    allow_list:\n      images:\n      - some\n"}) {
      const auto text = rule::edited(withRule(list), "f.yaml", "a", {Edit::add("allow_list.images", image)});
      if (std::string(image).find(' ') != std::string::npos) {
        CHECK(text.error().text().find("has a * or a blank") != std::string::npos);
        continue;
      }
      REQUIRE(text);
      const auto loaded = rule::checkText(*text, "f.yaml");
      REQUIRE(loaded);
      const auto& allowed = loaded->find("a")->allow_list;
      const auto& entries = allowed.digests.empty() ? allowed.images : allowed.digests;
      CHECK(entries.back() == image);
      CHECK(loaded->find("a")->allow_list.images.size() + allowed.digests.size() == (*list == '\0' ? 1 : 2));
    }
  }
  CHECK(after(withRule(""), Edit::add("allow_list.directories", "/opt/\x1b[2J")).find("control character") !=
        std::string::npos);
  CHECK(after(withRule(""), Edit::add("allow_list.directories", "opt"))
            .find("f.yaml:7:21: directory \"opt\" is not abs") == 0);
  CHECK(after(withRule(""), Edit::add("allow_list.directories", "/")).find("exempts every program") !=
        std::string::npos);
}

TEST_CASE("single values are changed, comments stay") {
  CHECK(after(withRule("    status: off # for now\n"), Edit::set("action", "alert")) ==
        "version: 1\nrules:\n  - name: a\n    type: non-image-program\n    action: alert\n    status: off # for now\n# "
        "end\n");
  CHECK(after(withRule(""), Edit::set("action", "explode")).find("f.yaml:5:13: action must be one of") == 0);
  CHECK(after(withRule(""), Edit::set("description", "Runs: only \"its\" image")) ==
        "version: 1\nrules:\n  - name: a\n    description: \"Runs: only \\\"its\\\" image\"\n    type: "
        "non-image-program\n    action: block\n# end\n");
  // a text of several lines gives way as a whole
  CHECK(after(withRule("    description: |  # words\n      # not a comment\n      - name: no rule\n\n    status: on\n"),
              Edit::set("description", "short")) == withRule("    description: short # words\n\n    status: on\n"));
  CHECK(after(withRule("    description: 'it''s # long'  # words\n"), Edit::set("description", "short")) ==
        withRule("    description: short  # words\n"));
  CHECK(
      after(withRule("    description: some\n      more\n"), Edit::set("description", "short")).find("line by line") !=
      std::string::npos);
  CHECK(after(withRule(""), Edit::set("name", "b")).find("  - name: b\n") != std::string::npos);
  CHECK(after(withRule(""), Edit::set("name", "a")) == withRule(""));
}

TEST_CASE("a list becomes another, and what stays in it keeps its place and its comment") {
  const auto images = [](std::vector<std::string> entries) {
    return Edit::setList("scope.images", std::move(entries));
  };
  CHECK(after(withRule(""), images({"x/a", "x/b"})) == withRule("    scope:\n      images: [x/a, x/b]\n"));
  CHECK(after(withRule("    scope: { images: [x/a, x/b, x/c] } # why\n"), images({"x/d", "x/b"})) ==
        withRule("    scope: { images: [x/b, x/d] } # why\n"));
  CHECK(
      after(
          withRule(
              "    scope:\n      images:\n        - x/a # A\n        - x/b # B\n        - x/c\n      tags: [\"1\"]\n"),
          images({"x/b", "x/d"})) ==
      withRule("    scope:\n      images:\n        - x/b # B\n        - x/d\n      tags: [\"1\"]\n"));
  CHECK(after(withRule("    scope:\n      images: [\n        x/a, # A\n        x/b, # B\n        x/c # C\n      ]\n"),
              images({"x/b"})) ==
        withRule("    scope:\n      images: [\n        # A\n        x/b, # B\n         # C\n      ]\n"));
  CHECK(after(withRule("    scope:\n      images: # ours\n        - x/a\n        - x/b\n      tags: [\"1\"]\n"),
              images({})) == withRule("    scope:\n      images: [] # ours\n      tags: [\"1\"]\n"));
  CHECK(after(withRule("    scope: { images: [x/a] }\n"), images({})) == withRule("    scope: { images: [] }\n"));
  CHECK(after(withRule(""), images({})) == withRule(""));
}

TEST_CASE("a key is taken away") {
  CHECK(after(withRule("    status: off\n    # about it\n    description: |\n      long\n      # text\n"),
              Edit::unset("description")) == withRule("    status: off\n    # about it\n"));
  CHECK(after(withRule("    status: off # gone too\n"), Edit::unset("status")) == withRule(""));
  const std::string flow =
      "version: 1\nrules:\n  - { status: on, name: a, type: non-image-program, action: block, "
      "scope: { images: [x] } }\n";
  CHECK(after(flow, Edit::unset("status")) ==
        "version: 1\nrules:\n  - { name: a, type: non-image-program, action: block, scope: { images: [x] } }\n");
  CHECK(after(flow, Edit::unset("scope")) ==
        "version: 1\nrules:\n  - { status: on, name: a, type: non-image-program, action: block }\n");
  CHECK(after(withRule(""), Edit::unset("name")).find("line by line") != std::string::npos);
  CHECK(after(withRule(""), Edit::unset("type")).find("needs the key \"type\"") != std::string::npos);
}

TEST_CASE("all edits or none") {
  const auto text = rule::edited(withRule(""), "f.yaml", "a",
                                 {Edit::set("name", "b"), Edit::set("action", "alert"), Edit::status(false), kAllow});
  REQUIRE(text);
  CHECK(*text ==
        "version: 1\nrules:\n  - name: b\n    status: off\n    type: non-image-program\n    action: alert\n"
        "    allow_list:\n      directories: [/opt/new]\n# end\n");
  CHECK_FALSE(rule::edited(withRule(""), "f.yaml", "a", {Edit::set("name", "b"), Edit::set("action", "explode")}));
}

TEST_CASE("whatever lists go through, the file says what was asked for and keeps every comment") {
  std::mt19937 random(7);
  for (int round = 0; round < 40; ++round) {
    std::vector<std::string> entries;
    for (std::size_t n = random() % 4; n > 0; --n) entries.push_back("x/i" + std::to_string(n));
    std::string text = "    scope: # of the rule\n      images:";
    if (entries.empty() || random() % 2 == 0) {
      text += random() % 2 == 0 || entries.empty() ? " [" : " [\n        ";
      const bool lines = text.ends_with(' ');
      for (const auto& entry : entries) text += entry + (entry == entries.back() ? "" : lines ? ",\n        " : ", ");
      text += lines ? "\n      ] # of the list\n" : "] # of the list\n";
    } else {
      text += " # of the list\n";
      const std::string indent = random() % 2 == 0 ? "      - " : "        - ";
      for (const auto& entry : entries) text += indent + entry + "\n";
    }
    text = withRule(text);
    std::set<std::string> all(entries.begin(), entries.end());
    for (int edits = 0; edits < 8; ++edits) {
      Edit edit = Edit::add("scope.images", "x/i" + std::to_string(random() % 6));
      if (random() % 2 == 0) {
        std::vector<std::string> some;
        for (int i = 0; i < 6; ++i) {
          if (random() % 3 == 0) some.push_back("x/i" + std::to_string(i));
        }
        all = {some.begin(), some.end()};
        edit = Edit::setList("scope.images", some);
      } else {
        all.insert(edit.values.front());
      }
      const auto next = rule::edited(text, "f.yaml", "a", {edit});
      INFO(text);
      INFO((next ? "" : next.error().text()));
      REQUIRE(next);
      text = *next;
      const auto loaded = rule::checkText(text, "f.yaml");
      REQUIRE(loaded);
      const auto& images = loaded->find("a")->scope.images;
      CHECK(std::set<std::string>(images.begin(), images.end()) == all);
      CHECK(images.size() == all.size());
      for (const char* comment : {"# of the rule", "# of the list", "# end"})
        CHECK(text.find(comment) != std::string::npos);
    }
  }
}
