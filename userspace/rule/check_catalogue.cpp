// SPDX-License-Identifier: Apache-2.0
#include "rule/check_catalogue.hpp"

#include <linux/holdfast_checks.h>

#include <algorithm>
#include <array>

namespace holdfast::rule {
namespace {

// As the kernel's table calls them.
constexpr Dimension process = Dimension::Process, file = Dimension::File, system_call = Dimension::SystemCall;
constexpr CheckState checked = CheckState::Checked, uncovered = CheckState::Uncovered;
constexpr CheckSeverity urgent = CheckSeverity::Urgent, suspicious = CheckSeverity::Suspicious,
                        reminder = CheckSeverity::Reminder;
constexpr Action block = Action::Block, alert = Action::Alert;
constexpr Stage reconnaissance = Stage::Reconnaissance, precondition = Stage::Precondition, boundary = Stage::Boundary,
                host_execution = Stage::HostExecution;

constexpr auto kTypes = std::to_array<CheckType>({
#define HOLDFAST_CHECK_TYPE(type, name, dimension, about) CheckType{name, dimension, about},
#define HOLDFAST_CHECK(...)
#include <linux/holdfast_check_defs.h>
});

constexpr auto kItems = std::to_array<CheckItem>({
#define HOLDFAST_CHECK_TYPE(...)
#define HOLDFAST_CHECK(item, type, state, severity, action, stage, technique, about) \
  CheckItem{#item, HOLDFAST_CHECK_TYPE_##type, state, severity, action, stage, technique, about},
#include <linux/holdfast_check_defs.h>
});

static_assert(kTypes.size() == kCheckTypes && kItems.size() == kCheckItems);
static_assert(kCheckItems <= 8 * std::tuple_size_v<CheckBytes> && sizeof(CheckBytes) == HOLDFAST_CHECK_SET_BYTES);

template <class Rows>
std::optional<std::size_t> find(const Rows& rows, std::string_view name) {
  const auto found = std::ranges::find(rows, name, [](const auto& row) { return row.name; });
  if (found == rows.end()) return std::nullopt;
  return static_cast<std::size_t>(found - rows.begin());
}

}  // namespace

const char* name(Dimension dimension) {
  switch (dimension) {
    case Dimension::Process:
      return "process";
    case Dimension::File:
      return "file";
    case Dimension::SystemCall:
      return "system call";
  }
  return "unknown";
}

const char* name(Stage stage) {
  switch (stage) {
    case Stage::Reconnaissance:
      return "reconnaissance";
    case Stage::Precondition:
      return "precondition";
    case Stage::Boundary:
      return "boundary";
    case Stage::HostExecution:
      return "host execution";
  }
  return "unknown";
}

std::span<const CheckType> checkTypes() { return kTypes; }
std::span<const CheckItem> checkItems() { return kItems; }

std::optional<std::size_t> findCheckType(std::string_view name) { return find(kTypes, name); }
std::optional<std::size_t> findCheckItem(std::string_view name) { return find(kItems, name); }

CheckSet checkedItems() {
  CheckSet items;
  for (std::size_t i = 0; i < kItems.size(); ++i) items[i] = kItems[i].state == CheckState::Checked;
  return items;
}

CheckBytes toBytes(const CheckSet& items) {
  CheckBytes bytes{};
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (items[i]) bytes[i / 8] = static_cast<std::uint8_t>(bytes[i / 8] | 1U << i % 8);
  }
  return bytes;
}

CheckSet fromBytes(const CheckBytes& bytes) {
  CheckSet items;
  for (std::size_t i = 0; i < items.size(); ++i) items[i] = (bytes[i / 8] >> i % 8 & 1) != 0;
  return items;
}

std::string namesOf(const CheckSet& items) {
  std::string names;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (items[i]) names.append(names.empty() ? "" : ", ").append(kItems[i].name);
  }
  return names;
}

CheckSet itemsOf(std::size_t type) {
  CheckSet items;
  for (std::size_t i = 0; i < kItems.size(); ++i) items[i] = kItems[i].type == type;
  return items;
}

}  // namespace holdfast::rule
