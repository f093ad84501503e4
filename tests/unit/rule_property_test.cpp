// SPDX-License-Identifier: Apache-2.0
// What holds of every image reference and every entry, over many that are made up from a fixed seed.
#include <catch2/catch.hpp>
#include <cctype>
#include <random>

#include "rule/image_reference.hpp"
#include "rule/match.hpp"
#include "rule/pattern.hpp"

using namespace holdfast::rule;

namespace {

constexpr int kRounds = 5000;

class Maker {
 public:
  std::size_t upTo(std::size_t most) { return std::uniform_int_distribution<std::size_t>(0, most)(random_); }
  bool maybe() { return upTo(1) == 1; }
  char of(std::string_view letters) { return letters[upTo(letters.size() - 1)]; }
  std::string word(std::string_view letters, std::size_t least, std::size_t most) {
    std::string out;
    for (std::size_t length = least + upTo(most - least); length > 0; --length) out += of(letters);
    return out;
  }
  std::string digest() { return "sha256:" + word("0123456789abcdef", 64, 64); }
  std::string tag() { return word("abcXYZ019_", 1, 1) + word("abcXYZ019_.-", 0, upTo(9) == 0 ? 127 : 8); }
  std::string path() {
    std::string out = word("abcz019", 1, 6);
    for (std::size_t parts = upTo(3); parts > 0; --parts) out += "/" + word("abcz019", 1, 6) + (maybe() ? "-x" : "");
    return out;
  }
  std::string registry() {
    static const std::vector<std::string> known = {"docker.io",        "index.docker.io",  "localhost",
                                                   "localhost:5000",   "registry.example", "registry.example:5000",
                                                   "Registry.Example", "127.0.0.1:80",     "[::1]:5000"};
    return known[upTo(known.size() - 1)];
  }
  /// Well-formed.
  std::string reference() {
    std::string out = (maybe() ? registry() + "/" : "") + path();
    if (maybe()) out += ":" + tag();
    if (upTo(3) == 0) out += "@" + digest();
    return out;
  }
  /// Anything: control characters, Unicode, broken UTF-8, colons and slashes, now and then very long.
  std::string anything() {
    static const std::vector<std::string> pieces = {
        "a",    "/",        ":",         "@", "sha256:", ".", "..",           "*",    " ", "\n", "\x1b", "\xc3\xbc",
        "\xff", "library/", "docker.io", "A", "latest",  "-", "\xe2\x80\xae", "5000", "_"};
    std::string out;
    for (std::size_t count = upTo(upTo(49) == 0 ? 2000 : 8); count > 0; --count) out += pieces[upTo(pieces.size() - 1)];
    return out;
  }

 private:
  std::mt19937 random_{20240531};
};

bool allowed(const std::string& entry, const ImageFacts& facts) {
  AllowList list;
  (isDigest(entry) ? list.digests : list.images).push_back(entry);
  return allowedBy(list, facts).has_value();
}

ImageFacts image(const std::string& reference) { return {reference, {}, {}}; }

}  // namespace

TEST_CASE("a well-formed reference is taken, and what it is normalised to stays as it is") {
  Maker make;
  for (int round = 0; round < kRounds; ++round) {
    const std::string text = make.reference();
    INFO(text);
    const auto once = parseReference(text);
    REQUIRE(once);
    REQUIRE(once->repository.find('/') != std::string::npos);  // a registry stands before it
    REQUIRE(normalRepository(once->repository) == once->repository);
    const auto again = parseReference(once->text() + (once->digest ? "@" + *once->digest : ""));
    REQUIRE(again);
    REQUIRE(again->repository == once->repository);
    REQUIRE(again->tag == once->tag);
    REQUIRE(again->digest == once->digest);
    // No tag is latest, but for a digest, which says more; a port is no tag.
    REQUIRE((once->tag || once->digest));
    if (text.find('@') == std::string::npos && text.rfind(':') == std::string::npos) REQUIRE(once->tag == "latest");
    REQUIRE(once->tag != "5000");
  }
}

TEST_CASE("the short names of Docker Hub are one image") {
  Maker make;
  for (int round = 0; round < kRounds; ++round) {
    const std::string name = make.word("abcz019", 1, 8) + (make.maybe() ? ":" + make.tag() : "");
    const auto shortest = parseReference(name);
    REQUIRE(shortest);
    for (const char* before : {"docker.io/", "index.docker.io/", "docker.io/library/", "library/"}) {
      INFO(before << name);
      const auto longer = parseReference(before + name);
      REQUIRE(longer);
      REQUIRE(longer->text() == shortest->text());
    }
    REQUIRE(parseReference("registry.example/" + name)->text() != shortest->text());
  }
}

