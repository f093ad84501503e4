// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace holdfast::rule {

/// A normalised reference: "nginx" is docker.io/library/nginx with the tag latest. With a digest and no tag there is
/// no tag.
struct ImageReference {
  std::string repository;
  std::optional<std::string> tag;
  std::optional<std::string> digest;

  /// "REPOSITORY:TAG", what allow lists are matched with.
  [[nodiscard]] std::string text() const { return tag ? repository + ":" + *tag : repository; }
};

/// Nothing for what is no well-formed reference: runtimes' state is not trusted to hold one.
[[nodiscard]] std::optional<ImageReference> parseReference(std::string_view reference);

/// "sha256:" and 64 lower-case hexadecimal digits.
[[nodiscard]] bool isDigest(std::string_view text);

[[nodiscard]] bool isTag(std::string_view text);

/// With registry and, on Docker Hub, namespace. A pattern whose registry part is open ("*/web", "*") stays as it is.
[[nodiscard]] std::string normalRepository(std::string_view repository);

/// Why an entry of `scope.images` or `scope.tags` could never match, empty if it can.
[[nodiscard]] std::string faultOfImagePattern(std::string_view pattern);
[[nodiscard]] std::string faultOfTagPattern(std::string_view pattern);

}  // namespace holdfast::rule
