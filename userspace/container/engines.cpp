// SPDX-License-Identifier: Apache-2.0
#include "container/engines.hpp"

#include <sys/utsname.h>

#include <algorithm>
#include <array>

#include "base/file.hpp"
#include "container/bolt.hpp"
#include "container/libpod_database.hpp"
#include "container/state_json.hpp"
#include "rule/image_reference.hpp"

namespace holdfast::container {

namespace {

using std::filesystem::path;

constexpr std::size_t kListsMax = 8;
constexpr std::size_t kDocumentsMax = 16;  // an index and what it leads to, for one architecture

/// Engines make the ids of containers; what comes from elsewhere must not lead out of a directory.
bool isFileName(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == name.npos && name.find('\0') == name.npos;
}

/// As Go calls it.
std::string architecture() {
  utsname names{};
  if (::uname(&names) != 0) return {};
  const std::string machine = names.machine;
  if (machine == "x86_64") return "amd64";
  if (machine == "aarch64") return "arm64";
  return machine;
}

tl::unexpected<Error> about(Error error, const path& file) {
  if (error.file.empty()) error.file = file;
  return tl::unexpected(std::move(error));
}

template <class List>
Result<std::shared_ptr<const List>> parsedList(const StateFile& opened, const path& file,
                                               Result<List> (*parse)(std::string_view)) {
  const auto text = readFd(opened.fd.get(), kListBytesMax, file);
  if (!text) return tl::unexpected(text.error());
  auto parsed = parse(*text);
  if (!parsed) return about(parsed.error(), file);
  return std::make_shared<const List>(std::move(*parsed));
}

/// Below one containerd's metadata, "v1".
class Metadata {
 public:
  Metadata(const Bolt& bolt, const path& file) : bolt_(bolt), file_(file) {}

  Result<std::optional<std::string>> value(std::initializer_list<std::string_view> buckets,
                                           std::string_view key) const {
    auto found = bolt_.value(Bolt::Path(buckets.begin(), buckets.size()), key);
    if (!found) return about(found.error(), file_);
    return found;
  }
  Result<Bolt::Pairs> pairs(std::initializer_list<std::string_view> buckets) const {
    auto found = bolt_.pairs(Bolt::Path(buckets.begin(), buckets.size()));
    if (!found) return about(found.error(), file_);
    return found;
  }

