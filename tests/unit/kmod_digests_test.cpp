// SPDX-License-Identifier: Apache-2.0
// The module's sets of digests, against the library's.
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cstdint>
#include <cstring>
#include <random>
#include <set>

extern "C" {
#include "core/digests.h"
}

namespace {

using Digest = std::array<u8, HOLDFAST_DIGEST_SIZE>;

class Digests {
 public:
  Digests() = default;
  Digests(const Digests&) = delete;
  Digests& operator=(const Digests&) = delete;
  ~Digests() { holdfast_digests_free(&set); }

  holdfast_digests set = {};
  [[nodiscard]] bool add(const Digest& digest) { return holdfast_digests_add(&set, digest.data()) == 0; }
  [[nodiscard]] bool have(const Digest& digest) const { return holdfast_digests_have(&set, digest.data()); }
};

/// Of which many begin alike, up to the end of what tells the place, if @p spread is small.
Digest randomDigest(std::mt19937& random, unsigned spread) {
  Digest digest = {};
  std::generate(digest.begin(), digest.end(), [&] { return static_cast<u8>(random()); });
  std::fill_n(digest.begin(), 4, static_cast<u8>(random() % spread + 254));
  return digest;
}

}  // namespace

TEST_CASE("a set has the digests that were added, and no others") {
  const unsigned spread = GENERATE(1U, 3U, 256U);
  std::mt19937 random(spread);
  Digests digests;
  std::set<Digest> expected;
  CHECK_FALSE(digests.have(Digest{}));
  for (int i = 0; i < 700; ++i) {
    const Digest digest = randomDigest(random, spread);
    CHECK(digests.have(digest) == expected.contains(digest));
    REQUIRE(digests.add(digest));
    REQUIRE(digests.add(digest));
    expected.insert(digest);
    CHECK(digests.set.nr == expected.size());
  }
  CHECK(std::all_of(expected.begin(), expected.end(), [&](const Digest& digest) { return digests.have(digest); }));
  Digest near = *expected.begin();
  near.back() ^= 1;
  CHECK_FALSE(digests.have(near));
  CHECK_FALSE(digests.have(Digest{}));
}

TEST_CASE("a digest is found, or not, in a few looks, however many there are") {
  const u32 count = GENERATE(1000U, 30000U, 1000000U);
  std::mt19937 random(count);
  Digests digests;
  while (digests.set.nr < count) {
    Digest digest;
    std::generate(digest.begin(), digest.end(), [&] { return static_cast<u8>(random()); });
    REQUIRE(digests.add(digest));
  }
  // From where it would be, a look goes on up to it, or to a slot that is free.
  const auto& set = digests.set;
  const auto free = [&](u32 at) {
    const auto* slot = set.slots[at & (set.size - 1)];
    return std::all_of(slot, slot + HOLDFAST_DIGEST_SIZE, [](u8 byte) { return byte == 0; });
  };
  std::uint64_t found = 0;
  std::uint64_t not_found = 0;
  for (u32 at = 0, end = 0; at < set.size; ++at) {
    for (end = std::max(end, at); !free(end);) ++end;
    not_found += end - at + 1;
    if (free(at)) continue;
    u32 wanted = 0;
    std::memcpy(&wanted, set.slots[at], sizeof wanted);
    found += ((at - wanted) & (set.size - 1)) + 1;
  }
  CHECK(found < 4ULL * set.nr);
  CHECK(not_found < 12ULL * set.size);
}

TEST_CASE("all zeros are no digest") {
  Digests digests;
  CHECK(holdfast_digests_add(&digests.set, Digest{}.data()) == -EINVAL);
  CHECK(digests.set.nr == 0);
}

TEST_CASE("one set of digests is within another, or not") {
  std::mt19937 random(7);
  Digests few;
  Digests many;
  const Digests none;
  for (int i = 0; i < 100; ++i) {
    const Digest digest = randomDigest(random, 256);
    REQUIRE(many.add(digest));
    REQUIRE((i % 2 != 0 || few.add(digest)));
  }
  CHECK(holdfast_digests_subset(&few.set, &many.set));
  CHECK_FALSE(holdfast_digests_subset(&many.set, &few.set));
  CHECK(holdfast_digests_subset(&none.set, &few.set));
  CHECK_FALSE(holdfast_digests_subset(&few.set, &none.set));
  CHECK(holdfast_digests_subset(&few.set, &few.set));
}

TEST_CASE("a million digests are found") {
  std::mt19937 random(1);
  Digests digests;
  Digest digest = {};
  for (u32 i = 0; i < 1000000; ++i) {
    // as evenly spread as digests are
    const std::array<u32, 2> words = {static_cast<u32>(random()), i + 1};
    std::copy_n(reinterpret_cast<const u8*>(words.data()), sizeof(words), digest.begin());
    REQUIRE(digests.add(digest));
  }
  CHECK(digests.set.nr == 1000000);
  CHECK(digests.have(digest));
  digest.back() = 1;
  CHECK_FALSE(digests.have(digest));
}
