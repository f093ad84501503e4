// SPDX-License-Identifier: Apache-2.0
#include "alert/change_requests.hpp"

#include <pwd.h>

#include <array>
#include <charconv>
#include <cstdio>
#include <memory>

#include "alert/json.hpp"
#include "alert/text.hpp"
#include "base/file.hpp"
#include "base/time.hpp"
#include "control/shapes.hpp"

namespace holdfast::alert {
namespace {

using control::Peer;
using control::Request;
using nlohmann::json;

/// Of /etc/passwd alone: a name service over the network may take its time.
std::string loginName(std::uint32_t uid) {
  const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen("/etc/passwd", "re"), &std::fclose);
  if (!file) return {};
  std::array<char, 4096> text{};
  passwd entry{};
  for (passwd* found = nullptr; ::fgetpwent_r(file.get(), &entry, text.data(), text.size(), &found) == 0;) {
    if (found->pw_uid == uid) return shown(found->pw_name, kNameMax);
  }
  return {};
}

/// Unset for what no login began: services, cron without PAM.
std::optional<std::uint32_t> loginUid(pid_t pid) {
  const auto text = readFile("/proc/" + std::to_string(pid) + "/loginuid", 64);
  std::uint32_t uid = 0;
  if (!text || std::from_chars(text->data(), text->data() + text->size(), uid).ec != std::errc()) return {};
  if (uid == UINT32_MAX) return {};
  return uid;
}

/// One value as soon as it is there.
Result<control::Source> later(Answer answer) {
  auto shared = std::make_shared<Answer>(std::move(answer));
  return [shared]() -> Result<std::vector<json>> {
    if (shared->wait_for(std::chrono::seconds(0)) != std::future_status::ready) return std::vector<json>{};
    auto value = shared->get();
    if (!value) return tl::unexpected(value.error());
    return std::vector<json>{std::move(*value)};
  };
}

Result<control::Source> handle(const Writer& writer, State action, const Request& request, const Peer& peer) {
  const auto params = control::read<control::HandleParams>(request.params);
  if (!params) return tl::unexpected(params.error());
  auto filter = filterFromJson(params->filter);
  if (!filter) return tl::unexpected(filter.error());
  if (params->note.size() > kNoteMax) return fail("a note has at most " + std::to_string(kNoteMax) + " bytes");
  const Handling handling{action, personOf(peer), realTimeNs(), shown(params->note, 4 * kNoteMax)};
  return later(writer([filter = *filter, handling](Store& store) -> Result<json> {
    const auto done = store.handle(filter, handling);
    if (!done) return tl::unexpected(done.error());
    return json(control::HandleReport{done->ids.size(), done->state_kept});
  }));
}

Result<control::Source> purge(const Writer& writer, const Request& request) {
  auto filter = filterFromJson(request.params);
  if (!filter) return tl::unexpected(filter.error());
  return later(writer([filter = *filter](Store& store) -> Result<json> {
    const auto removed = store.purge(filter);
    if (!removed) return tl::unexpected(removed.error());
    return json(
        control::PurgeReport{removed->alerts, removed->open, removed->operations, removed->alerts == filter.limit});
  }));
}

}  // namespace

Person personOf(const Peer& peer) {
  Person person{peer.uid, loginUid(peer.pid), {}};
  person.name = loginName(person.login_uid.value_or(person.uid));
  return person;
}

void registerChanges(control::Server& server, Writer writer) {
  constexpr auto kWrite = control::Server::Access::Write;
  const std::pair<const char*, State> actions[] = {{"alerts.handle", State::Handled},
                                                   {"alerts.ignore", State::Ignored},
                                                   {"alerts.allow-listed", State::AllowListed}};
  for (const auto& [name, action] : actions) {
    server.handleLater(name, kWrite, [writer, action = action](const Request& request, const Peer& peer) {
      return handle(writer, action, request, peer);
    });
  }
  server.handleLater("alerts.purge", kWrite,
                     [writer](const Request& request, const Peer&) { return purge(writer, request); });
}

}  // namespace holdfast::alert
