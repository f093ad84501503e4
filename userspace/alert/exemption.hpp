// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "alert/alert.hpp"
#include "base/result.hpp"

namespace holdfast::alert {

/// An entry of a rule's allow list.
struct Exemption {
  enum class List { Directories, Images };
  List list = List::Directories;
  std::string value;
  std::string because = {};  // of an image that nobody asked for: why no directory does
};

/// The narrowest entry that exempts what the alert is about from its rule: the directory of the program, or where no
/// path helps (in memory only, unlinked, not of this container, no name, another type of rule) the image. With
/// `by_image` the image in any case. An error says why there is none, as for a directory that anybody may write to or
/// that holds all programs; `force` takes those too.
[[nodiscard]] Result<Exemption> narrowestExemption(const Alert& alert, bool by_image, bool force);

}  // namespace holdfast::alert
