// SPDX-License-Identifier: Apache-2.0
#include "container/runc_state.hpp"

#include <cstdint>
#include <limits>

#include "container/state_json.hpp"

namespace holdfast::container {

namespace {

using Json = nlohmann::json;

constexpr std::size_t kIdMax = 1024;  // what runc and crun take

/// The id is a directory's name to the runtime; anything else would be somebody's joke.
bool isId(std::string_view id) {
  return !id.empty() && id.size() <= kIdMax && id != "." && id != ".." && id.find('/') == id.npos &&
         id.find('\0') == id.npos;
}

Result<void> setPid(Container& container, std::uint64_t pid) {
  if (pid == 0 || pid > std::numeric_limits<std::int32_t>::max()) return fail("state without a process id");
  container.init_pid = static_cast<std::uint32_t>(pid);
  return {};
}

}  // namespace

bool isCgroupPath(std::string_view path) {
  if (path.size() < 2 || path.size() > 4096 || path.front() != '/' || path.find('\0') != path.npos) return false;
  while (!path.empty()) {
    path.remove_prefix(1);
    const auto component = path.substr(0, path.find('/'));
    if (component.empty() || component == "." || component == "..") return false;
    path.remove_prefix(component.size());
  }
  return true;
}

Result<Container> parseRuncState(std::string_view text, std::string_view cgroup_mount) {
  auto json = parseObject(text, "state.json");
  if (!json) return tl::unexpected(json.error());
  Container container;
  container.runtime = "runc";
  container.id = textAt(*json, "id");
  if (!isId(container.id)) return fail("state.json without a usable id");
  if (auto done = setPid(container, numberAt(*json, "init_process_pid")); !done) return tl::unexpected(done.error());
  container.init_start_ticks = numberAt(*json, "init_process_start");

  // The unified hierarchy has the empty name.
  std::string path = textAt(memberOf(*json, "cgroup_paths"), "");
  if (path.starts_with(cgroup_mount)) path.erase(0, cgroup_mount.size());
  if (isCgroupPath(path)) container.cgroup_path = std::move(path);
  const Json& config = memberOf(*json, "config");
  container.root = textAt(config, "rootfs");
  if (const Json& labels = memberOf(config, "labels"); labels.is_array()) {
    for (const auto& label : labels) {
      if (!label.is_string() || container.annotations.size() >= kAnnotationsMax) continue;
      const auto& pair = label.get_ref<const std::string&>();
      const auto equals = pair.find('=');
      if (equals != std::string::npos) container.annotations[pair.substr(0, equals)] = pair.substr(equals + 1);
    }
    // runc adds its own "bundle" behind the annotations.
    if (auto bundle = container.annotations.extract("bundle")) container.bundle = std::move(bundle.mapped());
  }
  return container;
}

Result<Container> parseCrunState(std::string_view id, std::string_view status, std::string_view config) {
  auto json = parseObject(status, "status");
  if (!json) return tl::unexpected(json.error());
  Container container;
  container.runtime = "crun";
  container.id = id;
  if (!isId(container.id)) return fail("a container without a usable id");
  if (auto done = setPid(container, numberAt(*json, "pid")); !done) return tl::unexpected(done.error());
  container.init_start_ticks = numberAt(*json, "process-start-time");
  container.bundle = textAt(*json, "bundle");
  container.root = textAt(*json, "rootfs");
  if (auto path = textAt(*json, "cgroup-path"); isCgroupPath(path)) container.cgroup_path = std::move(path);

  if (const auto spec = parseObject(config, "config.json")) container.annotations = textsAt(*spec, "annotations");
  return container;
}

std::string parseCgroupsPath(std::string_view config) {
  auto json = parseObject(config, "config.json");
  return json ? textAt(memberOf(*json, "linux"), "cgroupsPath") : std::string();
}

}  // namespace holdfast::container
