// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <catch2/catch.hpp>

#include "alert/json.hpp"
#include "alert_sample.hpp"
#include "base/file.hpp"
#include "base_test_support.hpp"
#include "holdfastctl/editor.hpp"
#include "holdfastctl_sample.hpp"
#include "rule/load.hpp"

using namespace holdfast;
using nlohmann::json;

namespace {

const std::string kWeb =
    "version: 1\nrules:\n  # of the web team\n  - name: web # not the test\n    type: non-image-program\n    action: "
    "block\n"
    "    scope: { images: [registry.example/web] }\n";

/// Rule files of its own, and holdfastctl on them.
struct Files {
  test::ScratchDirectory scratch;
  test::Terminal terminal;
  std::filesystem::path config = scratch.write("holdfast.yaml", "version: 1\n");

  Files() {
    scratch.write("vendor/10-vendor.yaml",
                  "version: 1\nrules:\n  # the vendor's\n  - { name: vendor, type: non-image-program, action: alert, "
                  "system: true }\n");
    scratch.write("rules.d/web.yaml", kWeb);
  }
  int run(holdfastctl::Arguments words) {
    words.insert(words.end(), {"--config", config.string(), "--rules-dir", (scratch / "rules.d").string(),
                               "--vendor-dir", (scratch / "vendor").string()});
    return terminal.run(words);
  }
  std::string text(const std::string& name) {
    return readFile(scratch / ("rules.d/" + name), rule::kFileBytesMax).value_or("none");
  }
};

}  // namespace

TEST_CASE("every template is right, and becomes a rule") {
  const std::filesystem::path templates = std::filesystem::path(HOLDFAST_SOURCE_DIR) / "policies/templates";
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(templates)) {
    Files files;
    std::filesystem::remove(files.scratch / "rules.d/web.yaml");
    const auto name = entry.path().stem().string();
    INFO(name);
    CHECK(files.run({"rules", "add", "--template", name, "--templates-dir", templates.string()}) == 0);
    INFO(files.terminal.err.str());
    CHECK(files.text(name + ".yaml") == readFile(entry.path(), rule::kFileBytesMax).value());
    CHECK(files.text(name + ".yaml").starts_with("# "));
    ++count;
  }
  CHECK(count >= 8);
  Files files;
  CHECK(files.run({"rules", "add", "--list-templates", "--templates-dir", templates.string()}) == 0);
  CHECK(files.terminal.says("stay-inside"));
  CHECK(files.run({"rules", "add", "--template", "none", "--templates-dir", templates.string()}) == 2);
  CHECK(files.terminal.complains("there is no template 'none'"));
}

TEST_CASE("a rule is added with what is set, to a file of its own or behind others, or not at all") {
  Files files;
  files.terminal.in.str("# new\n" + kWeb);
  CHECK(files.run({"rules", "add", "--from", "-", "--name", "api", "--set", "scope.images=registry.example/api",
                   "--set", "action=alert"}) == 0);
  CHECK(files.text("api.yaml") ==
        "# new\nversion: 1\nrules:\n  # of the web team\n  - name: api # not the test\n    type: non-image-program\n"
        "    action: alert\n    scope: { images: [registry.example/api] }\n");
  files.terminal.in.clear();
  files.terminal.in.str(kWeb);
  CHECK(files.run({"rules", "add", "--from", "-", "--name", "b", "--set", "scope.images=b", "--file", "web.yaml"}) ==
        0);
  CHECK(files.text("web.yaml") ==
        kWeb +
            "\n  # of the web team\n  - name: b # not the test\n    type: non-image-program\n    action: block\n"
            "    scope: { images: [b] }\n");
  // a name that is taken, a mistake, a file that would not be read: nothing is written
  const auto refused = [&](const std::string& given, const holdfastctl::Arguments& more, const std::string& why) {
    files.terminal.in.clear();
    files.terminal.in.str(given);
    holdfastctl::Arguments words = {"rules", "add", "--from", "-"};
    words.insert(words.end(), more.begin(), more.end());
    CHECK(files.run(words) == 2);
    INFO(files.terminal.err.str());
    CHECK(files.terminal.complains(why));
  };
  refused(kWeb, {"--file", "x.yaml"}, "x.yaml:4:5: name \"web\" is already used at ");
  refused("version: 1\nrules:\n  - { naem: x }\n", {}, "standard input:3:5: ");
  refused(kWeb, {"--name", "c", "--file", "../c.yaml"}, "without a directory");
  refused(kWeb, {"--name", "c", "--file", "c.txt"}, "must end in .yaml");
  refused("version: 1\nrules: []\n", {}, "there is no rule in it");
  CHECK(files.text("x.yaml") == "none");
}

