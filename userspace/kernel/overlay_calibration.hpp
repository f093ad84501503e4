// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/fd.hpp"
#include "kernel/port.hpp"

namespace holdfast::kernel {

struct CalibrationFile {
  std::string name;  // says in messages which case it is
  UniqueFd fd;       // O_RDONLY, on the scratch overlay
  Expect expect = Expect::Lower;
};

/// Mounts a scratch overlay on a tmpfs in the mount namespace of a thread of its own, makes one file of each case and
/// returns them open. The mounts have no name in any living namespace: they go when the last descriptor does, also if
/// the process is killed. Needs CAP_SYS_ADMIN.
[[nodiscard]] Result<std::vector<CalibrationFile>> makeCalibrationFiles();

/// Makes the files and hands them to the kernel. Called from any thread; takes some milliseconds.
[[nodiscard]] Outcome<void> calibrateOverlay(Port& port);

}  // namespace holdfast::kernel
