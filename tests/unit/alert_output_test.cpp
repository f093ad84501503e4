// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>

#include "alert/output.hpp"
#include "alert_sample.hpp"
#include "base/fd.hpp"
#include "base/file.hpp"
#include "base/nlohmann.hpp"

using namespace holdfast;
using namespace holdfast::alert;

TEST_CASE("journal fields are single lines, and none can be forged") {
  kernel::Event event = test::sampleEvent(1);
  event.path = "/tmp/x\nHOLDFAST_STATE=handled";
  event.comm = std::string("a\0b", 3);
  const rule::Rule rule = test::sampleRule();
  Alert alert = fromEvent(event, test::sampleContext(&rule));
  alert.comm = "raw\nline";  // even if somebody forgot to clean it
  const auto fields = journalFields(alert);
  CHECK(std::all_of(fields.begin(), fields.end(), [](const auto& f) {
    return f.find('\n') == std::string::npos && f.find('\0') == std::string::npos && f.size() < 9000;
  }));
  const auto has = [&](const std::string& field) {
    return std::find(fields.begin(), fields.end(), field) != fields.end();
  };
  CHECK(has("HOLDFAST_STATE=process terminated"));
  CHECK(has("HOLDFAST_PATH=/tmp/x\\x0aHOLDFAST_STATE=handled"));
  CHECK(has("HOLDFAST_RULE_LINE=3"));
  CHECK(has("HOLDFAST_COMM=raw\\x0aline"));
}

TEST_CASE("standard error gets one JSON object a line, and says how many had to wait") {
  test::ScratchDirectory directory;
  const auto file = directory / "stderr";
  const UniqueFd saved(::dup(STDERR_FILENO));
  {
    const UniqueFd out(::open(file.c_str(), O_RDWR | O_CREAT | O_APPEND, 0600));
    ::dup2(out.get(), STDERR_FILENO);
  }
  JournalSink sink(Target::Stderr);
  const Alert alert = test::sampleAlert(1);
  const bool taken[] = {sink.deliver(alert, 0).has_value(), sink.deliver(alert, 3).has_value()};
  ::dup2(saved.get(), STDERR_FILENO);
  CHECK(taken[0]);
  CHECK(taken[1]);
  const std::string text = *readFile(file, 1 << 20);
  CHECK(std::count(text.begin(), text.end(), '\n') == 2);
  CHECK_FALSE(nlohmann::json::parse(text.substr(0, text.find('\n'))).contains("held_back"));
  const auto last = nlohmann::json::parse(text.substr(text.rfind('\n', text.size() - 2) + 1));
  CHECK(last["held_back"] == 3);
  CHECK(last["name"] == "Non mirror native program startup");
}