 private:
  const Bolt& bolt_;
  const path& file_;
};

/// The digests of what an image's manifest or index leads to, as far as it is there.
Result<void> addContent(EngineRecord& record, const path& containerd, std::string_view target) {
  constexpr std::string_view kAlgorithm = "sha256:";
  std::vector<std::string> documents{std::string(target)};
  for (std::size_t i = 0; i < documents.size() && i < kDocumentsMax; ++i) {
    addDigest(record, documents[i]);
    if (!rule::isDigest(documents[i])) continue;
    const path blob =
        containerd / "io.containerd.content.v1.content/blobs/sha256" / documents[i].substr(kAlgorithm.size());
    const auto text = readStateFile(blob, kStateBytesMax);
    if (!text) return tl::unexpected(text.error());
    if (!*text) continue;
    const auto manifest = parseManifest(**text, architecture());
    if (!manifest) return about(manifest.error(), blob);
    addDigest(record, manifest->config);
    for (const auto& one : manifest->manifests) {
      if (std::ranges::find(documents, one) == documents.end()) documents.push_back(one);
    }
  }
  return {};
}

/// What containerd's container was made of; `image` is the name that it has there.
Result<void> addImage(EngineRecord& record, const Metadata& metadata, const path& containerd, std::string_view space,
                      const std::string& image) {
  if (image.empty()) return {};
  if (rule::isDigest(image)) {
    addDigest(record, image);
  } else {
    record.reference = image;
  }
  const auto digest = metadata.value({"v1", space, "images", image, "target"}, "digest");
  if (!digest) return tl::unexpected(digest.error());
  if (!*digest) return {};
  return addContent(record, containerd, **digest);
}

/// Labels and pod, of a container that the kubelet or another client of the CRI has made.
Result<void> addCri(EngineRecord& record, const Metadata& metadata, std::string_view space, std::string_view id) {
  const auto own =
      metadata.value({"v1", space, "containers", id, "extensions"}, "io.cri-containerd.container.metadata");
  if (!own) return tl::unexpected(own.error());
  if (!*own) return {};
  addCriMetadata(record, **own);
  const std::string sandbox = parseCriSandbox(**own);
  const auto pod =
      metadata.value({"v1", space, "containers", sandbox, "extensions"}, "io.cri-containerd.sandbox.metadata");
  if (!pod) return tl::unexpected(pod.error());
  if (*pod) addCriMetadata(record, **pod);
  return {};
}

/// The directory of containers/storage that a container's root is in: DIR/DRIVER/LAYER/merged, DIR/vfs/dir/LAYER.
std::optional<path> storageOf(const path& root, std::string_view driver) {
  for (path up = root.parent_path(); up.has_relative_path(); up = up.parent_path()) {
    if (up.filename() == driver) return up.parent_path();
  }
  return std::nullopt;
}

/// Podman's labels, and the pod.
Result<void> addLibpod(EngineRecord& record, const path& storage, std::string_view id) {
  const auto config = libpodConfig(storage, Libpod::Container, id);
  if (!config) return tl::unexpected(config.error());
  if (!*config) return {};
  const auto parsed = parseLibpod(**config);
  record.labels = parsed.labels;
  if (parsed.pod.empty()) return {};
  const auto pod_config = libpodConfig(storage, Libpod::Pod, parsed.pod);
  if (!pod_config) return tl::unexpected(pod_config.error());
  if (!*pod_config) return {};
  auto pod = parseLibpod(**pod_config);
  record.labels.merge(pod.labels);
  record.pod.name = std::move(pod.name);
  return {};
}

}  // namespace

Engines::Engines(EngineRoots roots) : roots_(std::move(roots)) {}

Result<std::optional<Engines::Found>> Engines::find(const Container& container, std::string_view space) {
  if (!isFileName(container.id)) return std::nullopt;
  if (space == "moby") return findDocker(container);
  if (!space.empty()) return findContainerd(container, space);
  return findStorage(container);
}

template <class List>
Result<std::shared_ptr<const List>> Engines::read(std::map<std::string, Cached<List>>& cache, const path& file,
                                                  Result<List> (*parse)(std::string_view)) {
  const auto opened = openStateFile(file);
  if (!opened) return tl::unexpected(opened.error());
  if (!*opened) return std::make_shared<const List>();
  if (cache.size() >= kListsMax && !cache.contains(file.string())) cache.clear();
  auto& cached = cache[file.string()];
  // Also that it is of no use is not found out again for each container.
  if (cached.stamp != (*opened)->stamp) cached = {(*opened)->stamp, parsedList(**opened, file, parse)};
  return cached.list;
}

std::vector<path> Engines::dockerRoots(const Container& container) {
  std::vector<path> roots;
  // DIR/overlay2/LAYER/merged, DIR/vfs/dir/LAYER
  const path root = container.root;
  for (path up = root.parent_path(); up.has_relative_path(); up = up.parent_path()) {
    if (up.filename() == "overlay2" || up.filename() == "vfs" || up.filename() == "btrfs" ||
        up.filename() == "fuse-overlayfs" || up.filename() == "rootfs") {
      roots.push_back(up.parent_path());
      break;
    }
  }
  if (const auto stamp = stampOf(roots_.docker_config); stamp != docker_config_stamp_) {
    docker_config_stamp_ = stamp;
    docker_configured_.clear();
    const auto text = readStateFile(roots_.docker_config, kStateBytesMax);
    const auto json = text && *text ? parseObject(**text, "daemon.json") : fail("none");
    if (json) docker_configured_ = textAt(*json, "data-root");
  }
  if (docker_configured_.is_absolute()) roots.push_back(docker_configured_);
  roots.push_back(roots_.docker);
  return roots;
}

Result<std::optional<Engines::Found>> Engines::findDocker(const Container& container) {
  Found found;
  found.record.engine = "docker";
  for (const auto& root : dockerRoots(container)) {
    const path file = root / "containers" / container.id / "config.v2.json";
    const Stamp stamp = stampOf(file);
    const auto text = readStateFile(file, kStateBytesMax);
    if (!text) return tl::unexpected(text.error());
    if (!*text) continue;
    auto config = parseDockerConfig(**text, container.id);
    if (!config) return about(config.error(), file);
    found.record = std::move(config->record);
    found.file = file;
    found.stamp = stamp;
    found.complete = true;
    if (!isFileName(config->driver)) return found;
    const path names = root / "image" / config->driver / "repositories.json";
    const auto repositories = readStateFile(names, kListBytesMax);
    if (!repositories) return tl::unexpected(repositories.error());
    if (*repositories) {
      if (auto done = addDockerNames(found.record, **repositories); !done) return about(done.error(), names);
    }
    return found;
  }
  return found;
}

Result<std::optional<Engines::Found>> Engines::findStorage(const Container& container) {
  // DIR/DRIVER-containers/ID/userdata, Podman's in the storage, CRI-O's in the storage's run directory
  constexpr std::string_view kContainers = "-containers";
  const path bundle = container.bundle;
  const path list_directory = bundle.parent_path().parent_path();
  std::string driver = list_directory.filename();
  if (bundle.filename() != "userdata" || bundle.parent_path().filename() != container.id ||
      !driver.ends_with(kContainers))
    return std::nullopt;
  driver.resize(driver.size() - kContainers.size());
  path storage = list_directory.parent_path();
  const path storage_by_root = storageOf(container.root, driver).value_or(storage);

  Found found;
  found.record.engine = "podman";
  StorageContainer entry;
  // Those that are removed with their end, which all of CRI-O's are, have a list of their own, with --transient-store
  // in the run directory (containers/storage 1.45, containers.go).
  const path by_root = storage_by_root / list_directory.filename();
  for (const path& file : {list_directory / "containers.json", by_root / "containers.json",
                           list_directory / "volatile-containers.json", by_root / "volatile-containers.json",
                           roots_.storage_run / list_directory.filename() / "volatile-containers.json"}) {
    const auto containers = read(containers_, file, parseStorageContainers);
    if (!containers) return tl::unexpected(containers.error());
    const auto own = (*containers)->find(container.id);
    if (own == (*containers)->end()) continue;
    entry = own->second;
    if (const auto pod = (*containers)->find(entry.sandbox); pod != (*containers)->end())
      entry.record.pod = pod->second.record.pod;
    found.complete = true;
    break;
  }
  if (!found.complete) return found;
  found.record = std::move(entry.record);
  const bool is_crio = found.record.engine == "cri-o";
  if (is_crio) storage = storage_by_root;

  const auto images = read(images_, storage / (driver + "-images") / "images.json", parseStorageImages);
  if (!images) return tl::unexpected(images.error());
  if (const auto image = (*images)->find(entry.image_id); image != (*images)->end()) {
    for (const auto& digest : image->second.digests) addDigest(found.record, digest);
    for (const auto& name : image->second.names) addName(found.record, name);
  }

  if (is_crio) {
    for (const std::string& id : {container.id, entry.sandbox}) {
      if (!isFileName(id)) continue;
      const auto config = readStateFile(list_directory / id / "userdata/config.json", kStateBytesMax);
      if (!config) return tl::unexpected(config.error());
      if (*config) found.record.labels.merge(parseCrioLabels(**config));
    }
    return found;
  }
  if (auto done = addLibpod(found.record, storage, container.id); !done) return tl::unexpected(done.error());
  return found;
}

Result<std::optional<Engines::Found>> Engines::findContainerd(const Container& container, std::string_view space) {
  Found found;
  found.record.engine = "containerd";
  for (const auto& root : roots_.containerd) {
    const path database = root / "io.containerd.metadata.v1.bolt/meta.db";
    const auto bolt = Bolt::open(database);
    if (!bolt) return tl::unexpected(bolt.error());
    if (!*bolt) continue;
    const Metadata metadata(**bolt, database);
    const auto fields = metadata.pairs({"v1", space, "containers", container.id});
    if (!fields) return tl::unexpected(fields.error());
    if (fields->empty()) continue;
    found.complete = true;
    auto labels = metadata.pairs({"v1", space, "containers", container.id, "labels"});
    if (!labels) return tl::unexpected(labels.error());
    found.record.labels = std::move(*labels);
    if (const auto name = found.record.labels.find("nerdctl/name"); name != found.record.labels.end())
      found.record.name = name->second;
    const auto image = fields->find("image");
    auto done = addImage(found.record, metadata, root, space, image == fields->end() ? "" : image->second);
    if (done) done = addCri(found.record, metadata, space, container.id);
    if (!done) return tl::unexpected(done.error());
    break;
  }
  return found;
}

}  // namespace holdfast::container
