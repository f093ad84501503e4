// SPDX-License-Identifier: Apache-2.0
#include "container/container.hpp"

namespace holdfast::container {

namespace {

std::string find(const Container& container, const char* key) {
  const auto found = container.annotations.find(key);
  return found == container.annotations.end() ? std::string() : found->second;
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

Pod podOf(const Container& container) {
  Pod pod{find(container, "io.kubernetes.cri.sandbox-name"), find(container, "io.kubernetes.cri.sandbox-namespace"),
          find(container, "io.kubernetes.cri.sandbox-uid")};
  if (!pod.name.empty()) return pod;
  return {find(container, "io.kubernetes.pod.name"), find(container, "io.kubernetes.pod.namespace"),
          find(container, "io.kubernetes.pod.uid")};
}

void resolveFromAnnotations(Container& container) {
  container.image = {};
  if (auto reference = find(container, "org.opencontainers.image.ref.name"); !reference.empty()) {
    container.image.reference = std::move(reference);
  }
  container.image.labels = container.annotations;
  if (container.name.empty()) container.name = container.id;
}

}  // namespace holdfast::container
