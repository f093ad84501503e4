// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <set>
#include <thread>

#include "base/file.hpp"
#include "base/nlohmann.hpp"
#include "bolt_sample.hpp"
#include "container/engine_record.hpp"
#include "container/engines.hpp"
#include "container/runtimes.hpp"
#include "container_sandbox.hpp"

using namespace holdfast;
using namespace holdfast::container;
using test::BoltBucket;
using test::BoltWriter;

namespace {

const std::string kConfig = "sha256:" + std::string(64, 'a');
const std::string kManifest = "sha256:" + std::string(64, 'b');
const std::string kIndex = "sha256:" + std::string(64, 'c');

struct Fixture {
  test::Sandbox sandbox;
  Runtimes runtimes{roots()};

  [[nodiscard]] RuntimeRoots roots() const {
    auto roots = sandbox.roots();
    roots.engines.docker = sandbox.path() / "docker";
    roots.engines.docker_config = sandbox.path() / "daemon.json";
    roots.engines.containerd = {sandbox.path() / "containerd"};
    roots.engines.storage_run = sandbox.path() / "storage-run";
    return roots;
  }
  void runc(const std::string& space, const std::string& id, const std::string& labels = "",
            const std::string& root = "/") const {
    sandbox.write(space + "/" + id + "/state.json",
                  R"({"id":")" + id + R"(","init_process_pid":10,"cgroup_paths":{"":")" +
                      (sandbox.path() / "cgroup" / id).string() + R"("},"config":{"rootfs":")" + root +
                      R"(","labels":[)" + labels + "]}}");
    sandbox.cgroup(id);
  }
  void crun(const std::string& id, const std::string& annotations = "{}") const {
    sandbox.write("crun/" + id + "/status",
                  R"({"pid":12,"cgroup-path":"/)" + id + R"(","bundle":")" +
                      (sandbox.path() / "storage/overlay-containers" / id / "userdata").string() + "\"}");
    sandbox.write("crun/" + id + "/config.json", R"({"annotations":)" + annotations + "}");
    sandbox.cgroup(id);
  }
  void docker(const std::string& id, const std::string& image, const std::string& name = "/web",
              const std::string& root = "docker") const {
    sandbox.write(root + "/containers/" + id + "/config.v2.json",
                  R"({"ID":")" + id + R"(","Name":")" + name + R"(","Driver":"overlay2","Image":")" + kConfig +
                      R"(","Config":{"Image":")" + image + R"(","Labels":{"app":"shop","n":1}}})");
    sandbox.write(root + "/image/overlay2/repositories.json", R"({"Repositories":{"nginx":{"nginx:1.25":")" + kConfig +
                                                                  R"(","nginx@)" + kManifest + R"(":")" + kConfig +
                                                                  R"(","nginx:old":"sha256:)" + std::string(64, 'e') +
                                                                  R"("},"mine":{"mine:1":")" + kConfig + R"("}}})");
  }
  void storage(const std::string& containers) const {
    sandbox.write("storage/overlay-containers/containers.json", containers);
    sandbox.write("storage/overlay-images/images.json",
                  R"([{"id":")" + std::string(64, 'a') + R"(","digest":")" + kManifest +
                      R"(","names":["quay.io/team/db:13","quay.io/team/db@)" + kIndex +
                      R"("],"big-data-digests":{"manifest":")" + kManifest + R"(","sha256:x":"y"}}])");
  }
  static std::string stored(const std::string& id, const std::string& metadata) {
    return R"({"id":")" + id + R"(","names":["db"],"image":")" + std::string(64, 'a') + R"(","metadata":")" + metadata +
           "\"}";
  }
  /// The only one.
  Container only(std::size_t problems = 0) {
    const auto scan = runtimes.scan();
    for (const auto& problem : scan.problems) INFO(problem);
    CHECK(scan.problems.size() == problems);
    REQUIRE(scan.containers.size() == 1);
    return *scan.containers[0];
  }
};

