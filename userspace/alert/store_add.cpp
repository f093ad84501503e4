// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include "alert/clock.hpp"
#include "alert/json.hpp"
#include "alert/store.hpp"
#include "alert/store_sql.hpp"
#include "rule/check_catalogue.hpp"

namespace holdfast::alert {
namespace {

constexpr const char* kWriting = "the alert store cannot be written";

/// Joins what must be equal. No part can hold the separator: all text is printable.
template <class... Parts>
std::string key(const Parts&... parts) {
  std::string out;
  const auto add = [&out](const auto& part) {
    if constexpr (std::is_convertible_v<decltype(part), std::string>)
      out += part;
    else
      out += std::to_string(part);
    out += '\x1f';
  };
  (add(parts), ...);
  return out;
}

/// Found running, not done: of the same process, file and rule it is one alert, whenever it is found again.
bool isFound(const Alert& a) { return a.kind == kernel::name(kernel::EventKind::Running); }

/// About a container's start: told again by a controller that was started again, it is the same.
bool isStart(const Alert& a) { return a.kind == name(NoticeKind::RiskyStart); }

std::string groupKey(const Alert& a) {
  const std::string rule = !a.rule      ? std::string()
                           : isFound(a) ? key(a.rule->name, a.rule->file)
                                        : key(a.rule->name, a.rule->file, a.rule->line, a.rule->rule_set);
  return key(a.container.cgroup_id, a.container.id, rule, a.requested, a.kind, a.verdict, a.origin,
             a.event      ? a.check
             : isStart(a) ? key(a.tgid, a.start_time)
                          : a.message);
}

constexpr std::size_t kChainMax = 8;

/// The stages that are not the alert's; none if it has no stage, or nobody knows whose it is.
std::vector<const char*> otherStages(const Alert& a) {
  std::vector<const char*> others;
  if (a.stage.empty() || a.container.cgroup_id == 0) return others;
  for (const auto stage :
       {rule::Stage::Reconnaissance, rule::Stage::Precondition, rule::Stage::Boundary, rule::Stage::HostExecution}) {
    if (a.stage != rule::name(stage)) others.push_back(rule::name(stage));
  }
  return others;
}

Severity raised(Severity severity) { return severity == Severity::Reminder ? Severity::Suspicious : Severity::Urgent; }

/// Whether somebody should see to it. What a rule allowed comes as handled, and folds with its like.
std::int64_t opens(const Alert& a) { return a.state == State::Handled ? 0 : 1; }

/// All statements of one transaction.
class Adder {
 public:
  static Result<Adder> make(sqlite3* db, const StoreOptions& options) {
    const char* const sql[] = {
        "INSERT OR IGNORE INTO streams (boot_id, load_id) VALUES (?, ?)",
        "SELECT id, settled FROM streams WHERE boot_id = ? AND load_id = ?",
        "SELECT 1 FROM events WHERE stream = ? AND number = ?",
        "INSERT INTO events (stream, number, alert, count) VALUES (?, ?, ?, ?)",
        "SELECT id, chain = '[]' FROM alerts WHERE fold_key = ? AND boot_id = ? AND first_boot >= ? AND state = ? AND "
        "open = ? "
        "ORDER BY id DESC LIMIT 1",
        "UPDATE alerts SET count = count + ?2, last_boot = max(last_boot, ?3), last_real = max(last_real, ?4), "
        "revision = ?5, stamp = ?6 WHERE id = ?1",
        "SELECT id FROM alerts WHERE fold_key = ? AND boot_id = ? ORDER BY id DESC LIMIT 1",
        "SELECT id FROM alerts WHERE fold_key >= ? AND fold_key < ? AND boot_id = ? AND state = ? AND open = ? "
        "ORDER BY id DESC LIMIT 1",
        "SELECT count(*) FROM alerts WHERE group_key = ? AND boot_id = ? AND first_boot >= ?",
        "INSERT INTO alerts (revision, fold_key, group_key, boot_id, first_boot, last_boot, last_real, count, type, "
        "severity, state, kind, container_id, container_name, rule, body, image, first_real, from_event, stamp, open, "
        "cgroup_id, stage, item, chain) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        "SELECT id, item, last_boot FROM alerts WHERE cgroup_id = ? AND boot_id = ? AND stage = ? AND stage != '' AND "
        "last_boot BETWEEN ? AND ? ORDER BY last_boot DESC LIMIT ?",
        "UPDATE alerts SET severity = ?, chain = ? WHERE id = ?",
        "UPDATE totals SET revision = ?, events = events + ?, alerts = alerts + ?, folded = folded + ?, "
        "operations = operations + ?, notices = notices + ?"};
    Adder adder(db, options);
    for (const char* text : sql) {
      auto statement = Statement::prepare(db, text);
      if (!statement) return tl::unexpected(statement.error());
      adder.statements_.push_back(std::move(*statement));
    }
    const auto revision = number(db, "SELECT revision FROM totals");
    if (!revision) return tl::unexpected(revision.error());
    adder.revision_ = *revision;
    const auto now = advanceClock(db, options.clocks());
    if (!now) return tl::unexpected(now.error());
    adder.now_ = *now;
    return adder;
  }

