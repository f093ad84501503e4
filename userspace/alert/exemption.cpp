// SPDX-License-Identifier: Apache-2.0
#include "alert/exemption.hpp"

#include <algorithm>
#include <array>
#include <string_view>

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

bool isBelow(std::string_view path, std::string_view directory) {
  return path.starts_with(directory) && (path.size() == directory.size() || path[directory.size()] == '/');
}

/// The name as it is: what was made printable, cut off or unlinked is not, and a rule could not name it.
bool isExact(const std::string& path) {
  return path.starts_with('/') && path.find("\\x") == std::string::npos && !path.ends_with("...") &&
         !path.ends_with(" (deleted)");
}

Result<Exemption> byImage(const Alert& alert, const std::string& why) {
  // A digest is exact; a reference is matched as a part of references.
  if (!alert.container.digests.empty()) return Exemption{Exemption::List::Images, alert.container.digests.front()};
  if (!alert.container.image.empty()) return Exemption{Exemption::List::Images, alert.container.image};
  return fail(why + "the image is not known: no entry of an allow list would exempt it");
}

Result<Exemption> byDirectory(const std::string& path, bool force) {
  const std::string directory = path.substr(0, std::max<std::size_t>(path.rfind('/'), 1));
  const bool writable = std::ranges::any_of(kWritable, [&](auto one) { return isBelow(directory, one); });
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

Result<Exemption> narrowestExemption(const Alert& alert, bool by_image, bool force) {
  if (!alert.rule || alert.rule->name.empty()) return fail("no rule decided this: there is nothing to exempt it from");
  if (by_image) return byImage(alert, "");
  if (alert.type != AlertType::ContainerActiveDefense)
    return byImage(alert, "rules of this type exempt by image, and ");
  if (!isExact(alert.path) || alert.origin == "memory") return byImage(alert, "no directory names this program, and ");
  return byDirectory(alert.path, force);
}

}  // namespace holdfast::alert
