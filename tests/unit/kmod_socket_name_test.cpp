// SPDX-License-Identifier: Apache-2.0
// Which sockets command the host, by the names that the host bound them to.
#include <catch2/catch.hpp>
#include <string_view>

extern "C" {
#include <uapi/linux/holdfast_checks.h>

#include "core/socket_name.h"
}

namespace {
int check(std::string_view name) { return holdfast_socket_name_check(name.data(), name.size()); }
using namespace std::string_view_literals;
}  // namespace

TEST_CASE("sockets of engines and of the init system are known, with a NUL at the end or without") {
  CHECK(check("/run/docker.sock") == HOLDFAST_CHECK_SK1);
  CHECK(check("/run/docker.sock\0"sv) == HOLDFAST_CHECK_SK1);
  CHECK(check("/run/user/1000/podman/podman.sock") == HOLDFAST_CHECK_SK1);
  CHECK(check("/run/k3s/containerd/containerd.sock") == HOLDFAST_CHECK_SK1);
  CHECK(check("/run/systemd/private") == HOLDFAST_CHECK_SK3);
  CHECK(check("/run/dbus/system_bus_socket") == HOLDFAST_CHECK_SK3);
  CHECK(check("/run/user/1000/bus") == HOLDFAST_CHECK_SK3);
  CHECK(check("/run/containerd/s/0123abc") == HOLDFAST_CHECK_SK2);
}

TEST_CASE("abstract names are told from files") {
  CHECK(check("\0/containerd-shim/abc"sv) == HOLDFAST_CHECK_SK2);
  CHECK(check("/containerd-shim/abc") == -1);
  CHECK(check("\0/run/docker.sock"sv) == -1);
}

TEST_CASE("others, short ones and none are not") {
  for (const std::string_view name :
       {""sv, "\0"sv, "/"sv, "sock"sv, "docker.sock"sv, "/run/docker.sock.old"sv, "/run/mysqld/mysqld.sock"sv,
        "/run/app/bus"sv, "/run/user/bus"sv, "/srv/run/containerd/s/x"sv, "\0\0\0"sv})
    CHECK(check(name) == -1);
}