  Result<void> add(Alert alert) {
    std::int64_t stream = 0;
    if (alert.event) {
      auto fresh = enter(*alert.event, stream);
      if (!fresh) return tl::unexpected(fresh.error());
      if (!*fresh) return {};
    }
    auto id = store(alert);
    if (!id) return tl::unexpected(id.error());
    if (*id == 0) return {};
    changed_.insert(*id);
    if (!alert.event) return {};
    ++added_.events;
    added_.operations += alert.count;
    return run(Insert, stream, alert.event->number, *id, alert.count);
  }

  Result<std::size_t> finish() {
    auto done = run(Total, revision_, added_.events, added_.alerts, added_.folded, added_.operations, added_.notices);
    if (!done) return tl::unexpected(done.error());
    return changed_.size();
  }

 private:
  enum Which {
    MakeStream,
    FindStream,
    FindEvent,
    Insert,
    FindOpen,
    Fold,
    FindProcess,
    FindFile,
    CountGroup,
    Make,
    FindStage,
    Raise,
    Total
  };

  Adder(sqlite3* db, const StoreOptions& options) : db_(db), options_(options) {}

  template <class... Values>
  Result<void> run(Which which, const Values&... values) {
    auto done = statements_[which].bind(values...).step(kWriting);
    if (!done) return tl::unexpected(done.error());
    return {};
  }

  /// The first row's integers, zeros without a row.
  template <class... Values>
  Result<std::pair<std::int64_t, std::int64_t>> ask(Which which, const Values&... values) {
    Statement& statement = statements_[which];
    auto row = statement.bind(values...).step(kWriting);
    if (!row) return tl::unexpected(row.error());
    if (!*row) return std::pair<std::int64_t, std::int64_t>{};
    const std::pair answer(statement.integer(0), statement.integer(1));
    statement.reset();
    return answer;
  }

  /// Whether the event is new; sets its stream.
  Result<bool> enter(const EventId& event, std::int64_t& stream) {
    if (auto done = run(MakeStream, event.boot_id, event.load_id); !done) return tl::unexpected(done.error());
    auto found = ask(FindStream, event.boot_id, event.load_id);
    if (!found) return tl::unexpected(found.error());
    stream = found->first;
    if (event.number <= static_cast<std::uint64_t>(found->second)) return false;
    auto there = ask(FindEvent, stream, event.number);
    if (!there) return tl::unexpected(there.error());
    return there->first == 0;
  }

  /// Counts the alert into an open one, or makes a row of it. Returns the row's id; 0 if that has all there is to say.
  Result<std::int64_t> store(Alert& alert) {
    const std::string group = groupKey(alert);
    const auto window = static_cast<std::uint64_t>(std::max<std::int64_t>(options_.fold_window.count(), 0));
    const std::uint64_t since = alert.first_boot > window && !isFound(alert) ? alert.first_boot - window : 0;

    std::string fold = group + key(alert.dev, alert.ino, alert.path);
    if (isStart(alert)) {
      const auto told = ask(FindProcess, fold, alert.boot_id);
      if (!told) return tl::unexpected(told.error());
      return told->first != 0 ? Result<std::int64_t>(0) : make(alert, fold, group);
    }
    auto open = isFound(alert) ? findRunning(fold, alert)
                               : ask(FindOpen, fold, alert.boot_id, since, name(alert.state), opens(alert));
    if (!open) return tl::unexpected(open.error());
    if (open->first != 0) return foldInto(*open, alert);

    auto objects = ask(CountGroup, group, alert.boot_id, since);
    if (!objects) return tl::unexpected(objects.error());
    if (static_cast<std::uint64_t>(objects->first) >= options_.objects_max) {
      fold = group + "*";
      open = ask(FindOpen, fold, alert.boot_id, since, name(alert.state), opens(alert));
      if (!open) return tl::unexpected(open.error());
      if (open->first != 0) return foldInto(*open, alert);
      alert.message = "more different files than are listed one by one; for the first " +
                      std::to_string(options_.objects_max) + " see the alerts before this one";
      alert.path.clear();
      alert.dev = alert.ino = 0;
    }
    return make(alert, fold, group);
  }

