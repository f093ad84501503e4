// SPDX-License-Identifier: Apache-2.0
#include "rule/image_reference.hpp"

#include <algorithm>

#include "rule/model.hpp"

namespace holdfast::rule {
namespace {

constexpr std::string_view kDigestPrefix = "sha256:";
constexpr std::size_t kDigestHexDigits = 64;
constexpr std::size_t kTagBytesMax = 128;
constexpr std::string_view kDockerHub = "docker.io";
constexpr std::string_view kLower = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kUpper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view kDigits = "0123456789";

bool onlyOf(std::string_view text, std::initializer_list<std::string_view> sets) {
  return std::ranges::all_of(text, [&](char c) {
    return std::ranges::any_of(sets, [&](std::string_view set) { return set.find(c) != std::string_view::npos; });
  });
}

/// Whether the first part of a path names a registry rather than a namespace of Docker Hub.
bool isRegistry(std::string_view first) {
  return first == "localhost" || first.find_first_of(".:") != std::string_view::npos;
}

bool isRepository(std::string_view text) {
  const auto slash = text.find('/');
  std::string_view path = text;
  if (slash != std::string_view::npos && isRegistry(text.substr(0, slash))) {
    if (slash == 0 || !onlyOf(text.substr(0, slash), {kLower, kUpper, kDigits, ".-:[]"})) return false;
    path.remove_prefix(slash + 1);
  }
  const bool empty_part =
      path.empty() || path.front() == '/' || path.back() == '/' || path.find("//") != std::string_view::npos;
  return !empty_part && onlyOf(path, {kLower, kDigits, "._-/"});
}

/// Where ":TAG" begins; the colon of a registry's port stands before a slash.
std::size_t tagColon(std::string_view text) {
  const auto colon = text.rfind(':');
  const auto slash = text.rfind('/');
  const bool port = colon != std::string_view::npos && slash != std::string_view::npos && colon < slash;
  return port ? std::string_view::npos : colon;
}

}  // namespace

bool isDigest(std::string_view text) {
  if (!text.starts_with(kDigestPrefix)) return false;
  text.remove_prefix(kDigestPrefix.size());
  return text.size() == kDigestHexDigits && onlyOf(text, {kDigits, "abcdef"});
}

bool isTag(std::string_view text) {
  return !text.empty() && text.size() <= kTagBytesMax && text.front() != '.' && text.front() != '-' &&
         onlyOf(text, {kLower, kUpper, kDigits, "_.-"});
}

std::string normalRepository(std::string_view repository) {
  auto slash = repository.find('/');
  const std::string_view first = repository.substr(0, slash);
  const bool single = slash == std::string_view::npos;
  if (first.find('*') != std::string_view::npos && (!single || first.front() == '*')) return std::string(repository);
  if (!single && isRegistry(first)) {
    if (first != kDockerHub && first != "index.docker.io") return std::string(repository);
    repository.remove_prefix(slash + 1);
    slash = repository.find('/');
  }
  std::string normal(kDockerHub);
  normal += slash == std::string_view::npos ? "/library/" : "/";
  return normal.append(repository);
}

std::optional<ImageReference> parseReference(std::string_view reference) {
  if (reference.size() > kImageBytesMax) return std::nullopt;
  ImageReference image;
  if (const auto at = reference.find('@'); at != std::string_view::npos) {
    image.digest = reference.substr(at + 1);
    if (!isDigest(*image.digest)) return std::nullopt;
    reference = reference.substr(0, at);
  }
  if (isDigest(reference)) return std::nullopt;  // an image's id, no name
  if (const auto colon = tagColon(reference); colon != std::string_view::npos) {
    image.tag = reference.substr(colon + 1);
    if (!isTag(*image.tag)) return std::nullopt;
    reference = reference.substr(0, colon);
  } else if (!image.digest) {
    image.tag = "latest";
  }
  if (!isRepository(reference)) return std::nullopt;
  image.repository = normalRepository(reference);
  return image;
}

std::string faultOfImagePattern(std::string_view pattern) {
  if (isDigest(pattern)) return "";
  if (pattern.starts_with(kDigestPrefix)) return "is no digest: sha256: and 64 lower-case hexadecimal digits";
  if (pattern.find("://") != std::string_view::npos) return "is a URL; write registry/path";
  if (pattern.find('@') != std::string_view::npos) return "has a name and a digest; write the digest alone";
  if (tagColon(pattern) != std::string_view::npos) return "has a tag; write it under scope.tags";
  std::string literal(pattern);
  std::ranges::replace(literal, '*', 'x');
  if (!isRepository(literal)) return "is no image repository: registry/path in lower case, * for any characters";
  return "";
}

std::string faultOfTagPattern(std::string_view pattern) {
  std::string literal(pattern);
  std::ranges::replace(literal, '*', 'x');
  return isTag(literal) ? "" : "is no image tag: letters, digits, _ . -, and * for any characters";
}

}  // namespace holdfast::rule
