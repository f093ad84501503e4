// SPDX-License-Identifier: Apache-2.0
#include "control/listener.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.hpp"
#include "control/address.hpp"

namespace holdfast::control {
namespace {

UniqueFd newSocket() { return UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)); }

const sockaddr* generic(const sockaddr_un& address) { return reinterpret_cast<const sockaddr*>(&address); }

/// Removes a socket that nobody listens on.
Result<void> clear(const std::filesystem::path& path, const sockaddr_un& address) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return {};
    return tl::unexpected(systemError("the control socket cannot be made", errno, path));
  }
  if (!S_ISSOCK(status.st_mode))
    return tl::unexpected(Error{"the control socket cannot be made: something else is there", path.string()});
  const UniqueFd probe = newSocket();
  if (!probe) return tl::unexpected(systemError("the control socket cannot be made", errno, path));
  // A living one with a full queue says EAGAIN.
  if (::connect(probe.get(), generic(address), sizeof(address)) == 0 || errno == EAGAIN)
    return tl::unexpected(Error{"another holdfastd listens on the control socket", path.string()});
  if (errno != ECONNREFUSED || (::unlink(path.c_str()) != 0 && errno != ENOENT))
    return tl::unexpected(systemError("the control socket of an earlier holdfastd cannot be removed", errno, path));
  return {};
}

}  // namespace

Result<Listener> Listener::open(const std::filesystem::path& path, std::optional<gid_t> readers) {
  const auto address = addressOf(path);
  if (!address) return tl::unexpected(address.error());
  if (auto cleared = clear(path, *address); !cleared) return tl::unexpected(cleared.error());

  constexpr int kBacklog = 128;
  const auto failed = [&path] { return tl::unexpected(systemError("the control socket cannot be made", errno, path)); };
  UniqueFd fd = newSocket();
  // The mode of the unbound socket is what bind() gives to the file, so there is no moment in which it is wider.
  if (!fd || ::fchmod(fd.get(), 0600) != 0 || ::bind(fd.get(), generic(*address), sizeof(*address)) != 0)
    return failed();
  Listener listener(std::move(fd), path);
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return failed();
  listener.dev_ = status.st_dev;
  listener.ino_ = status.st_ino;
  if (readers && (::lchown(path.c_str(), static_cast<uid_t>(-1), *readers) != 0 || ::chmod(path.c_str(), 0660) != 0))
    return failed();
  if (::listen(listener.fd(), kBacklog) != 0) return failed();
  return listener;
}

Listener::~Listener() {
  struct stat status {};
  if (fd_ && ::lstat(path_.c_str(), &status) == 0 && status.st_dev == dev_ && status.st_ino == ino_)
    ::unlink(path_.c_str());
}

}  // namespace holdfast::control
