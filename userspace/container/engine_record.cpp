// SPDX-License-Identifier: Apache-2.0
#include "container/engine_record.hpp"

#include <algorithm>
#include <optional>

#include "container/state_json.hpp"
#include "rule/image_reference.hpp"

namespace holdfast::container {

namespace {

using Json = nlohmann::json;

constexpr std::size_t kNamesMax = 256;

bool isHex(std::string_view text) {
  return !text.empty() &&
         std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

/// "docker run 3f57d9401f8d": what is asked for is an id, which read as a name would be somebody else's image.
bool isIdOf(std::string_view reference, const std::vector<std::string>& digests) {
  constexpr std::string_view kAlgorithm = "sha256:";
  if (reference.starts_with(kAlgorithm)) return true;
  return isHex(reference) && std::ranges::any_of(digests, [&](std::string_view digest) {
           return digest.substr(kAlgorithm.size()).starts_with(reference);
         });
}

void setReference(EngineRecord& record, std::string reference) {
  if (isIdOf(reference, record.digests)) {
    addDigest(record, reference);
  } else {
    record.reference = std::move(reference);
  }
}

template <class Visit>
void forTexts(const Json& list, Visit visit) {
  if (!list.is_array()) return;
  for (const auto& one : list) {
    if (one.is_string()) visit(one.get_ref<const std::string&>());
  }
}

/// A list of objects with the texts "id", by it.
template <class Value, class Read>
Result<std::map<std::string, Value>> byId(std::string_view text, const char* what, Read read) {
  if (text.size() > kListBytesMax) return fail(std::string(what) + " is too long");
  const Json json = Json::parse(text.begin(), text.end(), nullptr, false);
  if (!json.is_array()) return fail(std::string(what) + " is no JSON list");
  std::map<std::string, Value> out;
  for (const auto& one : json) {
    if (auto id = textAt(one, "id"); !id.empty()) out.insert_or_assign(std::move(id), read(one));
  }
  return out;
}

/// The value of a protobuf Any, its field 2.
std::optional<std::string_view> valueOfAny(std::string_view any) {
  const auto varint = [&any]() -> std::optional<std::uint64_t> {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && !any.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(any.front());
      any.remove_prefix(1);
      value |= std::uint64_t{byte & 0x7fU} << shift;
      if (byte < 0x80) return value;
    }
    return std::nullopt;
  };
  while (!any.empty()) {
    const auto tag = varint();
    const auto size = varint();
    if (!tag || !size || (*tag & 7) != 2 || *size > any.size()) return std::nullopt;
    const auto value = any.substr(0, static_cast<std::size_t>(*size));
    any.remove_prefix(value.size());
    if (*tag >> 3 == 2) return value;
  }
  return std::nullopt;
}

Json criMetadata(std::string_view any) {
  const auto value = valueOfAny(any);
  if (!value) return nullptr;
  const auto json = parseObject(*value, "metadata");
  return json ? memberOf(*json, "Metadata") : Json();
}

}  // namespace

void addDigest(EngineRecord& record, std::string_view digest) {
  if (!rule::isDigest(digest) || std::ranges::find(record.digests, digest) != record.digests.end()) return;
  if (record.digests.size() < kNamesMax) record.digests.emplace_back(digest);
}

void addName(EngineRecord& record, std::string_view name) {
  const auto reference = rule::parseReference(name);
  if (!reference) return;
  if (reference->digest) addDigest(record, *reference->digest);
  if (record.names.size() < kNamesMax && std::ranges::find(record.names, name) == record.names.end())
    record.names.emplace_back(name);
}

Result<DockerConfig> parseDockerConfig(std::string_view text, std::string_view id) {
  const auto json = parseObject(text, "config.v2.json");
  if (!json) return tl::unexpected(json.error());
  if (textAt(*json, "ID") != id) return fail("config.v2.json of another container");
  DockerConfig config;
  auto& record = config.record;
  record.engine = "docker";
  record.name = textAt(*json, "Name");
  if (record.name.starts_with('/')) record.name.erase(0, 1);
  addDigest(record, textAt(*json, "Image"));
  addDigest(record, textAt(memberOf(*json, "ImageManifest"), "digest"));
  setReference(record, textAt(memberOf(*json, "Config"), "Image"));
  record.labels = textsAt(memberOf(*json, "Config"), "Labels");
  config.driver = textAt(*json, "Driver");
  return config;
}

Result<void> addDockerNames(EngineRecord& record, std::string_view repositories) {
  const auto json = parseObject(repositories, "repositories.json", kListBytesMax);
  if (!json) return tl::unexpected(json.error());
  const Json& all = memberOf(*json, "Repositories");
  if (!all.is_object()) return {};
  const auto own = record.digests;
  for (const auto& [repository, references] : all.items()) {
    if (!references.is_object()) continue;
    for (const auto& [reference, image] : references.items()) {
      if (image.is_string() && std::ranges::find(own, image.get_ref<const std::string&>()) != own.end())
        addName(record, reference);
    }
  }
  return {};
}

Result<std::map<std::string, StorageContainer>> parseStorageContainers(std::string_view text) {
  return byId<StorageContainer>(text, "containers.json", [](const Json& one) {
    StorageContainer container;
    auto& record = container.record;
    container.image_id = textAt(one, "image");
    addDigest(record, "sha256:" + container.image_id);
    const Json& names = memberOf(one, "names");
    if (names.is_array() && !names.empty() && names.front().is_string()) record.name = names.front();
    record.engine = "podman";
    const auto metadata = parseObject(textAt(one, "metadata"), "metadata");
    if (!metadata) return container;
    setReference(record, textAt(*metadata, "image-name"));
    // Only CRI-O writes this one (internal/storage/runtime.go). Its "name" and "pod-name" are k8s_NAME_POD_... of all
    // parts.
    if (!memberOf(*metadata, "pod-name").is_string()) return container;
    record.engine = "cri-o";
    if (auto name = textAt(*metadata, "metadata-name"); !name.empty()) record.name = std::move(name);
    container.sandbox = textAt(*metadata, "pod-id");
    if (container.sandbox == textAt(one, "id"))
      record.pod = {record.name, textAt(*metadata, "namespace"), textAt(*metadata, "uid")};
    return container;
  });
}

Result<std::map<std::string, StorageImage>> parseStorageImages(std::string_view text) {
  return byId<StorageImage>(text, "images.json", [](const Json& one) {
    StorageImage image;
    forTexts(memberOf(one, "names"), [&](const std::string& name) { image.names.push_back(name); });
    if (auto digest = textAt(one, "digest"); !digest.empty()) image.digests.push_back(std::move(digest));
    // An image that was pulled by an index keeps the manifest's digest here (images.go, imageDigest).
    for (const auto& [name, digest] : textsAt(one, "big-data-digests")) {
      if (name.starts_with("manifest")) image.digests.push_back(digest);
    }
    return image;
  });
}

LibpodConfig parseLibpod(std::string_view config) {
  const auto json = parseObject(config, "config");
  if (!json) return {};
  return {textAt(*json, "name"), textAt(*json, "pod"), textsAt(*json, "labels")};
}

std::map<std::string, std::string> parseCrioLabels(std::string_view config) {
  const auto json = parseObject(config, "config.json");
  if (!json) return {};
  const auto labels = parseObject(textAt(memberOf(*json, "annotations"), "io.kubernetes.cri-o.Labels"), "labels");
  return labels ? textsOf(*labels) : std::map<std::string, std::string>();
}

Result<Manifest> parseManifest(std::string_view text, std::string_view architecture) {
  const auto json = parseObject(text, "the manifest");
  if (!json) return tl::unexpected(json.error());
  Manifest manifest;
  manifest.config = textAt(memberOf(*json, "config"), "digest");
  const Json& list = memberOf(*json, "manifests");
  if (!list.is_array()) return manifest;
  for (const auto& one : list) {
    const Json& platform = memberOf(one, "platform");
    if (manifest.manifests.size() >= kNamesMax) break;
    if (platform.is_null() || (textAt(platform, "os") == "linux" && textAt(platform, "architecture") == architecture))
      manifest.manifests.push_back(textAt(one, "digest"));
  }
  return manifest;
}

void addCriMetadata(EngineRecord& record, std::string_view any) {
  const Json metadata = criMetadata(any);
  addDigest(record, textAt(metadata, "ImageRef"));
  const Json& config = memberOf(metadata, "Config");
  record.labels.merge(textsAt(config, "labels"));
  const Json& own = memberOf(config, "metadata");
  const Json& image = memberOf(config, "image");
  if (image.is_object()) {
    record.name = textAt(own, "name");
    // As the pod's author wrote it; what the kubelet resolved it to else.
    auto asked = textAt(image, "user_specified_image");
    setReference(record, asked.empty() ? textAt(image, "image") : std::move(asked));
  } else {
    record.pod = {textAt(own, "name"), textAt(own, "namespace"), textAt(own, "uid")};
  }
}

std::string parseCriSandbox(std::string_view any) { return textAt(criMetadata(any), "SandboxID"); }

}  // namespace holdfast::container