std::string any(const std::string& json) {
  std::string out = "\x0a\x04type\x12";
  for (std::size_t size = json.size();;) {
    const auto low = static_cast<char>(size & 0x7f);
    size >>= 7;
    out += static_cast<char>(size == 0 ? low : low | '\x80');
    if (size == 0) return out + json;
  }
}

}  // namespace

TEST_CASE("docker: image as asked for, its digests and names, labels and name of the container") {
  Fixture f;
  f.runc("spaces/moby", "d1", R"("org.opencontainers.image.ref.name=registry.example/trusted:1")");
  f.docker("d1", "nginx:1.25");
  const auto one = f.only();
  CHECK(one.engine == "docker");
  CHECK(one.runtime == "runc");
  CHECK(one.name == "web");
  CHECK(one.image.reference == "nginx:1.25");
  CHECK(one.image.digests == std::vector<std::string>{kConfig, kManifest});
  CHECK(one.image.names == std::vector<std::string>{"mine:1", "nginx:1.25", "nginx@" + kManifest});
  CHECK(one.image.labels == std::map<std::string, std::string>{{"app", "shop"}});
}

TEST_CASE("docker: an id that was asked for is no name") {
  const std::string asked = GENERATE(std::string(12, 'a'), std::string("aaaa"), "sha256:" + std::string(64, 'a'));
  Fixture f;
  f.runc("spaces/moby", "d1");
  f.docker("d1", asked);
  CHECK(f.only().image.reference == "mine:1");
}

TEST_CASE("docker: its directory is found by the root, by its configuration, or is the usual one") {
  const std::string where = GENERATE("by root", "by configuration");
  Fixture f;
  if (where == "by root") {
    f.runc("spaces/moby", "d1", "", (f.sandbox.path() / "moved/overlay2/0123/merged").string());
  } else {
    f.runc("spaces/moby", "d1", "", "/run/elsewhere/rootfs");
    f.sandbox.write("daemon.json", R"({"data-root":")" + (f.sandbox.path() / "moved").string() + "\"}");
  }
  f.docker("d1", "nginx:1.25", "/moved", "moved");
  CHECK(f.only().name == "moved");
}

TEST_CASE("docker: a new name is noticed") {
  Fixture f;
  f.runc("spaces/moby", "d1");
  f.docker("d1", "nginx:1.25", "/first");
  CHECK(f.only().name == "first");
  f.docker("d1", "nginx:1.25", "/another");
  CHECK(f.only().name == "another");
}

TEST_CASE("podman: image, digests, names, labels of container and pod") {
  Fixture f;
  f.crun("p1",
         R"({"org.opencontainers.image.ref.name":"registry.example/trusted:1","io.kubernetes.pod.name":"claimed"})");
  f.storage("[" + Fixture::stored("p0", "") + "," +
            Fixture::stored("p1", R"({\"image-name\":\"quay.io/team/db:13\",\"image-id\":\"x\"})") + "]");
  BoltBucket libpod;
  libpod.in("ctr").in("p1").values["config"] = R"({"labels":{"app":"db"},"pod":"pod1"})";
  libpod.in("pod").in("pod1").values["config"] = R"({"name":"shop","labels":{"tier":"back","app":"pod's"}})";
  f.sandbox.write("storage/libpod/bolt_state.db", BoltWriter().file(libpod));
  const auto one = f.only();
  CHECK(one.engine == "podman");
  CHECK(one.runtime == "crun");
  CHECK(one.name == "db");
  CHECK(one.image.reference == "quay.io/team/db:13");
  CHECK(one.image.digests == std::vector<std::string>{kConfig, kManifest, kIndex});
  CHECK(one.image.labels == std::map<std::string, std::string>{{"app", "db"}, {"tier", "back"}});
  CHECK(one.pod.name == "shop");
}