TEST_CASE("a rule is copied with its comments, off, and a vendor's one becomes one's own") {
  Files files;
  CHECK(files.run({"rules", "copy", "web", "api"}) == 0);
  CHECK(files.text("web.yaml") ==
        kWeb +
            "\n  # of the web team\n  - name: api # not the test\n    status: off\n    type: non-image-program\n"
            "    action: block\n    scope: { images: [registry.example/web] }\n");
  // on it would be in doubt which one decides
  CHECK(files.run({"rules", "copy", "web", "other", "--enable"}) == 2);
  CHECK(files.terminal.complains("make one scope narrower"));
  CHECK(files.run({"rules", "copy", "web", "web"}) == 2);
  CHECK(files.run({"rules", "copy", "vendor", "mine", "--set", "action=block", "--enable"}) == 0);
  CHECK(files.text("mine.yaml") ==
        "version: 1\nrules:\n  # the vendor's\n  - { name: mine, type: non-image-program, action: block }\n");
  CHECK(files.run({"rules", "copy", "nobody", "x"}) == 2);
}

TEST_CASE("single keys are changed without an editor") {
  Files files;
  CHECK(files.run({"rules", "edit", "web", "--set", "action=alert", "--set", "scope.images=a,b", "--set",
                   "description=Was: block"}) == 0);
  CHECK(files.text("web.yaml") ==
        "version: 1\nrules:\n  # of the web team\n  - name: web # not the test\n    description: \"Was: block\"\n"
        "    type: non-image-program\n    action: alert\n    scope: { images: [a, b] }\n");
  CHECK(files.run({"rules", "edit", "vendor", "--set", "status=off"}) == 2);
}

TEST_CASE("an editor's text is taken if the set stays right, else again, discarded or kept") {
  Files files;
  auto& terminal = files.terminal;
  std::filesystem::path copy;
  std::vector<std::string> texts;
  terminal.editor = [&](const std::filesystem::path& file, int) -> Result<void> {
    copy = file;
    CHECK(std::filesystem::status(file.parent_path()).permissions() == std::filesystem::perms::owner_all);
    const auto text = texts.front();
    texts.erase(texts.begin());
    return writeFileAtomically(file, text, 0600);
  };
  const auto alerting = [] {
    std::string text = kWeb;
    return text.replace(text.find("block"), 5, "alert");
  }();
  texts = {alerting};
  CHECK(files.run({"rules", "edit", "web"}) == 0);
  CHECK(files.text("web.yaml") == alerting);
  CHECK_FALSE(std::filesystem::exists(copy));
  texts = {alerting};
  CHECK(files.run({"rules", "edit", "web"}) == 0);
  CHECK(terminal.says("as it was"));

  // with a mistake, nobody there to ask: the text is kept
  texts = {"version: 1\nrules: 7\n"};
  CHECK(files.run({"rules", "edit", "web"}) == 2);
  CHECK(terminal.complains("web.yaml:2:8: "));
  CHECK(terminal.complains(copy.string() + ": your text is kept here"));
  CHECK(readFile(copy, 100).value() == "version: 1\nrules: 7\n");
  std::filesystem::remove_all(copy.parent_path());
  CHECK(files.text("web.yaml") == alerting);
  // somebody is: again, then discarded
  terminal.interactive = true;
  texts = {"version: 1\nrules: 7\n", kWeb};
  terminal.in.str("what?\ne\n");
  CHECK(files.run({"rules", "edit", "web"}) == 0);
  CHECK(files.text("web.yaml") == kWeb);
  texts = {"version: 1\nrules: 7\n"};
  terminal.in.clear();
  terminal.in.str("d\n");
  CHECK(files.run({"rules", "edit", "web"}) == 2);
  CHECK(files.text("web.yaml") == kWeb);
  CHECK_FALSE(std::filesystem::exists(copy));

  // somebody else has written it meanwhile: theirs stands, ours is kept
  terminal.editor = [&](const std::filesystem::path& file, int) -> Result<void> {
    copy = file;
    files.scratch.write("rules.d/web.yaml", "# theirs\n" + kWeb);
    return writeFileAtomically(file, alerting, 0600);
  };
  CHECK(files.run({"rules", "edit", "web"}) == 2);
  CHECK(terminal.complains("changed by somebody else"));
  CHECK(files.text("web.yaml") == "# theirs\n" + kWeb);
  CHECK(readFile(copy, 1000).value() == alerting);
  std::filesystem::remove_all(copy.parent_path());
}

