// SPDX-License-Identifier: Apache-2.0
#include "container/container.hpp"

namespace holdfast::container {

namespace {

std::string find(const Container& container, const char* key) {
  const auto found = container.annotations.find(key);
  return found == container.annotations.end() ? std::string() : found->second;
}

Pod kubeletsPodOf(const Container& container) {
  return {find(container, "io.kubernetes.pod.name"), find(container, "io.kubernetes.pod.namespace"),
          find(container, "io.kubernetes.pod.uid")};
}

/// As containerd writes it, or the kubelet.
Pod podOf(const Container& container) {
  Pod pod{find(container, "io.kubernetes.cri.sandbox-name"), find(container, "io.kubernetes.cri.sandbox-namespace"),
          find(container, "io.kubernetes.cri.sandbox-uid")};
  return pod.name.empty() ? kubeletsPodOf(container) : pod;
}

}  // namespace

const char* name(State state) {
  switch (state) {
    case State::Creating:
      return "creating";
    case State::Created:
      return "created";
    case State::Running:
      return "running";
    case State::Stopped:
      return "stopped";
  }
  return "unknown";
}

Container containerOf(std::string id, std::uint64_t cgroup_id, std::string cgroup_path) {
  Container container;
  container.name = container.id = std::move(id);
  container.cgroup_id = cgroup_id;
  container.cgroup_path = std::move(cgroup_path);
  container.state = State::Running;
  return container;
}

void describe(Container& container, EngineRecord record) {
  container.engine = std::move(record.engine);
  container.name = std::move(record.name);
  container.pod = std::move(record.pod);
  container.image = {};
  std::string reference = std::move(record.reference);
  if (container.engine == "containerd") {
    if (container.pod.name.empty()) container.pod = podOf(container);
    for (const char* key : {"io.kubernetes.cri.container-name", "io.kubernetes.container.name"}) {
      if (container.name.empty()) container.name = find(container, key);
    }
    if (reference.empty()) reference = find(container, "io.kubernetes.cri.image-name");
  } else if (container.engine == "cri-o") {
    // It hands on what the pod's author annotates the pod with, but for its own and the kubelet's keys; of containerd's
    // none counts. The kubelet asks for an id: the name is what CRI-O itself has found for it.
    if (container.pod.name.empty()) container.pod = kubeletsPodOf(container);
    if (container.name.empty()) container.name = find(container, "io.kubernetes.container.name");
    if (reference.empty()) reference = find(container, "io.kubernetes.cri-o.ImageName");
  }
  if (container.name.empty()) container.name = container.id;
  if (reference.empty() && !record.names.empty()) reference = record.names.front();
  if (!reference.empty()) container.image.reference = std::move(reference);
  container.image.names = std::move(record.names);
  container.image.digests = std::move(record.digests);
  container.image.labels = std::move(record.labels);
}

void describeByAnnotations(Container& container) {
  container.pod = podOf(container);
  container.image = {};
  if (auto reference = find(container, "org.opencontainers.image.ref.name"); !reference.empty()) {
    container.image.reference = std::move(reference);
  }
  container.image.labels = container.annotations;
  container.name = container.id;
}

}  // namespace holdfast::container