TEST_CASE("podman: a container that goes with its end is in another list") {
  Fixture f;
  f.crun("p1");
  f.storage("[]");
  f.sandbox.write("storage-run/overlay-containers/volatile-containers.json", "[" + Fixture::stored("p1", "") + "]");
  CHECK(f.only().image.digests.size() == 3);
}

TEST_CASE("cri-o: an id that the kubelet asks for is no name, what a pod's author annotates it with does not count") {
  const bool named = GENERATE(true, false);  // by CRI-O, when it made the container
  Fixture f;
  f.crun("c1",
         R"({"io.kubernetes.cri.sandbox-name":"claimed","io.kubernetes.cri.image-name":"registry.example/trusted:1",)"
         R"("io.kubernetes.cri.container-name":"claimed","io.kubernetes.cri-o.Image":")" +
             std::string(64, 'a') + R"(","io.kubernetes.cri-o.ImageName":")" + (named ? "quay.io/team/db:12" : "") +
             "\"}");
  f.sandbox.write("crun/c1/status", R"({"pid":12,"cgroup-path":"/c1","rootfs":")" +
                                        (f.sandbox.path() / "storage/overlay/1/merged").string() + R"(","bundle":")" +
                                        (f.sandbox.path() / "run/overlay-containers/c1/userdata").string() + "\"}");
  f.storage("[]");
  f.sandbox.write("run/overlay-containers/volatile-containers.json",
                  "[" +
                      Fixture::stored("s1", R"({\"pod-name\":\"k8s_web-0_shop_u_0\",\"pod-id\":\"s1\",)"
                                            R"(\"metadata-name\":\"web-0\",\"namespace\":\"shop\",\"uid\":\"u\"})") +
                      "," +
                      Fixture::stored("c1", R"({\"pod-name\":\"k8s_web-0_shop_u_0\",\"pod-id\":\"s1\",)"
                                            R"(\"metadata-name\":\"db\",\"image-name\":\")" +
                                                std::string(64, 'a') + R"(\"})") +
                      "]");
  f.sandbox.write("run/overlay-containers/c1/userdata/config.json",
                  R"({"annotations":{"io.kubernetes.cri-o.Labels":"{\"app\":\"web\"}"}})");
  f.sandbox.write("run/overlay-containers/s1/userdata/config.json",
                  R"({"annotations":{"io.kubernetes.cri-o.Labels":"{\"tier\":\"front\",\"app\":\"pod's\"}"}})");
  const auto one = f.only();
  CHECK(one.engine == "cri-o");
  CHECK(one.name == "db");
  CHECK(one.image.reference == (named ? "quay.io/team/db:12" : "quay.io/team/db:13"));
  CHECK(one.image.digests == std::vector<std::string>{kConfig, kManifest, kIndex});
  CHECK(one.image.labels == std::map<std::string, std::string>{{"app", "web"}, {"tier", "front"}});
  CHECK(one.pod == Pod{"web-0", "shop", "u"});
}

TEST_CASE("containerd: image, digest of index, manifest and configuration, names of nerdctl") {
  Fixture f;
  f.runc("spaces/one", "c1");
  BoltBucket db;
  auto& space = db.in("v1").in("one");
  space.in("containers").in("c1").values = {{"image", "docker.io/library/nginx:1.25"}};
  space.in("containers").in("c1").in("labels").values = {{"nerdctl/name", "front"}, {"app", "shop"}};
  space.in("images").in("docker.io/library/nginx:1.25").in("target").values = {{"digest", kIndex}};
  f.sandbox.write("containerd/io.containerd.metadata.v1.bolt/meta.db", BoltWriter().file(db));
  const std::string blobs = "containerd/io.containerd.content.v1.content/blobs/sha256/";
  f.sandbox.write(blobs + std::string(64, 'c'),
                  R"({"manifests":[{"digest":"sha256:)" + std::string(64, 'd') +
                      R"(","platform":{"os":"linux","architecture":"s390x"}},{"digest":")" + kManifest +
                      R"(","platform":{"os":"linux","architecture":"amd64"}}]})");
  f.sandbox.write(blobs + std::string(64, 'b'), R"({"config":{"digest":")" + kConfig + R"("},"layers":[]})");
  const auto one = f.only();
  CHECK(one.engine == "containerd");
  CHECK(one.name == "front");
  CHECK(one.image.reference == "docker.io/library/nginx:1.25");
  CHECK(one.image.digests == std::vector<std::string>{kIndex, kManifest, kConfig});
  CHECK(one.image.labels.at("app") == "shop");
}