TEST_CASE(
    "editors save in place or by another file, fail, are killed, and have the terminal's signals for themselves") {
  Files files;
  auto& terminal = files.terminal;
  terminal.editor = holdfastctl::runEditor;
  ::unsetenv("VISUAL");
  const auto edit = [&](const std::string& script) {
    // An option stands behind its name, as a shell takes it, and the file comes last.
    const auto program =
        files.scratch.write("editor", "#!/bin/sh\n[ \"$1\" = -w ] && file=$2\necho \"$file\" >$0.ran\n" + script);
    std::filesystem::permissions(program, std::filesystem::perms::owner_all);
    ::setenv("EDITOR", (program.string() + " -w").c_str(), 1);
    return files.run({"rules", "edit", "web"});
  };
  const auto copy = [&] {
    const auto line = readFile(files.scratch / "editor.ran", 1000).value();
    return std::filesystem::path(line.substr(0, line.size() - 1));
  };
  const auto keeps = [&](const std::string& text) {
    CHECK(terminal.complains(copy().string() + ": your text is kept here"));
    CHECK(readFile(copy(), 1000).value() == text);
    std::filesystem::remove_all(copy().parent_path());
  };
  const auto with = [](const std::string& action) {
    std::string text = kWeb;
    return text.replace(text.find("block"), 5, action);
  };
  CHECK(edit("t=$(sed s/block/alert/ \"$file\"); echo \"$t\" >\"$file\"") == 0);
  CHECK(files.text("web.yaml") == with("alert"));
  CHECK(edit("sed s/alert/block/ \"$file\" >\"$file.new\" && mv \"$file.new\" \"$file\"") == 0);
  CHECK(files.text("web.yaml") == kWeb);
  CHECK_FALSE(std::filesystem::exists(copy().parent_path()));

  CHECK(edit("sed -i s/block/never/ \"$file\"") == 2);
  CHECK(terminal.complains("web.yaml:6:13: "));
  keeps(with("never"));
  CHECK(edit("sed -i s/block/alert/ \"$file\"; exit 1") == 2);
  CHECK(terminal.complains("failed"));
  keeps(with("alert"));
  CHECK(edit("sed -i s/block/alert/ \"$file\"; kill -KILL $$") == 2);
  keeps(with("alert"));
  // nothing of which there is anything to keep
  CHECK(edit("exit 1") == 2);
  CHECK_FALSE(std::filesystem::exists(copy().parent_path()));
  CHECK(edit("rm \"$file\"") == 2);
  std::filesystem::remove_all(copy().parent_path());
  CHECK(files.text("web.yaml") == kWeb);

  // Ctrl-C in an editor: the editor's, and by itself it would end
  const std::string interrupt = "kill -INT " + std::to_string(::getpid()) + "; ";
  CHECK(edit(interrupt + "sed -i s/block/alert/ \"$file\"") == 0);
  CHECK(files.text("web.yaml") == with("alert"));
  CHECK(edit("kill -INT $$; exit 0") == 2);
  ::unsetenv("EDITOR");
}

TEST_CASE("what rules would do is told without the daemon, for a container and for recorded alerts") {
  test::Terminal terminal;
  const test::ScratchDirectory scratch;
  const auto rules = scratch.write("r.yaml", kWeb + "    allow_list: { directories: [/opt/plugins] }\n").string();
  const auto program = [&](const std::string& image, const std::string& path, const std::string& origin) {
    const int code = terminal.run(
        {"rules", "test", "--rules", rules, "--image", image, "--path", path, "--origin", origin, "--output", "json"});
    const auto outcome = json::parse(terminal.out.str())["program"]["outcome"].get<std::string>();
    CHECK(code == (outcome == "allow" ? 0 : 1));
    return outcome;
  };
  CHECK(program("registry.example/web:1", "/tmp/x", "added") == "block");
  CHECK(program("registry.example/web:1", "/bin/ls", "image") == "allow");
  CHECK(program("registry.example/web:1", "/opt/plugins/x", "volume") == "allow");
  CHECK(json::parse(terminal.out.str())["program"]["exempt"][0]["directory"] == "/opt/plugins");
  CHECK(program("registry.example/web:1", "/opt/plugins2", "volume") == "block");
  CHECK(program("other", "/tmp/x", "added") == "allow");
  CHECK(terminal.run({"rules", "test", "--rules", rules, "--image", "Not A Reference"}) == 2);
  CHECK(terminal.asked.empty());

  auto alert = test::sampleAlert(7);
  alert.container.image = "registry.example/web:1";
  const auto blocked = toJson(alert).dump();
  alert.container.image = "other";
  const auto other = toJson(alert).dump();
  const auto events = scratch.write("a.jsonl", blocked + "\n" + other + "\n").string();
  CHECK(terminal.run({"rules", "test", "--rules", rules, "--events", events, "--output", "json"}) == 1);
  const auto report = json::parse(terminal.out.str());
  CHECK(report["differ"] == 1);
  CHECK(report["alerts"][0]["would"] == "block");
  CHECK(report["alerts"][1]["would"] == "allow");
  CHECK(terminal.run({"rules", "test", "--rules", rules, "--events", events}) == 1);
  CHECK(terminal.says("2 alerts of programs, 1 would be otherwise"));
  CHECK(terminal.run({"rules", "test", "--rules", rules, "--events", scratch.write("b.jsonl", "{}\n7\n").string()}) ==
        2);
}
