// SPDX-License-Identifier: Apache-2.0
#include "alert/exemption.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/digest_text.hpp"
#include "base/json.hpp"
#include "rule/decide.hpp"

namespace holdfast::alert {
namespace {

// Who may write there is not known, or is everybody: what an attacker drops there would be exempt too. Below them
// likewise.
constexpr std::array<std::string_view, 6> kWritable = {"/tmp", "/var/tmp", "/dev", "/run", "/var/run", "/proc"};
// Exempt would be nearly all.
constexpr std::array<std::string_view, 20> kBroad = {"/",
                                                     "/bin",
                                                     "/sbin",
                                                     "/lib",
                                                     "/lib64",
                                                     "/usr",
                                                     "/usr/bin",
                                                     "/usr/sbin",
                                                     "/usr/lib",
                                                     "/usr/local",
                                                     "/usr/local/bin",
                                                     "/usr/local/sbin",
                                                     "/usr/local/lib",
                                                     "/etc",
                                                     "/var",
                                                     "/home",
                                                     "/root",
                                                     "/opt",
                                                     "/srv",
                                                     "/mnt"};

constexpr std::string_view kUnlinked = " (deleted)";
constexpr const char* kUnsayable = "its name has bytes that no rule can say";

bool sayable(const std::string& path) { return path.find("\\x") == std::string::npos && safeUtf8(path) == path; }

/// Of a path below a directory, or of a file.
std::string parentOf(const std::string& path) { return path.substr(0, std::max<std::size_t>(path.rfind('/'), 1)); }

/// The nearest directory above that a rule can say.
std::string sayableDirectoryOf(const std::string& path) {
  std::string directory = parentOf(path);
  while (!sayable(directory)) directory = parentOf(directory);
  return directory;
}

/// Why no path leads to the program; empty if one does. A rule can only say a name that was neither cut off nor made
/// printable, and nothing can be found by another one.
std::string whyNoPath(const Alert& alert) {
  if (alert.type != AlertType::ContainerActiveDefense) return "rules of this type exempt by image";
  if (alert.origin == "host") return "it is no file of the container";
  if (alert.path.empty()) return "its name is not known";
  if (alert.path.ends_with(kUnlinked)) return "it is unlinked";
  if (!alert.path.starts_with('/')) return "its name is no path of the container";
  if (alert.path.ends_with("...")) return "its name was too long to be kept";
  if (!sayable(alert.path)) return kUnsayable;
  return {};
}

/// Likewise for directories, which the kernel compares with names only of files that have one in the container.
std::string whyNoDirectory(const Alert& alert) {
  return alert.origin == "memory" ? "it is in memory only" : whyNoPath(alert);
}

Result<Exemption> byImage(const Alert& alert, const std::string& why) {
  // A digest is exact; a reference is matched as a part of references.
  if (!alert.container.digests.empty()) return Exemption{Exemption::List::Images, alert.container.digests.front(), why};
  if (!alert.container.image.empty()) return Exemption{Exemption::List::Images, alert.container.image, why};
  return fail((why.empty() ? "" : why + ", and ") +
              "the image is not known: no entry of an allow list would exempt it");
}

Result<Exemption> byDirectory(const std::string& directory, bool force) {
  const bool writable = std::ranges::any_of(kWritable, [&](auto one) { return rule::isBelow(directory, one); });
  if (writable && !force) {
    return fail("'" + directory +
                "' may be written to by any process of the container, an attacker's too: have the program elsewhere, "
                "exempt the image with --image, or take the directory with --force");
  }
  if (std::ranges::find(kBroad, directory) != kBroad.end() && !force) {
    return fail(
        "'" + directory +
        "' holds much more than this program, and all below it would be exempt: have the program in a directory "
        "of its own, exempt the image with --image, or take the directory with --force");
  }
  return Exemption{Exemption::List::Directories, directory};
}

}  // namespace

const char* name(Exemption::List list) {
  switch (list) {
    case Exemption::List::Programs:
      return "programs";
    case Exemption::List::Directories:
      return "directories";
    case Exemption::List::Images:
      break;
  }
  return "images";
}

std::string comparedPath(const Alert& alert) {
  return alert.origin == "host" || alert.path.ends_with(kUnlinked) ? "" : alert.path;
}

std::string whyNoDigest(const Alert& alert) {
  return alert.kind == kernel::name(kernel::EventKind::Mprotect)
             ? "what is made executable where it is mapped already is not read"
             : whyNoPath(alert);
}

std::string directoryOf(const Alert& alert, bool force) {
  const std::string why = whyNoDirectory(alert);
  return why.empty() || (force && why == kUnsayable) ? sayableDirectoryOf(alert.path) : "";
}

Result<Exemption> narrowestExemption(const Alert& alert, bool by_image, bool force, const DigestOf& digest_of) {
  if (!alert.rule || alert.rule->name.empty()) return fail("no rule decided this: there is nothing to exempt it from");
  if (by_image) return byImage(alert, "");
  std::string no_digest;
  if (digest_of) {
    const auto digest = digest_of(alert);
    if (digest) return Exemption{Exemption::List::Programs, digestText(*digest)};
    no_digest = digest.error().message;
  }
  std::string why = whyNoDirectory(alert);
  const std::string directory = directoryOf(alert, force);
  if (directory.empty()) {
    if (why == kUnsayable) why += " (with --force, the nearest directory above that one can)";
    if (!no_digest.empty() && !why.starts_with(no_digest)) why += "; and its digest does not help: " + no_digest;
    return byImage(alert, why);
  }
  auto entry = byDirectory(directory, force);
  if (entry) entry->because = no_digest;
  if (!entry && !no_digest.empty())
    return fail("its digest does not help: " + no_digest + "; and " + entry.error().message);
  return entry;
}

}  // namespace holdfast::alert
