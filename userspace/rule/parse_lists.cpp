// SPDX-License-Identifier: Apache-2.0
#include "rule/parse_lists.hpp"

#include <algorithm>
#include <array>

#include "base/digest_text.hpp"
#include "rule/image_reference.hpp"

namespace holdfast::rule {
namespace {

constexpr std::size_t kShortImage = 4;  // characters; below it an entry exempts more than anybody expects
constexpr std::array<std::string_view, 4> kScopeKeys = {"clusters", "images", "tags", "labels"};
constexpr std::array<std::string_view, 4> kAllowListKeys = {"directories", "images", "programs", "program_lists"};

// Whatever runs in a container can write there as a rule, so that an exemption ends the protection.
constexpr std::array<std::string_view, 7> kWritable = {"/tmp", "/var/tmp", "/dev", "/dev/shm", "/proc", "/run", "/var"};

/// A judge that notes what `fault` says of an entry.
template <class Fault>
auto judgedBy(Reader& reader, Fault fault) {
  return [&reader, fault](const YamlNode& node, const std::string& entry) {
    const std::string problem = fault(entry);
    if (!problem.empty()) reader.error(node, inQuotes(entry) + " " + problem);
    return problem.empty();
  };
}

std::string faultOfCluster(std::string_view cluster) {
  return cluster.find('*') == std::string_view::npos ? "" : "has a *, which is no wildcard in names of clusters";
}

std::string faultOfLabel(std::string_view label) {
  const std::string_view key = label.substr(0, label.find('='));
  if (key.empty()) return "has no key; write key or key=value";
  return key.find_first_of("* ") == std::string_view::npos ? "" : "has a * or a blank in its key";
}

bool judgeAllowedImage(Reader& reader, const YamlNode& node, const std::string& image) {
  if (const std::string fault = faultOfAllowedImage(image); !fault.empty()) {
    reader.error(node, inQuotes(image) + " " + fault);
    return false;
  }
  if (image.size() < kShortImage) {
    reader.warning(node, inQuotes(image) + " is short; every image with it anywhere in registry/path:tag is exempt");
  }
  return true;
}

bool judgeDirectory(Reader& reader, const YamlNode& node, const std::string& path) {
  if (const std::string fault = faultOfAllowedDirectory(path); !fault.empty()) {
    reader.error(node, "directory " + inQuotes(path) + " " + fault);
    return false;
  }
  if (std::ranges::find(kWritable, path) != kWritable.end()) {
    reader.warning(node, "directory " + inQuotes(path) + " is where malware is usually dropped; all of it is exempt");
  }
  return true;
}

void readPrograms(Reader& reader, const YamlNode& node, AllowList& allowed) {
  std::vector<Sha256> digests;
  allowed.programs =
      readEntries(reader, node, "programs", kAllowListMax, kImageBytesMax, [&](const YamlNode& at, const auto& text) {
        const auto digest = sha256FromText(text);
        if (!digest || *digest == Sha256{}) {
          reader.error(at, inQuotes(text) +
                               " is no digest: sha256: and 64 lower-case hexadecimal digits, as sha256sum prints them");
          return false;
        }
        digests.push_back(*digest);
        return true;
      });
  allowed.program_lists = readEntries(
      reader, node, "program_lists", kProgramListsMax, kDirectoryBytesMax, [&](const YamlNode& at, const auto& path) {
        const std::string fault = path == "/" ? "is a directory" : faultOfDirectory(path);
        if (!fault.empty()) {
          reader.error(at, "program list " + inQuotes(path) + " " + fault);
          return false;
        }
        if (const auto done = readProgramList(path, digests); !done) {
          reader.error(at, "program list " + inQuotes(path) + ": " + done.error().text());
          return false;
        }
        return true;
      });
  allowed.program_set = makeProgramSet(std::move(digests));
}

}  // namespace

std::string faultOfDirectory(std::string_view path) {
  if (!path.starts_with('/')) return "is not absolute";
  if (path == "/") return "";
  if (path.back() == '/') return "ends with a slash; leave it out";
  std::string_view rest = path.substr(1);
  for (;;) {
    const auto slash = rest.find('/');
    const std::string_view part = rest.substr(0, slash);
    if (part.empty()) return "has a double slash";
    if (part == "." || part == "..") return "has \"" + std::string(part) + "\" in it; write the path without";
    if (slash == std::string_view::npos) return "";
    rest.remove_prefix(slash + 1);
  }
}

std::string faultOfAllowedDirectory(std::string_view path) {
  if (std::string fault = faultOfDirectory(path); !fault.empty()) return fault;
  if (path == "/") return "exempts every program; use status: off to turn the rule off";
  return path.find('*') == std::string_view::npos ? ""
                                                  : "has a *, which is no wildcard; a directory covers all below it";
}

std::string faultOfAllowedImage(std::string_view image) {
  std::string lower(image.substr(0, 7));
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (lower == "sha256:" && !isDigest(image)) return "is no digest: sha256: and 64 lower-case hexadecimal digits";
  return image.find_first_of("* ") == std::string_view::npos
             ? ""
             : "has a * or a blank; an entry matches any part of registry/path:tag as it is";
}

std::vector<std::string> readClusters(Reader& reader, const YamlNode& map, std::string_view key) {
  return readEntries(reader, map, key, kScopeEntriesMax, kNameBytesMax, judgedBy(reader, faultOfCluster));
}

Scope readScope(Reader& reader, const YamlNode& node) {
  Scope scope;
  if (!reader.map(node, "scope", kScopeKeys)) return scope;
  const auto read = [&](std::string_view key, std::size_t bytes_max, auto fault) {
    return readEntries(reader, node, key, kScopeEntriesMax, bytes_max, judgedBy(reader, fault));
  };
  scope.clusters = readClusters(reader, node, "clusters");
  scope.images = read("images", kImageBytesMax, faultOfImagePattern);
  scope.tags = read("tags", kNameBytesMax, faultOfTagPattern);
  scope.labels = read("labels", kImageBytesMax, faultOfLabel);
  return scope;
}

AllowList readAllowList(Reader& reader, const YamlNode& node, RuleType type) {
  AllowList allowed;
  if (!reader.map(node, "allow_list", kAllowListKeys)) return allowed;
  for (const std::string_view key : {"directories", "programs", "program_lists"}) {
    const YamlNode* given = node.find(key);
    if (given == nullptr || type == RuleType::NonImageProgram) continue;
    reader.error(*given, std::string(key) + " exempt programs, in non-image-program rules only; a rule of type " +
                             name(type) + " exempts images");
    return allowed;
  }
  readPrograms(reader, node, allowed);
  allowed.directories =
      readEntries(reader, node, "directories", kDirectoriesMax, kDirectoryBytesMax,
                  [&](const YamlNode& at, const auto& path) { return judgeDirectory(reader, at, path); });
  const std::size_t most = type == RuleType::NonImageProgram ? kAllowListMax : kAllowedImagesMax;
  const auto images =
      readEntries(reader, node, "images", most, kImageBytesMax,
                  [&](const YamlNode& at, const auto& image) { return judgeAllowedImage(reader, at, image); });
  for (const auto& image : images) (isDigest(image) ? allowed.digests : allowed.images).push_back(image);
  return allowed;
}

}  // namespace holdfast::rule
