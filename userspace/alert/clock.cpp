// SPDX-License-Identifier: Apache-2.0
#include "alert/clock.hpp"

#include <algorithm>

#include "base/file.hpp"
#include "base/sqlite.hpp"
#include "base/time.hpp"

namespace holdfast::alert {

Clocks systemClocks() {
  // The kernel makes it anew at each boot; it does not change before the next.
  static const std::string boot_id = [] {
    auto text = readFile("/proc/sys/kernel/random/boot_id", 4096).value_or("");
    return text.substr(0, text.find('\n'));
  }();
  return {boot_id, bootTimeNs(), realTimeNs()};
}

Result<std::uint64_t> advanceClock(sqlite3* db, const Clocks& clocks) {
  constexpr const char* kDoing = "the alert store cannot be written";
  auto read = Statement::prepare(db, "SELECT now, boot_id, boot_ns FROM clock");
  if (!read) return tl::unexpected(read.error());
  auto row = read->step(kDoing);
  if (!row) return tl::unexpected(row.error());
  std::uint64_t now = std::min<std::uint64_t>(clocks.real_ns, INT64_MAX);
  if (*row) {
    const auto then = static_cast<std::uint64_t>(read->integer(0));
    const auto boot_then = static_cast<std::uint64_t>(read->integer(2));
    if (read->text(1) != clocks.boot_id) {
      now = std::max(now, then + clocks.boot_ns);
    } else {
      now = then + (clocks.boot_ns > boot_then ? clocks.boot_ns - boot_then : 0);
    }
  }
  read->reset();
  auto write = Statement::prepare(db, *row ? "UPDATE clock SET now = ?, boot_id = ?, boot_ns = ?"
                                           : "INSERT INTO clock (now, boot_id, boot_ns) VALUES (?, ?, ?)");
  if (!write) return tl::unexpected(write.error());
  if (auto done = write->bind(now, clocks.boot_id, clocks.boot_ns).step(kDoing); !done)
    return tl::unexpected(done.error());
  return now;
}

}  // namespace holdfast::alert
