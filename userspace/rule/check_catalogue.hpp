// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "rule/action.hpp"

namespace holdfast::rule {

/// Where a check looks (ESC-1).
enum class Dimension { Process, File, SystemCall };

/// What a container-escape rule names under checks.types.
struct CheckType {
  std::string_view name;  // "join-host-ns"
  Dimension dimension;
  std::string_view about;
};

/// Whether this version notices it.
enum class CheckState { Checked, Uncovered };

/// Of an alert.
enum class CheckSeverity { Urgent, Suspicious, Reminder };

/// How far an attack has come that does this.
enum class Stage { Reconnaissance, Precondition, Boundary, HostExecution };

/// One check of a type, named under checks.except.
struct CheckItem {
  std::string_view name;  // "NS1"
  std::size_t type;       // index in checkTypes()
  CheckState state;
  CheckSeverity severity;
  Action recommended;  // for rules of one's own
  Stage stage;
  std::string_view technique;  // of MITRE ATT&CK
  std::string_view about;
};

inline constexpr std::size_t kCheckTypes = 16;
inline constexpr std::size_t kCheckItems = 73;

/// Bit i stands for checkItems()[i].
using CheckSet = std::bitset<kCheckItems>;
/// Likewise of types.
using CheckTypeSet = std::bitset<kCheckTypes>;

/// "process", "file", "system call".
[[nodiscard]] const char* name(Dimension dimension);
/// "reconnaissance", "precondition", "boundary", "host execution".
[[nodiscard]] const char* name(Stage stage);

[[nodiscard]] std::span<const CheckType> checkTypes();
/// Those of one type stand together, in the order of the types.
[[nodiscard]] std::span<const CheckItem> checkItems();

/// The index of a name, in its case.
[[nodiscard]] std::optional<std::size_t> findCheckType(std::string_view name);
[[nodiscard]] std::optional<std::size_t> findCheckItem(std::string_view name);

/// All items of a type.
[[nodiscard]] CheckSet itemsOf(std::size_t type);

/// Those that this version notices.
[[nodiscard]] CheckSet checkedItems();

/// A set as the kernel has it: item N is bit N % 8 of byte N / 8.
using CheckBytes = std::array<std::uint8_t, 16>;
[[nodiscard]] CheckBytes toBytes(const CheckSet& items);
[[nodiscard]] CheckSet fromBytes(const CheckBytes& bytes);

/// "NS1, NS2", in their order.
[[nodiscard]] std::string namesOf(const CheckSet& items);

}  // namespace holdfast::rule