TEST_CASE("every part of registry/path:tag exempts, and nothing else does") {
  Maker make;
  for (int round = 0; round < kRounds; ++round) {
    const std::string reference = make.reference();
    const auto facts = image(reference);
    const std::string text = parseReference(reference)->text();
    const std::size_t begin = make.upTo(text.size() - 1);
    const std::string part = text.substr(begin, 1 + make.upTo(text.size() - begin - 1));
    INFO(text << " and " << part);
    REQUIRE(allowed(part, facts));
    REQUIRE_FALSE(allowed("", facts));
    REQUIRE_FALSE(allowed(text + "x", facts));
    std::string other = part;
    other[make.upTo(other.size() - 1)] = '!';
    REQUIRE_FALSE(allowed(other, facts));
    std::string flipped = part;
    if (char& letter = flipped[make.upTo(flipped.size() - 1)]; std::isalpha(static_cast<unsigned char>(letter)) != 0)
      letter = static_cast<char>(letter ^ 0x20);
    for (const std::string& any : {make.reference(), flipped})
      REQUIRE(allowed(any, facts) == (text.find(any) != std::string::npos));
  }
}

TEST_CASE("a digest exempts its own image alone, whole and in its case") {
  Maker make;
  for (int round = 0; round < kRounds; ++round) {
    const std::string digest = make.digest();
    const ImageFacts known{std::nullopt, {make.digest(), digest}, {}};
    REQUIRE(allowed(digest, known));
    REQUIRE(allowed(digest, image(make.path() + "@" + digest)));
    std::string other = digest;
    char& changed = other[7 + make.upTo(63)];
    changed = changed == '0' ? '1' : '0';
    REQUIRE_FALSE(allowed(other, known));
    REQUIRE_FALSE(allowed(digest.substr(0, 7 + make.upTo(63)), known));
  }
}

TEST_CASE(
    "whatever a runtime's state holds: it is a reference that is normal, or it is unknown and exempt by nothing") {
  Maker make;
  int taken = 0;
  for (int round = 0; round < 4 * kRounds; ++round) {
    const std::string text = make.anything();
    INFO(text);
    const auto facts = image(text);
    if (const auto reference = parseReference(text)) {
      ++taken;
      REQUIRE(normalRepository(reference->repository) == reference->repository);
      REQUIRE(reference->text().find_first_of("* \n\x1b\xff") == std::string::npos);
      continue;
    }
    REQUIRE_FALSE(isKnown(facts));
    if (!text.empty() && !isDigest(text)) REQUIRE_FALSE(allowed(text, facts));
    REQUIRE(matchScope({{}, {"*"}, {}, {}}, "", facts).scoped == Scoped::UnknownImage);
    REQUIRE(matchScope({{}, {}, {"*"}, {}}, "", facts).scoped == Scoped::UnknownImage);
  }
  REQUIRE(taken > 100);
}

TEST_CASE("a pattern made out of a text by stars fits it, and as specific as it is literal") {
  Maker make;
  for (int round = 0; round < kRounds; ++round) {
    const std::string text = make.reference();
    std::string pattern = text;
    for (std::size_t stars = 1 + make.upTo(3); stars > 0; --stars) {
      const std::size_t begin = make.upTo(pattern.size());
      pattern.replace(begin, make.upTo(pattern.size() - begin), "*");
    }
    INFO(pattern << " and " << text);
    REQUIRE(fits(pattern, text));
    REQUIRE(overlap(pattern, text));
    REQUIRE(overlap(text, pattern));
    REQUIRE(rank(pattern) < rank(text));
    const std::string other = make.reference();
    REQUIRE(overlap(pattern, other) == fits(pattern, other));
    REQUIRE(fits(text, other) == (text == other));
  }
}

TEST_CASE("two scopes that one container is in can share it, and are never told apart by chance") {
  Maker make;
  const auto scope = [&make](const std::string& repository, const std::string& tag) {
    Scope out;
    if (make.maybe())
      out.images.push_back(make.maybe() ? repository
                                        : repository.substr(0, 17 + make.upTo(repository.size() - 17)) + "*");
    if (make.maybe()) out.tags.push_back(make.maybe() ? tag : "*");
    if (make.maybe()) out.labels.push_back(make.maybe() ? "app=web" : "app");
    if (make.maybe()) out.clusters.push_back("prod");
    return out;
  };
  for (int round = 0; round < kRounds; ++round) {
    const std::string repository = "registry.example/" + make.path();
    const std::string tag = make.tag();
    const ImageFacts facts{repository + ":" + tag, {}, {{"app", "web"}}};
    const Scope a = scope(repository, tag);
    const Scope b = scope(repository, tag);
    const auto in_a = matchScope(a, "prod", facts);
    const auto in_b = matchScope(b, "prod", facts);
    REQUIRE(in_a.scoped == Scoped::Yes);
    REQUIRE(in_b.scoped == Scoped::Yes);
    REQUIRE(mayShare(a, b));
    // Equally specific is a tie, which loading refuses.
    if (in_a.specificity == in_b.specificity) REQUIRE(mayTie(a, b));
    REQUIRE(specificityOf(a) == in_a.specificity);
  }
}
