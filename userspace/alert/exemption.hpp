// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "alert/alert.hpp"
#include "base/result.hpp"
#include "base/sha256.hpp"

namespace holdfast::alert {

/// An entry of a rule's allow list.
struct Exemption {
  enum class List { Programs, Directories, Images };  // the narrowest first
  List list = List::Directories;
  std::string value;
  std::string because = {};  // of a directory or an image that nobody asked for: why nothing narrower does
};

/// As a rule's allow_list calls it: "programs".
[[nodiscard]] const char* name(Exemption::List list);

/// The digest of the program that an alert is about, or why no rule exempts it by that.
using DigestOf = std::function<Result<Sha256>(const Alert&)>;

/// Why no digest exempts the program, whatever is in it; empty if one may: it has a file with a name in its container,
/// which the kernel reads before it judges.
[[nodiscard]] std::string whyNoDigest(const Alert& alert);

/// The name that the kernel compares with a rule's directories; empty if it compares none: of what is unlinked, or is
/// not of this container.
[[nodiscard]] std::string comparedPath(const Alert& alert);

/// The directory that exempts the program, with all below it; empty if none does. With `force` of one whose name no
/// rule can say the nearest above that one can.
[[nodiscard]] std::string directoryOf(const Alert& alert, bool force);

/// The narrowest entry that exempts what the alert is about from its rule: the program by its digest, if `digest_of` is
/// given and has it; else its directory, or where no path helps (in memory only, unlinked, not of this container, no
/// name, another type of rule) the image. With `by_image` the image in any case. An error says why there is none, as
/// for a directory that anybody may write to or that holds all programs; `force` takes those too, and directories above
/// a name that no rule can say.
[[nodiscard]] Result<Exemption> narrowestExemption(const Alert& alert, bool by_image, bool force,
                                                   const DigestOf& digest_of = {});

}  // namespace holdfast::alert
