// SPDX-License-Identifier: Apache-2.0
#include "alert/audit.hpp"

#include <libaudit.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>

#include "alert/output.hpp"
#include "alert/text.hpp"
#include "base/file.hpp"

namespace holdfast::alert {
namespace {

// AUDIT_MESSAGE_TEXT_MAX of the kernel is 8560; in hexadecimal a value takes twice its bytes.
constexpr std::size_t kValueMax = 256;
constexpr std::size_t kPathShownMax = 1024;

/// Stricter than the library's own test, which lets pass what the readers of records search for: an apostrophe ends the
/// message, and a name with "=" in it looks like a field.
bool isPlain(std::string_view value) {
  return !value.empty() && std::ranges::all_of(value, [](unsigned char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '.' || c == '_' ||
           c == '-' || c == '/' || c == ':' || c == '@' || c == '+';
  });
}

class Text {
 public:
  /// What nobody outside chose.
  void word(const char* name, std::string_view value) {
    if (value.empty()) return;
    out_ += std::string(out_.empty() ? "" : " ") + name + "=";
    out_ += value;
  }
  void number(const char* name, std::uint64_t value) { word(name, std::to_string(value)); }
  void untrusted(const char* name, const std::string& value, std::size_t max = kValueMax) {
    if (value.empty()) return;
    const std::string text = shown(value, max);
    if (isPlain(text)) return word(name, "\"" + text + "\"");
    std::string hex(2 * text.size() + 1, '\0');
    audit_encode_value(hex.data(), text.data(), static_cast<unsigned>(text.size()));
    hex.pop_back();
    word(name, hex);
  }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

/// A plain word of ours, as audit's values have no blanks.
std::string joined(std::string text) {
  std::ranges::replace(text, ' ', '-');
  return text;
}

/// What the kernel says of the audit system, or an error.
Result<audit_status> statusOf(int fd) {
  constexpr int kPatienceMs = 500;
  if (audit_request_status(fd) <= 0) return tl::unexpected(systemError("the audit system does not answer", errno));
  for (int tries = 0; tries < 8; ++tries) {
    pollfd ready{fd, POLLIN, 0};
    if (::poll(&ready, 1, kPatienceMs) <= 0) break;
    audit_reply reply{};
    if (audit_get_reply(fd, &reply, GET_REPLY_NONBLOCKING, 0) <= 0) break;
    if (reply.type == AUDIT_GET && reply.status != nullptr) return *reply.status;
    if (reply.type == NLMSG_ERROR && reply.error != nullptr && reply.error->error != 0)
      return tl::unexpected(systemError("the audit system may not be asked", -reply.error->error));
  }
  return fail("the audit system does not answer");
}

}  // namespace

int auditType(const Alert& a) {
  switch (a.type) {
    case AlertType::RiskImageBlocking:
    case AlertType::ContainerActiveDefense:
      return AUDIT_ANOM_EXEC;
    case AlertType::ContainerEscapePrevention:
      return AUDIT_ANOM_ACCESS_FS;
    case AlertType::ProtectionStatus:
      break;
  }
  return AUDIT_TRUSTED_APP;
}

std::string auditText(const Alert& a, std::uint64_t held_back) {
  // Names that ausearch interprets, where it has one for the thing. None ends in "uid=" but "uid=" itself, and "vm="
  // comes before all that others wrote: it looks for the first place that reads so.
  Text text;
  text.word("op", "holdfast:" + a.kind);
  text.untrusted("vm", a.container.name.empty() ? a.container.id : a.container.name);
  if (a.event) {
    text.number("uid", a.uid);
    text.number("opid", a.tgid);
    text.untrusted("comm", a.comm);
  }
  text.untrusted("path", a.path, kPathShownMax);
  text.word("origin", a.origin);
  text.word("verdict", a.verdict);
  text.word("severity", name(a.severity));
  text.word("state", joined(name(a.state)));
  text.word("stage", joined(a.stage));
  if (a.rule) {
    text.untrusted("profile", a.rule->name);
    text.untrusted("file", a.rule->file);
    text.number("line", static_cast<std::uint64_t>(std::max(a.rule->line, 0)));
  }
  text.untrusted("sw", a.container.image);
  text.untrusted("cgroup", a.container.id);
  text.untrusted("info", a.message, kPathShownMax);
  text.number("alert", static_cast<std::uint64_t>(a.id));
  text.number("revision", static_cast<std::uint64_t>(a.revision));
  text.number("count", a.count);
  if (held_back != 0) text.number("held_back", held_back);
  return text.take();
}

AuditSink::~AuditSink() {
  if (fd_ >= 0) audit_close(fd_);
}

Result<void> AuditSink::ready() {
  if (fd_ < 0) fd_ = audit_open();
  if (fd_ < 0) return tl::unexpected(systemError("there is no audit system", errno));
  const auto status = statusOf(fd_);
  if (!status) return tl::unexpected(status.error());
  if (status->enabled == 0) return fail("the audit system is switched off: see 'auditctl -s'");
  if (status->pid == 0) return fail("no audit daemon runs: see 'systemctl status auditd'");
  return {};
}

Result<void> AuditSink::deliver(const Alert& alert, std::uint64_t held_back) {
  const bool refused = alert.verdict == "deny";
  // With an address and a terminal given, the library looks for neither.
  const int done =
      audit_log_user_message(fd_, auditType(alert), auditText(alert, held_back).c_str(), "", "?", "", refused ? 0 : 1);
  if (done > 0) return {};
  return tl::unexpected(systemError("the audit system does not take alerts", errno));
}

}  // namespace holdfast::alert
