// SPDX-License-Identifier: Apache-2.0
// What runtimes and engines leave on the disk. The first byte chooses whose.
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/fd.hpp"
#include "container/bolt.hpp"
#include "container/engine_record.hpp"
#include "container/mount_line.hpp"
#include "container/posture.hpp"
#include "container/process.hpp"
#include "container/runc_state.hpp"

namespace {

using namespace holdfast;

/// A database of this content; gone with the process.
void readBolt(std::string_view bytes) {
  std::string name = std::filesystem::temp_directory_path() / "holdfast-fuzz-XXXXXX";
  const UniqueFd fd(::mkstemp(name.data()));
  if (!fd || ::write(fd.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) std::abort();
  const auto bolt = container::Bolt::open(name);
  ::unlink(name.c_str());
  if (!bolt || !*bolt) return;
  const std::array<std::string_view, 3> path{"v1", "default", "containers"};
  (void)(*bolt)->pairs({});
  (void)(*bolt)->pairs(path);
  (void)(*bolt)->value(path, "web");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  container::EngineRecord record;
  switch (data[0] % 11) {
    case 0:
      (void)container::parseRuncState(text, "/sys/fs/cgroup");
      break;
    case 1:
      (void)container::parseCrunState("web", text, text);
      break;
    case 2:
      (void)container::parseCgroupsPath(text);
      (void)container::postureOf(text, {[](const auto&) { return std::nullopt; },
                                        [](const auto&, const auto&) { return std::nullopt; }, true});
      break;
    case 3:
      (void)container::parseDockerConfig(text, "web");
      break;
    case 4:
      record.digests = {"sha256:" + std::string(64, 'a')};
      (void)container::addDockerNames(record, text);
      break;
    case 5:
      (void)container::parseStorageContainers(text);
      break;
    case 6:
      (void)container::parseStorageImages(text);
      break;
    case 7:
      (void)container::parseManifest(text, "amd64");
      (void)container::parseLibpod(text);
      break;
    case 8:
      container::addCriMetadata(record, text);
      (void)container::parseCriSandbox(text);
      break;
    case 9:
      (void)container::parseMountLine(text);
      (void)container::parseStartTicks(text);
      (void)container::parseCgroup(text);
      break;
    default:
      readBolt(text);
      break;
  }
  return 0;
}
