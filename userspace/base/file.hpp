// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace holdfast {

/// All that an open regular file has from its start, at most `limit` bytes; a longer one is an error, not cut off.
/// Anything else (FIFO, device, directory) is an error. `name` is only for messages.
[[nodiscard]] Result<std::string> readFd(int fd, std::size_t limit, const std::filesystem::path& name);

/// Opens without waiting (a FIFO cannot hang the caller), follows symbolic links, then as readFd().
[[nodiscard]] Result<std::string> readFile(const std::filesystem::path& path, std::size_t limit);

/// Replaces `path` by a new file in one step, durable when it returns: a reader sees the old content or the new, also
/// after a crash. The temporary file is hidden and in the same directory. A symbolic link at `path` is itself replaced.
/// With `group` it is this group's, without the caller's.
[[nodiscard]] Result<void> writeFileAtomically(const std::filesystem::path& path, std::string_view content, mode_t mode,
                                               std::optional<gid_t> group = std::nullopt);

/// "MESSAGE: text of the errno value" with the file it is about.
[[nodiscard]] Error systemError(std::string message, int error_number, const std::filesystem::path& file = {});

}  // namespace holdfast
