// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "rule/image_reference.hpp"
#include "rule/match.hpp"
#include "rule/pattern.hpp"

using namespace holdfast::rule;

namespace {

const std::string kDigest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const std::string kOther = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

ImageFacts image(const std::string& reference) { return {reference, {}, {}}; }

bool allowed(const std::string& entry, const ImageFacts& facts) {
  AllowList list;
  (isDigest(entry) ? list.digests : list.images).push_back(entry);
  return allowedBy(list, facts).has_value();
}

Scoped scoped(const Scope& scope, const ImageFacts& facts) { return matchScope(scope, "prod", facts).scoped; }

}  // namespace

TEST_CASE("references are normalised as runtimes do") {
  const auto text = [](std::string_view reference) { return parseReference(reference)->text(); };
  CHECK(text("nginx") == "docker.io/library/nginx:latest");
  CHECK(text("bitnami/redis:7") == "docker.io/bitnami/redis:7");
  CHECK(text("docker.io/nginx") == "docker.io/library/nginx:latest");
  CHECK(text("index.docker.io/library/nginx:1") == "docker.io/library/nginx:1");
  CHECK(text("localhost/web") == "localhost/web:latest");
  CHECK(text("localhost:5000/web") == "localhost:5000/web:latest");
  CHECK(text("registry.example:5000/ns/web:1.2") == "registry.example:5000/ns/web:1.2");
  CHECK(text("registry.example/web@" + kDigest) == "registry.example/web");
  CHECK(text("registry.example/web:1@" + kDigest) == "registry.example/web:1");
  CHECK(parseReference("registry.example/web:1@" + kDigest)->digest == kDigest);
}

