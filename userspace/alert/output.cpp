// SPDX-License-Identifier: Apache-2.0
#include "alert/output.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <syslog.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "alert/json.hpp"
#include "alert/text.hpp"
#include "base/fd.hpp"
#include "base/file.hpp"

namespace holdfast::alert {
namespace {

// Journal users select our alerts by this: journalctl MESSAGE_ID=...
constexpr const char* kMessageId = "6a1e0d3f5b0c4e0f9f1d4c9a7c3b52e8";

int priority(Severity severity) {
  return severity == Severity::Urgent ? LOG_ALERT : severity == Severity::Suspicious ? LOG_WARNING : LOG_NOTICE;
}

/// Waits for it a second at most. The library drops what it is given if there is no journal, and waits for ever for one
/// that does not read.
Result<void> journalTakes() {
  constexpr int kPatienceMs = 1000;
  constexpr sockaddr_un kAddress{AF_UNIX, "/run/systemd/journal/socket"};
  const UniqueFd probe(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!probe) return tl::unexpected(systemError("the journal cannot be asked", errno));
  if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&kAddress), sizeof(kAddress)) != 0)
    return tl::unexpected(systemError("the journal does not run", errno));
  pollfd writable{.fd = probe.get(), .events = POLLOUT, .revents = 0};
  if (::poll(&writable, 1, kPatienceMs) != 1) return fail("the journal does not read what it is sent");
  return {};
}

}  // namespace

std::string summary(const Alert& alert) {
  const std::string& container = alert.container.name.empty() ? alert.container.id : alert.container.name;
  std::string text = alert.name + ": " + alert.message;
  if (!container.empty()) text += " [container " + container + "]";
  if (alert.rule && !alert.rule->name.empty()) text += " [rule " + alert.rule->name + "]";
  if (alert.count > 1) text += " [" + std::to_string(alert.count) + " times]";
  return shown(text, kMessageMax);
}

std::string chainText(const Alert& alert) {
  std::string text;
  for (const ChainLink& link : alert.chain)
    text += (text.empty() ? "" : ", ") + link.item + " (" + std::to_string(link.alert) + ")";
  return text;
}

Target defaultTarget() {
  const char* stream = std::getenv("JOURNAL_STREAM");
  if (stream == nullptr) return Target::Stderr;
  // Inherited by children whose standard error goes elsewhere: compare, as systemd.exec(5) says.
  struct stat status {};
  if (::fstat(STDERR_FILENO, &status) != 0) return Target::Stderr;
  const std::string ours = std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
  return ours == stream ? Target::Journal : Target::Stderr;
}

std::vector<std::string> journalFields(const Alert& a) {
  std::vector<std::string> fields;
  const auto add = [&fields](const char* key, const std::string& value) {
    // Everything in an alert is printable already; this is the last look before it leaves.
    if (!value.empty()) fields.push_back(std::string(key) + "=" + shown(value, kMessageMax));
  };
  add("MESSAGE", summary(a));
  add("MESSAGE_ID", kMessageId);
  add("PRIORITY", std::to_string(priority(a.severity)));
  add("HOLDFAST_ALERT_ID", std::to_string(a.id));
  add("HOLDFAST_REVISION", std::to_string(a.revision));
  add("HOLDFAST_TYPE", name(a.type));
  add("HOLDFAST_NAME", a.name);
  add("HOLDFAST_SEVERITY", name(a.severity));
  add("HOLDFAST_STATE", name(a.state));
  add("HOLDFAST_KIND", a.kind);
  add("HOLDFAST_VERDICT", a.verdict);
  add("HOLDFAST_STAGE", a.stage);
  add("HOLDFAST_CHAIN", chainText(a));
  add("HOLDFAST_ORIGIN", a.origin);
  add("HOLDFAST_PATH", a.path);
  add("HOLDFAST_COUNT", std::to_string(a.count));
  add("HOLDFAST_CONTAINER_ID", a.container.id);
  add("HOLDFAST_CONTAINER_NAME", a.container.name);
  add("HOLDFAST_IMAGE", a.container.image);
  add("HOLDFAST_POD", a.container.pod);
  add("HOLDFAST_POD_NAMESPACE", a.container.pod_namespace);
  if (a.rule) {
    add("HOLDFAST_RULE", a.rule->name);
    add("HOLDFAST_RULE_FILE", a.rule->file);
    add("HOLDFAST_RULE_LINE", std::to_string(a.rule->line));
  }
  if (a.event) {
    add("HOLDFAST_EVENT", a.event->boot_id + "/" + std::to_string(a.event->number));
    add("HOLDFAST_PID", std::to_string(a.pid));
    add("HOLDFAST_UID", std::to_string(a.uid));
    add("HOLDFAST_COMM", a.comm);
  }
  return fields;
}

Result<void> JournalSink::deliver(const Alert& alert, std::uint64_t held_back) {
  if (target_ == Target::Stderr) {
    auto line = toJson(alert);
    if (held_back != 0) line["held_back"] = held_back;
    const std::string text = line.dump() + "\n";
    if (::write(STDERR_FILENO, text.data(), text.size()) == static_cast<ssize_t>(text.size())) return {};
    return fail("standard error does not take alerts");
  }
  auto fields = journalFields(alert);
  if (held_back != 0) fields.push_back("HOLDFAST_HELD_BACK=" + std::to_string(held_back));
  std::vector<iovec> parts;
  parts.reserve(fields.size());
  for (std::string& field : fields) parts.push_back({field.data(), field.size()});
  if (auto takes = journalTakes(); !takes) return takes;
  const int code = sd_journal_sendv(parts.data(), static_cast<int>(parts.size()));
  if (code < 0) return tl::unexpected(systemError("the journal does not take alerts", -code));
  return {};
}

}  // namespace holdfast::alert
