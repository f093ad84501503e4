// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "alert/store.hpp"
#include "alert/store_sql.hpp"

namespace holdfast::alert {
namespace {

constexpr const char* kWriting = "the alert store cannot be written";
constexpr const char* kReading = "the alert store cannot be read";

}  // namespace

Result<void> Store::useOutputs(const std::vector<std::string>& names) {
  auto transaction = Transaction::begin(db_.get());
  if (!transaction) return tl::unexpected(transaction.error());
  auto all = Statement::prepare(db_.get(), "SELECT name FROM outputs");
  if (!all) return tl::unexpected(all.error());
  std::vector<std::string> gone;
  for (;;) {
    auto row = all->step(kReading);
    if (!row) return tl::unexpected(row.error());
    if (!*row) break;
    if (std::ranges::find(names, all->text(0)) == names.end()) gone.push_back(all->text(0));
  }
  auto forget = Statement::prepare(db_.get(), "DELETE FROM outputs WHERE name = ?");
  auto begin = Statement::prepare(
      db_.get(), "INSERT OR IGNORE INTO outputs (name, revision, delivered) SELECT ?, revision, 0 FROM totals");
  if (!forget || !begin) return tl::unexpected((forget ? begin : forget).error());
  for (const std::string& name : gone)
    if (auto done = forget->bind(name).step(kWriting); !done) return tl::unexpected(done.error());
  for (const std::string& name : names)
    if (auto done = begin->bind(name).step(kWriting); !done) return tl::unexpected(done.error());
  return transaction->commit();
}

Result<std::optional<Served>> Store::served(const std::string& output) const {
  auto statement = Statement::prepare(db_.get(), "SELECT revision, delivered FROM outputs WHERE name = ?");
  if (!statement) return tl::unexpected(statement.error());
  auto row = statement->bind(output).step(kReading);
  if (!row) return tl::unexpected(row.error());
  if (!*row) return std::optional<Served>{};
  return Served{statement->integer(0), static_cast<std::uint64_t>(statement->integer(1))};
}

Result<void> Store::setServed(const std::string& output, const Served& served) {
  auto statement = Statement::prepare(db_.get(), "UPDATE outputs SET revision = ?2, delivered = ?3 WHERE name = ?1");
  if (!statement) return tl::unexpected(statement.error());
  auto done = statement->bind(output, served.revision, served.delivered).step(kWriting);
  if (!done) return tl::unexpected(done.error());
  return {};
}

Result<std::uint64_t> Store::changedSince(std::int64_t revision) const {
  auto statement = Statement::prepare(db_.get(), "SELECT count(*) FROM alerts WHERE revision > ?");
  if (!statement) return tl::unexpected(statement.error());
  auto row = statement->bind(revision).step(kReading);
  if (!row) return tl::unexpected(row.error());
  return static_cast<std::uint64_t>(statement->integer(0));
}

}  // namespace holdfast::alert