TEST_CASE("what is no reference is unknown, whatever it contains") {
  for (const std::string text : {"", "/", "web:", ":tag", "web:-x", "a//b", "a/", "Web", "web debug", "web\n",
                                 "web:a b", "web@sha256:1", "https://registry.example/web",
                                 "registry.example/../web:x y", "evil:1 registry.example/allowed:1", "caf\xe9"}) {
    INFO(text);
    CHECK_FALSE(parseReference(text));
  }
  CHECK_FALSE(parseReference(kDigest));
  CHECK_FALSE(parseReference(std::string("web\0allowed", 11)));
  CHECK_FALSE(parseReference(std::string(100'000, 'a')));
}

TEST_CASE("RUL-5: any part of registry/path:tag exempts, with its case") {
  const auto facts = image("registry/ns/yun-repo:test");
  for (const char* entry :
       {"yun-repo", "test", "yun-repo:test", "repo:test", "registry/ns", "registry/ns/yun-repo:test"}) {
    INFO(entry);
    CHECK(allowed(entry, facts));
  }
  for (const char* entry : {"Yun-repo", "yun-repo:prod", "yun-repo:test2", "ns/repo", "*", ""}) {
    INFO(entry);
    CHECK_FALSE(allowed(entry, facts));
  }
  CHECK(allowed("nginx:latest", image("nginx")));
}

TEST_CASE("RUL-5: digests match exactly, by reference or by what is known of the image") {
  CHECK(allowed(kDigest, {std::nullopt, {kOther, kDigest}, {}}));
  CHECK(allowed(kDigest, image("web@" + kDigest)));
  CHECK_FALSE(allowed(kOther, image("web@" + kDigest)));
  CHECK_FALSE(allowed("0123456789", image("web@" + kDigest)));
  CHECK(allowedBy({{}, {"nope", "web"}, {}}, image("web")) == "web");
}

TEST_CASE("RUL-4: an unknown image matches no allow list and no image or tag scope") {
  for (const ImageFacts& facts : {ImageFacts{}, image("not a reference")}) {
    CHECK_FALSE(isKnown(facts));
    CHECK_FALSE(allowed("reference", facts));
    CHECK(scoped({{}, {"*"}, {}, {}}, facts) == Scoped::UnknownImage);
    CHECK(scoped({{}, {}, {"*"}, {}}, facts) == Scoped::UnknownImage);
    CHECK(scoped({}, facts) == Scoped::Yes);
    CHECK(scoped({{"prod"}, {}, {}, {}}, facts) == Scoped::Yes);
  }
}

TEST_CASE("RUL-4: entries are alternatives, lists must all match") {
  const Scope scope{{"dev", "prod"}, {"registry.example/web", "registry.example/team/*"}, {"v1.*", "debug"}, {}};
  CHECK(scoped(scope, image("registry.example/web:debug")) == Scoped::Yes);
  CHECK(scoped(scope, image("registry.example/team/a/b:v1.2")) == Scoped::Yes);
  CHECK(scoped(scope, image("registry.example/web:v2.0")) == Scoped::OtherImage);
  CHECK(scoped(scope, image("registry.example/web2:debug")) == Scoped::OtherImage);
  CHECK(scoped(scope, image("evil.example/registry.example/web:debug")) == Scoped::OtherImage);
  CHECK(matchScope(scope, "test", image("registry.example/web:debug")).scoped == Scoped::OtherCluster);
  CHECK(matchScope(scope, "", image("registry.example/web:debug")).scoped == Scoped::OtherCluster);
  CHECK(scoped({{}, {"nginx"}, {}, {}}, image("docker.io/library/nginx:1")) == Scoped::Yes);
  CHECK(scoped({{}, {kDigest}, {}, {}}, {"web", {kDigest}, {}}) == Scoped::Yes);
  CHECK(scoped({{}, {}, {"latest"}, {}}, image("web@" + kDigest)) == Scoped::OtherImage);
}

TEST_CASE("labels match by key, value or pattern") {
  ImageFacts facts = image("web");
  facts.labels = {{"app", "web"}, {"tier", "front"}};
  for (const char* label : {"app", "app=web", "tier=f*"}) CHECK(scoped({{}, {}, {}, {label}}, facts) == Scoped::Yes);
  for (const char* label : {"ap", "app=we", "web", "tier=b*"}) {
    CHECK(scoped({{}, {}, {}, {label}}, facts) == Scoped::OtherLabels);
  }
}

TEST_CASE("patterns") {
  CHECK(fits("*", ""));
  CHECK(fits("a*b*c", "a-b-b-c"));
  CHECK(fits("**a**", "xxay"));
  CHECK(fits("registry/*", "registry/a/b"));
  CHECK_FALSE(fits("a*b", "ab-c"));
  CHECK_FALSE(fits("a", "ab"));
  CHECK_FALSE(fits("", "a"));
  CHECK(overlap("a*", "*b"));
  CHECK(overlap("*x*", "a*"));
  CHECK(overlap("abc", "a*c"));
  CHECK_FALSE(overlap("a*", "b*"));
  CHECK_FALSE(overlap("*a", "*b"));
  CHECK_FALSE(overlap("ab*", "a"));
  CHECK_FALSE(fits(std::string(30, 'a') + "b", std::string(500, 'a')));
  std::string stars;
  for (int i = 0; i < 100; ++i) stars += "*a";
  CHECK_FALSE(fits(stars + "b", std::string(500, 'a')));  // ends, and soon
}

TEST_CASE("the more a scope says of the image, the more specific it is") {
  ImageFacts facts{"registry.example/team/web:v1.2", {kDigest}, {{"app", "web"}}};
  const std::vector<Scope> ascending = {
      {},
      {{"prod"}, {}, {}, {}},
      {{}, {}, {}, {"app"}},
      {{}, {}, {}, {"app=web"}},
      {{}, {}, {"v*"}, {}},
      {{}, {}, {"v1.2"}, {}},
      {{}, {"registry.example/*"}, {}, {}},
      {{}, {"registry.example/team/*"}, {}, {}},
      {{}, {"registry.example/team/web"}, {}, {}},
      {{"prod"}, {"registry.example/team/web"}, {}, {}},
      {{}, {"registry.example/team/web"}, {"v1.2"}, {}},
      {{}, {kDigest}, {}, {}},
  };
  for (std::size_t i = 0; i + 1 < ascending.size(); ++i) {
    INFO(i);
    CHECK(matchScope(ascending[i], "prod", facts).specificity <
          matchScope(ascending[i + 1], "prod", facts).specificity);
    CHECK_FALSE(mayTie(ascending[i], ascending[i + 1]));
    CHECK(mayTie(ascending[i], ascending[i]));
  }
}
