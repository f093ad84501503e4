// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/fd.hpp"
#include "rule/reader.hpp"

namespace holdfast::rule {

struct SourceFile {
  std::string path;
  std::string content;
};

/// The files *.yaml and *.yml of a directory, sorted by name; hidden files are left out. What is there and must not be
/// used (no regular file, a link that leads out, writable by everybody, not root's or one's own) is an error, and so is
/// a directory that cannot be read: it might have held rules.
[[nodiscard]] std::vector<SourceFile> readDirectory(const std::filesystem::path& directory, Findings& findings);

/// A single file, if it is there; what must not be used is an error as above.
[[nodiscard]] std::optional<SourceFile> readOptional(const std::filesystem::path& path, Findings& findings);

/// Who changes rules or switches holds the lock of the rules' directory until it is closed; files in it are replaced.
[[nodiscard]] Result<UniqueFd> lockDirectory(const std::filesystem::path& directory);

}  // namespace holdfast::rule