  /// The alert of the same process, whatever became of it, or an open one of the same file. Adds the process to `fold`.
  Result<std::pair<std::int64_t, std::int64_t>> findRunning(std::string& fold, const Alert& alert) {
    const std::string file = fold;
    fold += key(alert.tgid, alert.start_time);
    auto same = ask(FindProcess, fold, alert.boot_id);
    if (!same || same->first != 0) return same;
    // What comes after are digits.
    return ask(FindFile, file, file + '\x7f', alert.boot_id, name(alert.state), opens(alert));
  }

  /// Looks for other stages of an attack about that time; with one, the alert is more severe.
  Result<void> setChain(Alert& alert) {
    const std::uint64_t from = alert.first_boot > kChainNs ? alert.first_boot - kChainNs : 0;
    for (const char* stage : otherStages(alert)) {
      Statement& statement = statements_[FindStage];
      statement.bind(alert.container.cgroup_id, alert.boot_id, stage, from, alert.last_boot + kChainNs,
                     std::int64_t{kChainMax});
      for (;;) {
        auto row = statement.step(kWriting);
        if (!row) return tl::unexpected(row.error());
        if (!*row) break;
        alert.chain.push_back(
            {statement.integer(0), statement.text(1), stage, static_cast<std::uint64_t>(statement.integer(2))});
      }
    }
    if (alert.chain.empty()) return {};
    std::ranges::stable_sort(alert.chain, {}, &ChainLink::boot_ns);
    if (alert.chain.size() > kChainMax) alert.chain.erase(alert.chain.begin(), alert.chain.end() - kChainMax);
    alert.severity = raised(alert.severity);
    return {};
  }

  /// `row`: its id, and whether its severity might still rise.
  Result<std::int64_t> foldInto(const std::pair<std::int64_t, std::int64_t>& row, Alert& alert) {
    const std::int64_t id = row.first;
    if (row.second != 0) {
      if (auto done = setChain(alert); !done) return tl::unexpected(done.error());
    }
    if (!alert.chain.empty()) {
      auto done = run(Raise, name(alert.severity), toJson(alert.chain).dump(), id);
      if (!done) return tl::unexpected(done.error());
    }
    if (alert.event) ++added_.folded;
    auto done = run(Fold, id, alert.count, alert.last_boot, alert.last_real, ++revision_, now_);
    if (!done) return tl::unexpected(done.error());
    return id;
  }

  Result<std::int64_t> make(Alert& a, const std::string& fold, const std::string& group) {
    if (auto done = setChain(a); !done) return tl::unexpected(done.error());
    ++(a.event ? added_.alerts : added_.notices);
    auto done = run(Make, ++revision_, fold, group, a.boot_id, a.first_boot, a.last_boot, a.last_real, a.count,
                    name(a.type), name(a.severity), name(a.state), a.kind, a.container.id, a.container.name,
                    a.rule ? a.rule->name : std::string(), toJson(a).dump(), a.container.image, a.first_real,
                    std::int64_t{a.event ? 1 : 0}, now_, opens(a), a.container.cgroup_id, a.stage,
                    a.check.empty() ? a.kind : a.check, toJson(a.chain).dump());
    if (!done) return tl::unexpected(done.error());
    return sqlite3_last_insert_rowid(db_);
  }

  sqlite3* db_;
  StoreOptions options_;
  std::vector<Statement> statements_;
  std::int64_t revision_ = 0;
  std::uint64_t now_ = 0;  // of the store's clock
  Totals added_;
  std::set<std::int64_t> changed_;
};

}  // namespace

Result<std::size_t> Store::add(std::span<const Alert> alerts) {
  if (alerts.empty()) return 0;
  auto transaction = Transaction::begin(db_.get());
  if (!transaction) return tl::unexpected(transaction.error());
  // Its statements end before the transaction does.
  auto changed = [&]() -> Result<std::size_t> {
    auto adder = Adder::make(db_.get(), options_);
    if (!adder) return tl::unexpected(adder.error());
    for (const Alert& alert : alerts) {
      if (auto done = adder->add(alert); !done) return tl::unexpected(done.error());
    }
    return adder->finish();
  }();
  if (!changed) return changed;
  if (auto done = transaction->commit(); !done) return tl::unexpected(done.error());
  return changed;
}

}  // namespace holdfast::alert
