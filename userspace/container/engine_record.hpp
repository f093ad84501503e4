// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

/// What an engine (Docker, Podman, containerd, CRI-O) has written down of a container. Pure: text in, record out.
/// Every field may be empty: unknown.
namespace holdfast::container {

/// Empty strings are unknown.
struct Pod {
  std::string name;
  std::string space;  // namespace
  std::string uid;

  bool operator==(const Pod&) const = default;
};

/// Of a file that lists all containers or images of a host.
inline constexpr std::size_t kListBytesMax = 64 * 1024 * 1024;

struct EngineRecord {
  std::string engine;                         // "docker", "podman", "containerd", "cri-o"
  std::string name;                           // what people call the container
  std::string reference;                      // the image as it was asked for
  std::vector<std::string> names;             // what the engine calls this image
  std::vector<std::string> digests;           // of configuration, manifest and index
  std::map<std::string, std::string> labels;  // of container and pod
  Pod pod;

  bool operator==(const EngineRecord&) const = default;
};

/// Unless it is no digest, or there already.
void addDigest(EngineRecord& record, std::string_view digest);

/// An image's own name for itself, or with its digest: both are kept.
void addName(EngineRecord& record, std::string_view name);

/// Docker's containers/ID/config.v2.json (moby container/container.go). Also tells the storage driver, in which
/// directory of image/ the names are.
struct DockerConfig {
  EngineRecord record;
  std::string driver;
};
[[nodiscard]] Result<DockerConfig> parseDockerConfig(std::string_view text, std::string_view id);

/// Docker's image/DRIVER/repositories.json (moby reference/store.go): the names and digests that lead to the image.
[[nodiscard]] Result<void> addDockerNames(EngineRecord& record, std::string_view repositories);

/// What Podman and CRI-O keep in common, containers/storage (containers.go, images.go):
/// DRIVER-containers/containers.json by the container's id, without what only the image's entry tells.
struct StorageContainer {
  EngineRecord record;
  std::string image_id;
  std::string sandbox;  // CRI-O's: the entry of the pod, which is its own
};
[[nodiscard]] Result<std::map<std::string, StorageContainer>> parseStorageContainers(std::string_view text);

struct StorageImage {
  std::vector<std::string> names;
  std::vector<std::string> digests;
};
/// DRIVER-images/images.json, by the image's id.
[[nodiscard]] Result<std::map<std::string, StorageImage>> parseStorageImages(std::string_view text);

/// "config" of a container or a pod in Podman's database (libpod/container_config.go, pod.go).
struct LibpodConfig {
  std::string name;
  std::string pod;  // the id of a container's
  std::map<std::string, std::string> labels;
};
/// All empty if it is none.
[[nodiscard]] LibpodConfig parseLibpod(std::string_view config);

/// What CRI-O has written into a config.json of the labels: of a container its own, of a sandbox the pod's.
[[nodiscard]] std::map<std::string, std::string> parseCrioLabels(std::string_view config);

/// What an image's manifest or index in containerd's content store leads to (OCI image-spec v1).
struct Manifest {
  std::string config;                  // digest
  std::vector<std::string> manifests;  // of an index: those for this machine's architecture
};
[[nodiscard]] Result<Manifest> parseManifest(std::string_view text, std::string_view architecture);

/// The JSON within containerd's extensions io.cri-containerd.{container,sandbox}.metadata: a protobuf Any
/// (containerd pkg/cri/store/container/metadata.go). Adds labels, names, the pod.
void addCriMetadata(EngineRecord& record, std::string_view any);
/// The sandbox that the container's metadata name, empty if none.
[[nodiscard]] std::string parseCriSandbox(std::string_view any);

}  // namespace holdfast::container
