// SPDX-License-Identifier: Apache-2.0
#include <poll.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "alert/requests.hpp"
#include "alert/store.hpp"
#include "alert_sample.hpp"
#include "base_test_support.hpp"
#include "control/client.hpp"
#include "control/server.hpp"

using namespace holdfast;
using nlohmann::json;

TEST_CASE("who follows hears of alerts also when another store has taken the place of the one that was followed") {
  const test::ScratchDirectory directory;
  auto store = alert::Store::open(directory / "alerts.db");
  REQUIRE(store);
  const auto alert = test::sampleAlert(1);
  REQUIRE(store->add({&alert, 1}));

  auto server = control::Server::listen(directory / "s", {});
  REQUIRE(server);
  alert::registerRequests(*server, *store);
  std::atomic<bool> stop = false;
  std::thread serving([&] {
    while (!stop) {
      pollfd ready{server->fd(), POLLIN, 0};
      if (::poll(&ready, 1, 10) > 0) server->dispatch();
      server->pump();
    }
  });
  int heard = 0;
  for (const int after : {0, 500}) {
    const json params = {{"after_revision", after}};
    CHECK(control::follow(directory / "s", {"alerts.follow", params}, [&](const json& value) {
      CHECK(value.at("operation").at("path") == alert.path);
      ++heard;
      return false;
    }));
  }
  stop = true;
  serving.join();
  CHECK(heard == 2);
}
