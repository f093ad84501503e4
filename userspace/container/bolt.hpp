// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace holdfast::container {

/// Reads the database files of engines: bbolt (version 2), as containerd and Podman 4 write them
/// (go.etcd.io/bbolt page.go, bucket.go, db.go). Neither locks nor maps the file, so that neither its owner nor the
/// caller can be held up. A page that one transaction frees is not written over by the same one: what is read is good
/// if no transaction has ended meanwhile, else it is read again.
class Bolt {
 public:
  using Pairs = std::map<std::string, std::string>;
  using Path = std::span<const std::string_view>;

  /// The file must be one that openStateFile() opens; nothing if it is missing.
  [[nodiscard]] static Result<std::optional<Bolt>> open(const std::filesystem::path& path);

  /// The value of a key in the bucket at the end of `buckets`, from the root bucket; nothing if either is missing.
  [[nodiscard]] Result<std::optional<std::string>> value(Path buckets, std::string_view key) const;
  /// All keys and values of that bucket, without the buckets in it; empty if it is missing.
  [[nodiscard]] Result<Pairs> pairs(Path buckets) const;

 private:
  struct Meta {
    std::uint64_t root = 0;   // page of the root bucket
    std::uint64_t pages = 0;  // all of them have smaller numbers
    std::uint64_t transaction = 0;
  };
  class Reader;

  explicit Bolt(UniqueFd fd) : fd_(std::move(fd)) {}
  [[nodiscard]] Result<Meta> meta() const;
  template <class Read>
  [[nodiscard]] auto consistently(Read read) const -> decltype(read(std::declval<const Reader&>()));

  UniqueFd fd_;
  std::uint32_t page_size_ = 0;
};

}  // namespace holdfast::container
