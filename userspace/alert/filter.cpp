// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cctype>

#include "alert/json.hpp"

namespace holdfast::alert {
namespace {

using nlohmann::json;

std::string plain(std::string text) {
  for (char& c : text) c = c == '-' ? ' ' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

/// The exact name for what a person typed; an unknown one is an error that lists what there is.
template <class Name>
Result<std::string> exact(const char* key, const std::string& typed, int last, Name name) {
  if (typed.empty()) return typed;
  std::string all;
  for (int i = 0; i <= last; ++i) {
    const std::string candidate = name(i);
    if (plain(candidate) == plain(typed)) return candidate;
    all += (all.empty() ? "" : ", ") + candidate;
  }
  return fail("no such " + std::string(key) + ": '" + typed + "'; there are " + all);
}

template <class Enum>
Result<std::string> exact(const char* key, const std::string& typed, Enum last) {
  return exact(key, typed, static_cast<int>(last), [](int i) { return name(static_cast<Enum>(i)); });
}

std::string kindName(int i) {
  constexpr int kEventKinds = static_cast<int>(kernel::kLastEventKind);
  return i < kEventKinds ? kernel::name(static_cast<kernel::EventKind>(i + 1))
                         : name(static_cast<NoticeKind>(i - kEventKinds));
}

Result<void> check(Filter& filter) {
  constexpr int kKinds = static_cast<int>(kernel::kLastEventKind) + static_cast<int>(NoticeKind::Unhealthy);
  constexpr std::size_t kTextMax = 512;
  const std::pair<std::string*, Result<std::string>> names[] = {
      {&filter.type, exact("type", filter.type, AlertType::ProtectionStatus)},
      {&filter.severity, exact("severity", filter.severity, Severity::Reminder)},
      {&filter.state, exact("state", filter.state, State::ProcessNotExists)},
      {&filter.kind, exact("kind", filter.kind, kKinds, kindName)},
  };
  for (const auto& [target, found] : names) {
    if (!found) return tl::unexpected(found.error());
    *target = *found;
  }
  if (filter.container.size() > kTextMax || filter.rule.size() > kTextMax) return fail("a filter's text is too long");
  if (filter.ids.size() > kListMax) return fail("at most " + std::to_string(kListMax) + " ids at once");
  if (filter.limit == 0 || filter.limit > kListMax) return fail("limit must be 1 to " + std::to_string(kListMax));
  return {};
}

}  // namespace

json toJson(const Filter& filter) {
  json out = json::object();
  const std::pair<const char*, const std::string*> texts[] = {
      {"container", &filter.container}, {"rule", &filter.rule},   {"type", &filter.type},
      {"severity", &filter.severity},   {"state", &filter.state}, {"kind", &filter.kind}};
  for (const auto& [key, text] : texts)
    if (!text->empty()) out[key] = *text;
  if (filter.open) out["open"] = *filter.open;
  if (filter.before_real != 0) out["before_real"] = filter.before_real;
  if (filter.since_real != 0) out["since_real"] = filter.since_real;
  if (filter.after_revision >= 0) out["after_revision"] = filter.after_revision;
  if (!filter.ids.empty()) out["ids"] = filter.ids;
  if (filter.after_id >= 0) out["after_id"] = filter.after_id;
  if (filter.before_id > 0) out["before_id"] = filter.before_id;
  out["limit"] = filter.limit;
  return out;
}

Result<Filter> filterFromJson(const json& value) {
  if (!value.is_object()) return fail("a filter is an object");
  Filter filter;
  for (const auto& entry : value.items()) {
    const std::string& key = entry.key();
    const json& item = entry.value();
    const std::pair<const char*, std::string*> texts[] = {
        {"container", &filter.container}, {"rule", &filter.rule},   {"type", &filter.type},
        {"severity", &filter.severity},   {"state", &filter.state}, {"kind", &filter.kind}};
    const bool count = item.is_number_integer() && item >= 0;
    const auto text = std::find_if(std::begin(texts), std::end(texts), [&](const auto& t) { return key == t.first; });
    if (text != std::end(texts) && item.is_string())
      *text->second = item.get<std::string>();
    else if (key == "open" && item.is_boolean())
      filter.open = item.get<bool>();
    else if (key == "before_real" && count)
      item.get_to(filter.before_real);
    else if (key == "since_real" && count)
      item.get_to(filter.since_real);
    else if (key == "after_revision" && count)
      item.get_to(filter.after_revision);
    else if (key == "ids" &&
             std::all_of(item.begin(), item.end(), [](const json& id) { return id.is_number_integer(); }))
      item.get_to(filter.ids);
    else if (key == "after_id" && count)
      item.get_to(filter.after_id);
    else if (key == "before_id" && count)
      item.get_to(filter.before_id);
    else if (key == "limit" && count)
      item.get_to(filter.limit);
    else
      return fail("a filter has no such key, or of another type: '" + key + "'");
  }
  if (auto checked = check(filter); !checked) return tl::unexpected(checked.error());
  return filter;
}

}  // namespace holdfast::alert
