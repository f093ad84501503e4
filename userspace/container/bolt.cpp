// SPDX-License-Identifier: Apache-2.0
#include "container/bolt.hpp"

#include <unistd.h>

#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "container/state_file.hpp"

namespace holdfast::container {

namespace {

static_assert(std::endian::native == std::endian::little, "the file has the byte order of the machine that wrote it");

constexpr std::uint32_t kMagic = 0xED0CDAED;
constexpr std::uint32_t kVersion = 2;
constexpr std::size_t kHeaderSize = 16;
constexpr std::size_t kElementSize = 16;
constexpr std::uint16_t kBranch = 0x01;
constexpr std::uint16_t kLeaf = 0x02;
constexpr std::uint16_t kMetaPage = 0x04;
constexpr std::uint32_t kBucketElement = 0x01;
// What a hostile or damaged file can cost.
constexpr std::size_t kNodeMax = 4 * 1024 * 1024;
constexpr int kDepthMax = 24;
constexpr std::size_t kPagesMax = 4096;
constexpr int kAttempts = 50;

struct Header {
  std::uint64_t id;
  std::uint16_t flags;
  std::uint16_t count;
  std::uint32_t overflow;
};
static_assert(sizeof(Header) == kHeaderSize);

struct BranchElement {
  std::uint32_t at;
  std::uint32_t key_size;
  std::uint64_t page;
};
static_assert(sizeof(BranchElement) == kElementSize);

struct LeafElement {
  std::uint32_t flags;
  std::uint32_t at;
  std::uint32_t key_size;
  std::uint32_t value_size;
};
static_assert(sizeof(LeafElement) == kElementSize);

struct MetaBody {
  std::uint32_t magic;
  std::uint32_t version;
  std::uint32_t page_size;
  std::uint32_t flags;
  std::uint64_t root;
  std::uint64_t sequence;
  std::uint64_t free_list;
  std::uint64_t pages;
  std::uint64_t transaction;
  std::uint64_t checksum;
};
static_assert(sizeof(MetaBody) == 64);

struct BucketHeader {
  std::uint64_t root;  // 0: the bucket's only page follows
  std::uint64_t sequence;
};

template <class T>
std::optional<T> load(std::string_view bytes, std::size_t at) {
  if (at > bytes.size() || bytes.size() - at < sizeof(T)) return std::nullopt;
  T out;
  std::memcpy(&out, bytes.data() + at, sizeof out);
  return out;
}

std::optional<std::string_view> part(std::string_view bytes, std::size_t at, std::size_t size) {
  if (at > bytes.size() || bytes.size() - at < size) return std::nullopt;
  return bytes.substr(at, size);
}

/// FNV-1a, of 64 bits.
std::uint64_t hash(std::string_view bytes) {
  std::uint64_t sum = 0xcbf29ce484222325;
  for (const char byte : bytes) sum = (sum ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  return sum;
}

bool isWhole(const MetaBody& meta) {
  std::array<char, offsetof(MetaBody, checksum)> bytes{};
  std::memcpy(bytes.data(), &meta, bytes.size());
  return meta.magic == kMagic && meta.version == kVersion && meta.checksum == hash({bytes.data(), bytes.size()}) &&
         meta.page_size >= 512 && meta.page_size <= 65536 && std::has_single_bit(meta.page_size);
}

struct Element {
  std::string_view key;
  std::string_view value;
  bool is_bucket = false;
  std::uint64_t page = 0;  // of a branch
};

tl::unexpected<Error> damaged(const char* how) { return fail(std::string("the database is damaged: ") + how); }

/// One page, or the inside of a small bucket.
class Node {
 public:
  static Result<Node> make(std::string bytes) {
    const auto header = load<Header>(bytes, 0);
    if (!header || (header->flags != kBranch && header->flags != kLeaf)) return damaged("a page of no known kind");
    return Node(std::move(bytes), *header);
  }
  [[nodiscard]] bool isLeaf() const { return header_.flags == kLeaf; }
  [[nodiscard]] std::size_t size() const { return header_.count; }
  [[nodiscard]] Result<Element> element(std::size_t index) const {
    const std::size_t at = kHeaderSize + index * kElementSize;
    Element out;
    if (isLeaf()) {
      const auto leaf = load<LeafElement>(bytes_, at);
      const auto key = leaf ? part(bytes_, at + leaf->at, leaf->key_size) : std::nullopt;
      const auto value = key ? part(bytes_, at + leaf->at + leaf->key_size, leaf->value_size) : std::nullopt;
      if (!value) return damaged("an element beyond its page");
      return Element{*key, *value, (leaf->flags & kBucketElement) != 0, 0};
    }
    const auto branch = load<BranchElement>(bytes_, at);
    const auto key = branch ? part(bytes_, at + branch->at, branch->key_size) : std::nullopt;
    if (!key) return damaged("an element beyond its page");
    return Element{*key, {}, false, branch->page};
  }

 private:
  Node(std::string bytes, const Header& header) : bytes_(std::move(bytes)), header_(header) {}

  std::string bytes_;
  Header header_;
};

Result<std::string> readAt(int fd, std::uint64_t at, std::size_t size) {
  std::string bytes(size, '\0');
  std::size_t done = 0;
  while (done < size) {
    const auto got = ::pread(fd, bytes.data() + done, size - done, static_cast<off_t>(at + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return damaged("it is shorter than it says");
    done += static_cast<std::size_t>(got);
  }
  return bytes;
}

}  // namespace

/// What one transaction has left.
class Bolt::Reader {
 public:
  Reader(int fd, std::uint32_t page_size, const Meta& meta) : fd_(fd), page_size_(page_size), meta_(meta) {}

  /// The first node of the bucket at the end of the path.
  [[nodiscard]] Result<std::optional<Node>> bucket(Path path) const {
    auto node = page(meta_.root);
    for (const std::string_view name : path) {
      if (!node) return tl::unexpected(node.error());
      auto found = find(std::move(*node), name);
      if (!found) return tl::unexpected(found.error());
      if (!*found || !(*found)->is_bucket) return std::nullopt;
      const auto& value = (*found)->value;
      const auto header = load<BucketHeader>(value, 0);
      if (!header) return damaged("a bucket without a head");
      node = header->root != 0 ? page(header->root) : Node::make(value.substr(sizeof(BucketHeader)));
    }
    if (!node) return tl::unexpected(node.error());
    return std::move(*node);
  }

  struct Found {
    std::string value;
    bool is_bucket = false;
  };
  [[nodiscard]] Result<std::optional<Found>> find(Node node, std::string_view key) const {
    for (int depth = 0; depth < kDepthMax; ++depth) {
      std::uint64_t next = 0;
      for (std::size_t i = 0; i < node.size(); ++i) {
        const auto element = node.element(i);
        if (!element) return tl::unexpected(element.error());
        if (node.isLeaf()) {
          if (element->key == key) return Found{std::string(element->value), element->is_bucket};
        } else {
          // Each names the first key of its page.
          if (i > 0 && element->key > key) break;
          next = element->page;
        }
      }
      if (next == 0) return std::nullopt;
      auto below = page(next);
      if (!below) return tl::unexpected(below.error());
      node = std::move(*below);
    }
    return damaged("it is too deep");
  }

  Result<void> collect(const Node& node, int depth, Pairs& out) const {
    if (depth > kDepthMax) return damaged("it is too deep");
    for (std::size_t i = 0; i < node.size(); ++i) {
      const auto element = node.element(i);
      if (!element) return tl::unexpected(element.error());
      if (node.isLeaf()) {
        if (!element->is_bucket) out.emplace(element->key, element->value);
        continue;
      }
      const auto below = page(element->page);
      if (!below) return tl::unexpected(below.error());
      if (auto done = collect(*below, depth + 1, out); !done) return done;
    }
    return {};
  }

 private:
  [[nodiscard]] Result<Node> page(std::uint64_t id) const {
    if (++pages_read_ > kPagesMax) return damaged("it goes in circles");
    if (id < 2 || id >= meta_.pages) return damaged("a page that is not there");
    auto bytes = readAt(fd_, id * page_size_, page_size_);
    if (!bytes) return tl::unexpected(bytes.error());
    const auto header = load<Header>(*bytes, 0);
    if (!header || header->id != id) return damaged("a page with another's number");
    const std::size_t size = (std::size_t{header->overflow} + 1) * page_size_;
    if (size > kNodeMax) return damaged("a page that is too large");
    if (header->overflow != 0) bytes = readAt(fd_, id * page_size_, size);
    if (!bytes) return tl::unexpected(bytes.error());
    return Node::make(std::move(*bytes));
  }

  int fd_;
  std::uint32_t page_size_;
  Meta meta_;
  mutable std::size_t pages_read_ = 0;
};

Result<std::optional<Bolt>> Bolt::open(const std::filesystem::path& path) {
  auto file = openStateFile(path);
  if (!file) return tl::unexpected(file.error());
  if (!*file) return std::nullopt;
  Bolt bolt(std::move((*file)->fd));
  // Of the two heads one may be half written. The second lies where the size of a page says, which the first tells,
  // or else each size is tried.
  for (std::uint32_t size = 512; size <= 65536 && bolt.page_size_ == 0; size *= 2) {
    for (const std::uint64_t at : {std::uint64_t{0}, std::uint64_t{size}}) {
      const auto bytes = readAt(bolt.fd_.get(), at + kHeaderSize, sizeof(MetaBody));
      const auto meta = bytes ? load<MetaBody>(*bytes, 0) : std::nullopt;
      if (meta && isWhole(*meta) && (at == 0 || meta->page_size == size)) bolt.page_size_ = meta->page_size;
    }
  }
  if (bolt.page_size_ == 0) return tl::unexpected(Error{"is no database of bbolt", path.string()});
  return bolt;
}

Result<Bolt::Meta> Bolt::meta() const {
  std::optional<Meta> latest;
  for (const std::uint64_t at : {std::uint64_t{0}, std::uint64_t{page_size_}}) {
    const auto bytes = readAt(fd_.get(), at, kHeaderSize + sizeof(MetaBody));
    if (!bytes) return tl::unexpected(bytes.error());
    const auto header = load<Header>(*bytes, 0);
    const auto meta = load<MetaBody>(*bytes, kHeaderSize);
    if (!header || !meta || header->flags != kMetaPage || !isWhole(*meta) || meta->page_size != page_size_) continue;
    if (!latest || meta->transaction > latest->transaction) latest = {meta->root, meta->pages, meta->transaction};
  }
  if (!latest) return damaged("neither of its heads is whole");
  return *latest;
}

template <class Read>
auto Bolt::consistently(Read read) const -> decltype(read(std::declval<const Reader&>())) {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const auto before = meta();
    if (!before) return tl::unexpected(before.error());
    auto out = read(Reader(fd_.get(), page_size_, *before));
    const auto after = meta();
    if (after && after->transaction == before->transaction) return out;
  }
  return fail("the database changed while it was read, again and again");
}

Result<std::optional<std::string>> Bolt::value(Path buckets, std::string_view key) const {
  return consistently([&](const Reader& reader) -> Result<std::optional<std::string>> {
    auto node = reader.bucket(buckets);
    if (!node) return tl::unexpected(node.error());
    if (!*node) return std::nullopt;
    auto found = reader.find(std::move(**node), key);
    if (!found) return tl::unexpected(found.error());
    if (!*found || (*found)->is_bucket) return std::nullopt;
    return std::move((*found)->value);
  });
}

Result<Bolt::Pairs> Bolt::pairs(Path buckets) const {
  return consistently([&](const Reader& reader) -> Result<Pairs> {
    Pairs out;
    auto node = reader.bucket(buckets);
    if (!node) return tl::unexpected(node.error());
    if (!*node) return out;
    if (auto done = reader.collect(**node, 0, out); !done) return tl::unexpected(done.error());
    return out;
  });
}

}  // namespace holdfast::container
