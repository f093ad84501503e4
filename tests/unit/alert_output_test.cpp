// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "alert/output.hpp"
#include "alert_sample.hpp"
#include "base/fd.hpp"
#include "base/file.hpp"

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

TEST_CASE("standard error gets one JSON object a line, rate-limited, and says what it held back") {
  test::ScratchDirectory directory;
  const auto file = directory / "stderr";
  const UniqueFd saved(::dup(STDERR_FILENO));
  {
    const UniqueFd out(::open(file.c_str(), O_RDWR | O_CREAT | O_APPEND, 0600));
    ::dup2(out.get(), STDERR_FILENO);
  }
  Output output(Target::Stderr, 2);
  const auto start = std::chrono::steady_clock::now();
  const Alert alert = test::sampleAlert(1);
  const bool taken[] = {output.deliver(alert, start), output.deliver(alert, start), output.deliver(alert, start),
                        output.deliver(alert, start + std::chrono::seconds(2))};
  ::dup2(saved.get(), STDERR_FILENO);
  CHECK(taken[0]);
  CHECK(taken[1]);
  CHECK_FALSE(taken[2]);
  CHECK(taken[3]);
  CHECK(output.heldBack() == 1);
  const std::string text = *readFile(file, 1 << 20);
  CHECK(std::count(text.begin(), text.end(), '\n') == 3);
  const auto last = nlohmann::json::parse(text.substr(text.rfind('\n', text.size() - 2) + 1));
  CHECK(last["held_back"] == 1);
  CHECK(last["name"] == "Non mirror native program startup");
}
