// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::test {

struct BoltBucket {
  std::map<std::string, std::string> values;
  std::map<std::string, BoltBucket> buckets;

  BoltBucket& in(const std::string& name) { return buckets[name]; }
};

/// Makes a database file as bbolt would; little of everything, so that few keys already make a tree.
class BoltWriter {
 public:
  static constexpr std::size_t kPage = 4096;

  /// `first` is the first page to be used.
  explicit BoltWriter(std::size_t per_page = 3, bool small_inside = true, std::size_t first = 3)
      : per_page_(per_page), small_inside_(small_inside), first_(first) {}

  std::string file(const BoltBucket& root, std::uint64_t transaction = 7) {
    pages_.assign(first_ * kPage, '\0');
    const std::uint64_t top = bucketPages(root);
    head(transaction % 2, top, transaction);
    head((transaction + 1) % 2, top, transaction - 1);
    return pages_;
  }

  /// The first byte of page `id` in the file.
  static std::size_t at(std::uint64_t id) { return static_cast<std::size_t>(id) * kPage; }

 private:
  template <class T>
  static std::string raw(T value) {
    std::string bytes(sizeof value, '\0');
    std::memcpy(bytes.data(), &value, sizeof value);
    return bytes;
  }
  static std::string header(std::uint64_t id, int flags, std::size_t count, std::size_t overflow) {
    return raw(id) + raw(static_cast<std::uint16_t>(flags)) + raw(static_cast<std::uint16_t>(count)) +
           raw(static_cast<std::uint32_t>(overflow));
  }
  struct Element {
    std::string key;
    std::string value;
    std::uint64_t number = 0;  // flags of a leaf's, page of a branch's
  };
  static std::string body(const std::vector<Element>& elements, bool leaf) {
    std::string heads, data;
    for (std::size_t i = 0; i < elements.size(); ++i) {
      const auto& one = elements[i];
      const auto where = static_cast<std::uint32_t>((elements.size() - i) * 16 + data.size());
      const auto size = static_cast<std::uint32_t>(one.key.size());
      if (leaf)
        heads += raw(static_cast<std::uint32_t>(one.number)) + raw(where) + raw(size) +
                 raw(static_cast<std::uint32_t>(one.value.size()));
      else
        heads += raw(where) + raw(size) + raw(one.number);
      data += one.key + one.value;
    }
    return heads + data;
  }
  std::uint64_t page(const std::vector<Element>& elements, bool leaf) {
    const std::string inside = body(elements, leaf);
    const std::uint64_t id = pages_.size() / kPage;
    const std::size_t count = (16 + inside.size() + kPage - 1) / kPage;
    const std::size_t start = pages_.size();
    pages_.resize(start + count * kPage, '\0');
    const std::string whole = header(id, leaf ? 2 : 1, elements.size(), count - 1) + inside;
    pages_.replace(start, whole.size(), whole);
    return id;
  }
  std::uint64_t tree(const std::vector<Element>& elements, bool leaf) {
    std::vector<Element> above;
    const std::size_t step = leaf ? per_page_ : std::max<std::size_t>(2, per_page_);
    for (std::size_t i = 0; i < elements.size() || i == 0; i += step) {
      const auto end = std::min(elements.size(), i + step);
      const std::vector<Element> some(elements.begin() + static_cast<std::ptrdiff_t>(i),
                                      elements.begin() + static_cast<std::ptrdiff_t>(end));
      above.push_back({some.empty() ? "" : some.front().key, "", page(some, leaf)});
    }
    return above.size() == 1 ? above.front().number : tree(above, false);
  }
  std::vector<Element> elementsOf(const BoltBucket& bucket) {
    std::map<std::string, Element> sorted;
    for (const auto& [key, value] : bucket.values) sorted[key] = {key, value, 0};
    for (const auto& [key, inner] : bucket.buckets) {
      std::string value;
      if (small_inside_ && inner.buckets.empty() && inner.values.size() <= 2) {
        const auto elements = elementsOf(inner);
        value = raw(std::uint64_t{0}) + raw(std::uint64_t{0}) + header(0, 2, elements.size(), 0) + body(elements, true);
      } else {
        value = raw(bucketPages(inner)) + raw(std::uint64_t{0});
      }
      sorted[key] = {key, value, 1};
    }
    std::vector<Element> out;
    for (auto& [key, element] : sorted) out.push_back(std::move(element));
    return out;
  }
  std::uint64_t bucketPages(const BoltBucket& bucket) { return tree(elementsOf(bucket), true); }

  void head(std::uint64_t id, std::uint64_t root, std::uint64_t transaction) {
    const std::string meta = raw(std::uint32_t{0xED0CDAED}) + raw(std::uint32_t{2}) +
                             raw(static_cast<std::uint32_t>(kPage)) + raw(std::uint32_t{0}) + raw(root) +
                             raw(std::uint64_t{0}) + raw(std::uint64_t{2}) + raw(std::uint64_t{pages_.size() / kPage}) +
                             raw(transaction);
    std::uint64_t sum = 0xcbf29ce484222325;
    for (const char byte : meta) sum = (sum ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
    const std::string whole = header(id, 4, 0, 0) + meta + raw(sum);
    pages_.replace(at(id), whole.size(), whole);
  }

  std::size_t per_page_;
  bool small_inside_;
  std::size_t first_;
  std::string pages_;
};

}  // namespace holdfast::test
