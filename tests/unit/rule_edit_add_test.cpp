// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "rule/edit.hpp"

using namespace holdfast;

namespace {

std::string lines(const std::string& name, const std::string& more = {}) {
  return "name: " + name + "\n    type: non-image-program\n    action: block\n    scope: { images: [" + name + "] }\n" +
         more;
}

std::string out(const Result<std::string>& text) { return text ? *text : text.error().text(); }

std::string appended(const std::string& content, const std::string& addition) {
  return out(rule::appended(content, "f.yaml", addition, "new.yaml"));
}

const std::string kHead = "version: 1\nrules:\n";
const std::string kNew =
    kHead + "# of new\n- name: new\n  type: non-image-program\n  action: alert # only\n  scope: { images: [new] }\n";
const std::string kNewLines =
    "  # of new\n  - name: new\n    type: non-image-program\n    action: alert # only\n    scope: { images: [new] }\n";

}  // namespace

TEST_CASE("a rule is taken out of its file with the comments above it and in it") {
  const std::string text = "# all of ours\n" + kHead + "  - " + lines("a", "    # last of a\n") +
                           "\n  # of b,\n  # too\n  - " +
                           lines("b", "    description: |\n      x\n\n      y\n    # last of b\n") + "# end\n";
  CHECK(out(rule::extracted(text, "f.yaml", "a")) == kHead + "  - " + lines("a", "    # last of a\n"));
  CHECK(out(rule::extracted(text, "f.yaml", "b")) ==
        kHead + "  # of b,\n  # too\n  - " + lines("b", "    description: |\n      x\n\n      y\n    # last of b\n"));
  CHECK(out(rule::extracted(kNew, "f.yaml", "new")) == kHead + kNewLines);
  CHECK(out(rule::extracted(text, "f.yaml", "c")) == "there is no rule \"c\" in f.yaml");
  CHECK(
      out(rule::extracted("version: 1\nrules: [{ name: a, type: non-image-program, action: block }]\n", "f.yaml", "a"))
          .find("f.yaml:2:9: this rule is written in a way") == 0);
}

TEST_CASE("rules are put behind those of a file, indented as they are") {
  const std::string one = "# ours\n" + kHead + "  - " + lines("a", "    # last of a\n");
  CHECK(appended(one, kNew) == one + "\n" + kNewLines);
  CHECK(appended(one + "# end\n", kNew) == one + "\n" + kNewLines + "# end\n");
  // two lines of another indent, without a last line end, and of another system
  CHECK(appended("version: 1\nrules:\n- { name: a, type: non-image-program, action: block, scope: { images: [a] } }",
                 kHead + "    - { name: b, type: non-image-program, action: block, scope: { images: [b] } }\n") ==
        "version: 1\nrules:\n- { name: a, type: non-image-program, action: block, scope: { images: [a] } }\n"
        "- { name: b, type: non-image-program, action: block, scope: { images: [b] } }\n");
  CHECK(appended(
            "version: 1\r\nrules:\r\n- { name: a, type: non-image-program, action: block, scope: { tags: [a] } }\r\n",
            kHead + "- { name: b, type: non-image-program, action: block, scope: { images: [b] } }\n") ==
        "version: 1\r\nrules:\r\n- { name: a, type: non-image-program, action: block, scope: { tags: [a] } }\r\n"
        "- { name: b, type: non-image-program, action: block, scope: { images: [b] } }\r\n");
  CHECK(appended("version: 1\nrules: [] # none yet\n# end\n", kNew) ==
        "version: 1\nrules: # none yet\n" + kNewLines + "# end\n");
  CHECK(appended("rules: []\nversion: 1\n", kNew) == "rules:\n" + kNewLines + "version: 1\n");
}

TEST_CASE("what a file cannot take is refused, with its place") {
  CHECK(
      appended("version: 1\nrules: [{ name: a, type: non-image-program, action: block, scope: { tags: [a] } }]\n", kNew)
          .find("f.yaml:2:9: ") == 0);
  CHECK(appended("version: 1\nruels: []\n", kNew).find("f.yaml:") == 0);
  CHECK(appended(kHead + "  - " + lines("a"), "version: 1\nrules:\n  - { naem: x }\n").find("new.yaml:3:") == 0);
}