TEST_CASE("containerd: an index that holds itself comes to an end") {
  Fixture f;
  f.runc("spaces/one", "c1");
  BoltBucket db;
  auto& space = db.in("v1").in("one");
  space.in("containers").in("c1").values = {{"image", "loop"}};
  space.in("images").in("loop").in("target").values = {{"digest", kIndex}};
  f.sandbox.write("containerd/io.containerd.metadata.v1.bolt/meta.db", BoltWriter().file(db));
  const std::string blob = "containerd/io.containerd.content.v1.content/blobs/sha256/" + std::string(64, 'c');
  std::string many;
  for (int i = 0; i < 200; ++i) many += (i == 0 ? "" : ",") + (R"({"digest":")" + kIndex + "\"}");
  f.sandbox.write(blob, R"({"manifests":[)" + many + "]}");
  CHECK(f.only().image.digests == std::vector<std::string>{kIndex});
}

TEST_CASE("the kubelet's: the image that the pod names, the pod and its labels") {
  Fixture f;
  f.runc("spaces/k8s.io", "c1", R"("io.kubernetes.cri.container-name=web")");
  BoltBucket db;
  auto& containers = db.in("v1").in("k8s.io").in("containers");
  containers.in("c1").values = {{"image", kConfig}};
  containers.in("c1").in("extensions").values["io.cri-containerd.container.metadata"] = any(
      R"({"Version":"v1","Metadata":{"SandboxID":"s1","ImageRef":")" + kConfig +
      R"(","Config":{"metadata":{"name":"web"},"image":{"image":"registry.example/web:2"},"labels":{"app":"web"}}}})");
  containers.in("s1").in("extensions").values["io.cri-containerd.sandbox.metadata"] =
      any(R"({"Version":"v1","Metadata":{"Config":{"metadata":{"name":"web-0","namespace":"shop","uid":"u"},)"
          R"("labels":{"tier":"front"}}}})");
  f.sandbox.write("containerd/io.containerd.metadata.v1.bolt/meta.db", BoltWriter().file(db));
  const auto one = f.only();
  CHECK(one.name == "web");
  CHECK(one.image.reference == "registry.example/web:2");
  CHECK(one.image.digests == std::vector<std::string>{kConfig});
  CHECK(one.pod == Pod{"web-0", "shop", "u"});
  CHECK(one.image.labels.at("tier") == "front");
  CHECK(one.image.labels.at("app") == "web");
}

TEST_CASE("a container of an engine whose record is missing has an unknown image, whatever its annotations say") {
  Fixture f;
  const std::string space = GENERATE("spaces/moby", "spaces/one");
  f.runc(space, "d1", R"("org.opencontainers.image.ref.name=registry.example/trusted:1")");
  const auto one = f.only();
  CHECK_FALSE(one.image.reference);
  CHECK(one.image.labels.empty());
  CHECK(one.name == "d1");
  CHECK_FALSE(one.engine.empty());
}

