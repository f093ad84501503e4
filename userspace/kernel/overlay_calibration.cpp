// SPDX-License-Identifier: Apache-2.0
#include "kernel/overlay_calibration.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <system_error>
#include <thread>

#include "base/file.hpp"

namespace holdfast::kernel {

namespace {

// Only covered in the thread's own mount namespace; it exists on every system.
constexpr const char* kScratch = "/run";
constexpr const char* kLowerFiles[] = {"untouched", "appended", "mode-changed", "renamed-from"};

Result<void> failed(const char* what) {
  return tl::unexpected(systemError(std::string(what) + " for calibration", errno));
}

std::string in(std::string_view directory, std::string_view name) {
  return std::string(kScratch) + "/" + std::string(directory) + "/" + std::string(name);
}

Result<void> writeFile(const std::string& path, int flags) {
  const UniqueFd fd(::open(path.c_str(), flags | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0700));
  if (!fd || ::write(fd.get(), "#", 1) != 1) return failed("cannot write a file");
  return {};
}

Result<void> mountScratch() {
  if (::unshare(CLONE_NEWNS) != 0) return failed("cannot make a mount namespace");
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return failed("cannot make mounts private");
  if (::mount("holdfast", kScratch, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0700,size=1m") != 0) {
    return failed("cannot mount a tmpfs");
  }
  for (const char* directory : {"lower", "upper", "work", "merged"}) {
    if (::mkdir((std::string(kScratch) + "/" + directory).c_str(), 0700) != 0) return failed("cannot make a directory");
  }
  for (const char* name : kLowerFiles) {
    if (auto written = writeFile(in("lower", name), O_CREAT | O_EXCL); !written) return written;
  }
  const std::string options =
      "lowerdir=" + in("lower", "") + ",upperdir=" + in("upper", "") + ",workdir=" + in("work", "");
  if (::mount("holdfast", in("merged", "").c_str(), "overlay", MS_NOSUID | MS_NODEV, options.c_str()) != 0) {
    return failed("cannot mount an overlay");
  }
  return {};
}

Result<void> touchFiles() {
  if (auto written = writeFile(in("merged", "new"), O_CREAT | O_EXCL); !written) return written;
  if (auto written = writeFile(in("merged", "appended"), O_APPEND); !written) return written;
  if (::chmod(in("merged", "mode-changed").c_str(), 0755) != 0) return failed("cannot change a mode");
  if (::rename(in("merged", "renamed-from").c_str(), in("merged", "renamed").c_str()) != 0) {
    return failed("cannot rename a file");
  }
  if (::mkdir(in("merged", "directory").c_str(), 0700) != 0) return failed("cannot make a directory");
  return {};
}

Result<std::vector<CalibrationFile>> openFiles() {
  std::vector<CalibrationFile> files;
  for (const char* name : {"untouched", "new", "appended", "mode-changed", "renamed", "directory"}) {
    UniqueFd fd(::open(in("merged", name).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!fd) return tl::unexpected(failed("cannot open a file").error());
    files.push_back({name, std::move(fd), name == std::string_view("untouched") ? Expect::Lower : Expect::Upper});
  }
  return files;
}

}  // namespace

Result<std::vector<CalibrationFile>> makeCalibrationFiles() {
  Result<std::vector<CalibrationFile>> files;
  try {
    // The namespace is the thread's alone and ends with it.
    std::thread([&files] {
      auto ready = mountScratch();
      if (ready) ready = touchFiles();
      files = ready ? openFiles() : tl::unexpected(ready.error());
    }).join();
  } catch (const std::system_error& error) {
    return fail(std::string("cannot start a thread for calibration: ") + error.what());
  }
  return files;
}

Outcome<void> calibrateOverlay(Port& port) {
  auto files = makeCalibrationFiles();
  if (!files) return failWith(EIO, files.error().message);
  std::vector<Probe> probes;
  for (const auto& file : *files) probes.push_back({file.fd.get(), file.expect});
  return port.calibrate(probes);
}

}  // namespace holdfast::kernel