TEST_CASE("a record that comes late is found") {
  Fixture f;
  f.runc("spaces/moby", "d1");
  CHECK_FALSE(f.only().image.reference);
  f.docker("d1", "nginx:1.25");
  for (int i = 0; i < 100 && !f.only().image.reference; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  CHECK(f.only().image.reference == "nginx:1.25");
}

TEST_CASE("records that others could have written, or of no use, are not believed and are told") {
  const std::string how = GENERATE("others may write it", "no JSON", "a link", "of another container");
  Fixture f;
  f.runc("spaces/moby", "d1");
  f.docker("d1", "nginx:1.25");
  const auto file = f.sandbox.path() / "docker/containers/d1/config.v2.json";
  if (how == "others may write it") ::chmod(file.c_str(), 0602);
  if (how == "no JSON") f.sandbox.write("docker/containers/d1/config.v2.json", "{\"ID\":");
  if (how == "of another container") f.sandbox.write("docker/containers/d1/config.v2.json", R"({"ID":"d2"})");
  if (how == "a link") {
    std::filesystem::rename(file, f.sandbox.path() / "elsewhere");
    std::filesystem::create_symlink(f.sandbox.path() / "elsewhere", file);
  }
  const auto one = f.only(1);
  CHECK_FALSE(one.image.reference);
  CHECK(one.image.digests.empty());
}

TEST_CASE("hostile records: wrong types everywhere, ids that lead elsewhere, protobuf without an end") {
  for (const char* text :
       {"[1]", "[{\"id\":5}]", R"([{"id":"a","names":{},"image":[],"metadata":{}}])", R"([{"id":"a","names":[5]}])",
        R"([{"id":"a","metadata":"{\"image-name\":7,\"pod-name\":{}}"}])", "[[[[]]]]"}) {
    INFO(text);
    CHECK(parseStorageContainers(text));
    CHECK(parseStorageImages(text));
  }
  for (const char* text : {"", "{}", "null", "[", "\"x\""}) {
    CHECK_FALSE(parseStorageContainers(text));
    CHECK_FALSE(parseStorageImages(text));
  }
  CHECK_FALSE(parseDockerConfig("[]", "a"));
  CHECK(parseDockerConfig(R"({"ID":"a","Config":[],"Name":5,"Image":{}})", "a"));
  EngineRecord record;
  CHECK(addDockerNames(record, R"({"Repositories":[]})"));
  CHECK(addDockerNames(record, R"({"Repositories":{"a":5,"b":{"c":5}}})"));
  CHECK_FALSE(addDockerNames(record, "x"));
  for (const std::string& bytes :
       {std::string(), std::string("\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11), std::string(20, '\xff'),
        std::string("\x0a\x7f"), any("{"), any("[]"), any(R"({"Metadata":5})"), any(R"({"Metadata":{"Config":[]}})")}) {
    addCriMetadata(record, bytes);
    CHECK(parseCriSandbox(bytes).empty());
  }
  CHECK(record.digests.empty());
  CHECK(parseLibpod("[]").labels.empty());
  Engines engines({});
  Container container;
  container.id = "..";
  CHECK_FALSE(engines.find(container, "moby")->has_value());
  container.id = "a/../../b";
  CHECK_FALSE(engines.find(container, "moby")->has_value());
}

TEST_CASE("a thousand containers: what has not changed is not read again") {
  Fixture f;
  std::string list;
  for (int i = 0; i < 1000; ++i) {
    const std::string id = "p" + std::to_string(i);
    f.crun(id);
    list += (i == 0 ? "" : ",") + Fixture::stored(id, R"({\"image-name\":\"quay.io/team/db:13\"})");
  }
  f.storage("[" + list + "]");
  const auto measure = [&] {
    const auto start = std::chrono::steady_clock::now();
    const auto scan = f.runtimes.scan();
    CHECK(scan.containers.size() == 1000);
    CHECK(std::ranges::all_of(scan.containers, [](const auto& one) { return one->image.digests.size() == 3; }));
    return std::chrono::steady_clock::now() - start;
  };
  const auto first = measure();
  const auto second = measure();
  CHECK(second < first);
  // one more: the list is read once, not a thousand times
  f.crun("new");
  f.storage("[" + list + "," + Fixture::stored("new", "") + "]");
  const auto scan = f.runtimes.scan();
  CHECK(scan.containers.size() == 1001);
  CHECK(scan.find(f.sandbox.cgroup("new"), "")->image.digests.size() == 3);
}

TEST_CASE("containers come and go all the time: each is seen with its own image and no other's") {
  Fixture f;
  constexpr int kAll = 300;
  constexpr int kAtOnce = 20;
  // As engines do: first the record, whole, then the state.
  const auto writeAll = [&](int first, int last) {
    std::string list;
    for (int i = first; i <= last; ++i) {
      const std::string metadata = R"({\"image-name\":\"quay.io/team/app:)" + std::to_string(i) + R"(\"})";
      list += (i == first ? "" : ",") + Fixture::stored("c" + std::to_string(i), metadata);
    }
    f.sandbox.write("new", "[" + list + "]");
    std::filesystem::create_directories(f.sandbox.path() / "storage/overlay-containers");
    std::filesystem::rename(f.sandbox.path() / "new", f.sandbox.path() / "storage/overlay-containers/containers.json");
  };
  std::atomic<bool> over = false;
  std::atomic<int> scans = 0;
  std::thread engine([&] {
    std::array<int, kAll> started{};
    for (int i = 0; i < kAll; ++i) {
      const int first = std::max(0, i - kAtOnce);
      // One that lives for a whole scan is seen. How long that is, is the machine's affair.
      while (first > 0 && scans < started.at(first - 1) + 2) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      writeAll(first, i);
      f.crun("c" + std::to_string(i));
      if (first > 0) {
        f.sandbox.remove("crun/c" + std::to_string(first - 1));
        f.sandbox.remove("cgroup/c" + std::to_string(first - 1));
      }
      started.at(i) = scans;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    over = true;
  });
  std::set<std::string> seen;
  std::size_t wrong = 0;
  for (bool last = false; !last; ++scans) {
    last = over;
    for (const auto& one : f.runtimes.scan().containers) {
      if (!one->image.reference) continue;
      seen.insert(one->id);
      if (*one->image.reference != "quay.io/team/app:" + one->id.substr(1)) ++wrong;
    }
  }
  engine.join();
  CHECK(wrong == 0);
  CHECK(seen.size() == kAll);
}

TEST_CASE("an image is exempt by any name that its engine has for it, and scoped by the one that was asked for") {
  rule::ImageFacts facts;
  facts.reference = "registry.example/web:1";
  facts.names = {"localhost/mirror/nginx:1.25"};
  rule::AllowList list;
  list.images = {"mirror/nginx"};
  CHECK(rule::allowedBy(list, facts) == "mirror/nginx");
  rule::Scope scope;
  scope.images = {"localhost/mirror/nginx"};
  CHECK(rule::matchScope(scope, "", facts).scoped == rule::Scoped::OtherImage);
}

namespace {

/// What engines of a Debian suite have left (tests/fixtures/engine_state/record), as if it were here.
void copyRecorded(const test::Sandbox& sandbox, const std::filesystem::path& recorded) {
  namespace fs = std::filesystem;
  for (const auto& entry : fs::recursive_directory_iterator(recorded)) {
    if (!entry.is_regular_file()) continue;
    const fs::path name = fs::relative(entry.path(), recorded);
    auto text = readFile(entry.path(), 1 << 24);
    REQUIRE(text);
    if (name.string().starts_with("run/")) {
      *text = nlohmann::json::parse(*text).dump();  // some escape slashes
      for (const auto& [theirs, ours] : {std::pair{"\"/var/lib/", sandbox.path() / "var/lib"},
                                         {"\"/sys/fs/cgroup/", sandbox.path() / "cgroup"},
                                         {"\"/run/containers/", sandbox.path() / "run/containers"},
                                         {"=/run/containers/", sandbox.path() / "run/containers"}}) {
        for (auto at = text->find(theirs); at != text->npos; at = text->find(theirs, at + 1))
          text->replace(at, std::string(theirs).size(), *theirs + ours.string() + "/");
      }
    }
    sandbox.write(name, *text);
  }
}

/// As runc and crun have it, in the recorded state file.
std::string cgroupOf(const nlohmann::json& state, const std::filesystem::path& mount) {
  if (state.contains("cgroup-path")) return state["cgroup-path"];
  return state["cgroup_paths"][""].get<std::string>().substr(mount.string().size());
}

}  // namespace

TEST_CASE("recorded: what newer engines have written is read as they themselves say it") {
  const std::string suite = GENERATE("trixie", "sid", "crio-1.24.6", "crio-1.32.10");
  const bool moved = GENERATE(false, true);  // to another disk, with a link in its place
  const std::filesystem::path recorded = HOLDFAST_SOURCE_DIR "/tests/fixtures/engine_state/" + suite;
  const test::Sandbox sandbox;
  copyRecorded(sandbox, recorded);
  if (moved) {
    std::filesystem::rename(sandbox.path() / "var", sandbox.path() / "elsewhere");
    std::filesystem::create_symlink("elsewhere", sandbox.path() / "var");
  }
  RuntimeRoots roots;
  roots.runc_parents = {sandbox.path() / "run/docker/runtime-runc", sandbox.path() / "run/containerd/runc"};
  roots.runc = {sandbox.path() / "run/runc"};
  roots.crun = {sandbox.path() / "run/crun"};
  roots.cgroup_mount = sandbox.path() / "cgroup";
  roots.engines = {.docker = sandbox.path() / "var/lib/docker",
                   .docker_config = sandbox.path() / "none",
                   .containerd = {sandbox.path() / "var/lib/containerd"},
                   .storage_run = sandbox.path() / "none"};
  for (const auto& entry : std::filesystem::recursive_directory_iterator(sandbox.path() / "run")) {
    if (entry.path().filename() != "state.json" && entry.path().filename() != "status") continue;
    const auto text = readFile(entry.path(), 1 << 24);
    REQUIRE(text);
    (void)sandbox.cgroup(cgroupOf(nlohmann::json::parse(*text), roots.cgroup_mount).substr(1));
  }
  Runtimes runtimes(roots);
  const auto scan = runtimes.scan();
  CHECK(scan.problems.empty());
  const auto text = readFile(recorded / "expected.json", 1 << 20);
  REQUIRE(text);
  const auto expected = nlohmann::json::parse(*text);
  CHECK(expected.size() == (suite.starts_with("crio-") ? 2 : 4));
  for (const auto& one : expected) {
    INFO(suite << " " << one["name"]);
    const auto found = std::ranges::find_if(scan.containers, [&](const auto& c) { return c->id == one["id"]; });
    REQUIRE(found != scan.containers.end());
    const auto& container = **found;
    CHECK(container.engine == one["engine"]);
    CHECK(container.name == one["name"]);
    CHECK(container.image.reference == one["image"].get<std::string>());
    auto digests = container.image.digests;
    std::ranges::sort(digests);
    CHECK(digests == one["digests"].get<std::vector<std::string>>());
    CHECK(container.pod.name == one.value("pod", ""));
    for (const auto& [name, value] : one["labels"].items()) {
      REQUIRE(container.image.labels.contains(name));
      CHECK(container.image.labels.at(name) == value);
    }
  }
}

TEST_CASE("podman: a database that is no database, and one that others may write, are of no use and said to be") {
  Fixture f;
  f.crun("p1");
  f.storage("[" + Fixture::stored("p1", R"({\"image-name\":\"quay.io/team/db:13\"})") + "]");
  f.sandbox.write("storage/db.sql", std::string(4096, 'x'));
  CHECK(f.only(1).engine.empty());
  f.sandbox.remove("storage/db.sql");
  f.sandbox.write("storage/db.sql", "");
  ::chmod((f.sandbox.path() / "storage/db.sql").c_str(), 0666);
  CHECK(f.only(1).engine.empty());
}
