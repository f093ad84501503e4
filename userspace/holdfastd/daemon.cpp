// SPDX-License-Identifier: Apache-2.0
#include "holdfastd/daemon.hpp"

#include <grp.h>
#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <ctime>

#include "alert/audit.hpp"
#include "alert/change_requests.hpp"
#include "alert/output.hpp"
#include "alert/requests.hpp"
#include "base/json.hpp"
#include "base/time.hpp"
#include "container/cgroup.hpp"
#include "holdfastd/alert_context.hpp"
#include "holdfastd/control_handlers.hpp"
#include "kernel/overlay_calibration.hpp"

namespace holdfast::holdfastd {

using namespace std::chrono_literals;

namespace {

constexpr auto kTick = 1000ms;
// While the module is there and its greeting is awaited, the control socket is not opened and nobody is told "ready".
constexpr auto kGreetingPatience = 5s;
constexpr auto kCanary = 60s;
constexpr const char* kCanaryProgram = "/usr/libexec/holdfast/selftest-probe";
// A look at all containers takes the longer the more there are, and no more than this part of a processor.
constexpr int kRestAfterLook = 30;
constexpr auto kRepair = 10s;         // between tries to mend what could not be done when the module was met
constexpr auto kStreamSilence = 10s;  // then the watchdog may bite
constexpr std::size_t kThreads = 3;

/// What the calling thread has used.
std::chrono::nanoseconds processorTime() {
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

container::RuntimeRoots runtimeRoots(const Options& options) {
  auto roots = container::RuntimeRoots::ofHost();
  roots.runc.insert(roots.runc.end(), options.runc_roots.begin(), options.runc_roots.end());
  roots.crun.insert(roots.crun.end(), options.crun_roots.begin(), options.crun_roots.end());
  return roots;
}

}  // namespace

Daemon::Daemon(const Options& options, std::shared_ptr<const LimitedSink> log)
    : options_(options),
      log_(std::move(log)),
      boot_id_(bootId()),
      since_ns_(realTimeNs()),
      since_(utcText(since_ns_)),
      host_(std::make_shared<const alert::HostFacts>(hostFacts({}, {}))),
      runtimes_(runtimeRoots(options)),
      keeper_(policy_port_, table_, history_, container::runtimePatterns()),
      event_containers_(table_, runtimes_),
      changed_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      store_(
          {.file = options.state_dir / kStoreFile,
           .port = store_port_,
           .to_alert = [this](const auto& event) { return alertOf(event, history_, event_containers_, *host_.load()); },
           .on_change = [this] { (void)::eventfd_write(changed_.get(), 1); }},
          kStoreQueueMax),
      rules_(options_, keeper_, [this](auto kind, const auto& error) { notice(kind, error); }),
      journal_({.file = options.state_dir / kStoreFile,
                .sink = std::make_unique<alert::JournalSink>(alert::defaultTarget()),
                .writer = [this](auto work) { return store_.ask(std::move(work)); }}),
      audit_({.file = options.state_dir / kStoreFile,
              .sink = std::make_unique<alert::AuditSink>(),
              .writer = [this](auto work) { return store_.ask(std::move(work)); }}),
      postures_({.table = table_,
                 .in_force = [this] { return keeper_.inForce(); },
                 .read = [host = container::thisHost()](const auto& one) { return container::readPosture(one, host); },
                 .alert = [this](const auto& one, const auto& posture) { return riskyStart(one, posture); }}),
      answerer_(answer_port_, keeper_, table_, runtimes_, [this](const auto& container) { meetContainer(container); }),
      pool_([this](const auto& query, auto arrived, auto now) { return answerer_.resolve(query, arrived, now); },
            kThreads, kQueriesMax, options.query_delay),
      intake_(answerer_, pool_, store_, self_tests_, options.query_delay.count() == 0),
      stream_(intake_),
      reconciler_(main_port_, keeper_, table_, runtimes_, [this](const auto& container) { meetContainer(container); }),
      canary_(main_port_, kCanaryProgram),
      host_watch_(host_port_, "/") {}

void Daemon::notice(alert::NoticeKind kind, const Error& error) {
  auto alert = alert::fromNotice(kind, safeUtf8(error.message), *host_.load(), boot_id_, error.file, error.line);
  if (!store_.push(std::move(alert))) spdlog::error("not stored: {}", safeUtf8(error.text()));
}

bool Daemon::riskyStart(const container::Container& container, const container::Posture& posture) {
  auto alert = alert::fromNotice(alert::NoticeKind::RiskyStart, safeUtf8(textOf(posture)), *host_.load(), boot_id_,
                                 factsOf(container));
  alert.tgid = container.init_pid;
  alert.start_time = container.init_start_ticks;
  return store_.push(std::move(alert));
}

void Daemon::meetContainer(const container::Container& container) {
  postures_.nudge();
  const auto in_force = keeper_.inForce();
  if (!in_force || !in_force->rules) return;
  for (const auto& one : rule::notApplied(*in_force->rules, in_force->config, container.image)) {
    if (!one.image_unknown) continue;
    {
      const std::scoped_lock lock(unknown_mutex_);
      if (!unknown_said_.emplace(in_force->rules.get(), one.tag).second) continue;
    }
    const auto* rule = in_force->rules->find(one.tag);
    const std::string text = "rule \"" + (rule == nullptr ? std::string("?") : rule->name) +
                             "\" does not apply to containers whose image is unknown, as this one: " + one.reason;
    (void)store_.push(alert::fromNotice(alert::NoticeKind::ImageUnknown, safeUtf8(text), *host_.load(), boot_id_,
                                        factsOf(container)));
  }
}

void Daemon::useSettings() {
  const auto& config = rules_.lastRead();
  setLogLevel(options_.log_level.value_or(config.log_level));
  StoreThread::Settings settings;
  settings.keep = {std::chrono::days(config.alerts_keep_days), config.alerts_keep_count};
  for (auto [output, on] : {std::pair{&journal_, config.output_journal}, {&audit_, config.output_audit}}) {
    if (on) settings.outputs.push_back(output->report().name);
    output->enable(on);
  }
  store_.set(std::move(settings));
}

void Daemon::rulesInForce() {
  host_watch_.lookAgain();
  const auto& config = rules_.config();
  host_.store(std::make_shared<const alert::HostFacts>(hostFacts(config.host_name, config.cluster)));
  {
    const std::scoped_lock lock(unknown_mutex_);
    unknown_said_.clear();
  }
  for (const auto& entry : table_.all()) {
    if (!entry.self_test) meetContainer(*entry.container);
  }
}

tl::expected<control::ReloadReport, std::vector<Error>> Daemon::reload() {
  // Before the files are read: what is written from now on is another change.
  if (watch_) watch_->taken();
  const auto watched = std::pair(rules_.directories(), rules_.files());
  auto done = rules_.reload();
  useSettings();
  if (done) rulesInForce();
  if (watch_ && std::pair(rules_.directories(), rules_.files()) != watched)
    watch_ = std::make_unique<RuleWatch>(rules_.directories(), rules_.files());
  return done;
}

void Daemon::calibrate() {
  const auto done = kernel::calibrateOverlay(main_port_);
  calibration_problem_ = done ? "" : done.error().message;
  if (!done) spdlog::error("{}", done.error().message);
}

void Daemon::putRulesInForce() {
  (void)rules_.read();
  useSettings();
  rules_.applyFirst();
  rulesInForce();
}

void Daemon::meetModule(const kernel::Hello& hello) {
  spdlog::info("module {}: generation {} is in force", safeUtf8(hello.status.module_version), hello.status.generation);
  if (auto done = history_.open(options_.state_dir / "rule-history.json", hello.boot_id, hello.load_id); !done) {
    spdlog::debug("{}", done.error().text());
  }
  const auto status = main_port_.status();
  if (!status) return;
  keeper_.adopt(*status);
  if (auto done = reconciler_.adoptContainers(); !done) return spdlog::error("{}", done.error().message);
  if (!status->has(kernel::kStatusOverlay)) calibrate();
  putRulesInForce();
  if (auto done = reconciler_.adoptProcesses(); !done) return spdlog::error("{}", done.error().message);
  host_watch_.meet(hello.load_id);
  met_ = hello.load_id;
  store_.met(hello.load_id);
  next_canary_ = {};
  next_repair_ = Clock::now() + kRepair;
}

void Daemon::watchCounters() {
  if (const auto overflow = status_->events_overflow; overflow > overflow_said_) {
    notice(alert::NoticeKind::EventsOverflowed,
           Error{std::to_string(overflow) + " operations since the module was loaded were only counted by the kernel, "
                                            "as more was reported than could be kept"});
    overflow_said_ = overflow;
  }
  if (const auto missing = intake_.counters().missing.load(); missing > missing_said_) {
    notice(
        alert::NoticeKind::StreamLost,
        Error{std::to_string(missing) + " events that the kernel counts as delivered never reached this controller"});
    missing_said_ = missing;
  }
}

void Daemon::watchHooks() {
  if (Clock::now() < next_canary_) return;
  next_canary_ = Clock::now() + kCanary;
  auto problem = canary_.check();
  if (problem.empty()) {
    canary_at_ = utcText(realTimeNs());
  } else if (problem != canary_problem_) {
    notice(alert::NoticeKind::Unhealthy, Error{"hooks: " + problem});
  }
  canary_problem_ = std::move(problem);
}

void Daemon::watchModule(const kernel::Outcome<kernel::Status>& status) {
  const auto hello = intake_.hello();
  if (!status) {
    const bool patient = Clock::now() - started_ < kGreetingPatience;
    if (status.error().code == ENODEV && !absence_said_ && !patient) {
      notice(alert::NoticeKind::ModuleMissing, Error{status.error().message + ": nothing is enforced on this host"});
      absence_said_ = true;
    }
    met_.reset();
    return;
  }
  absence_said_ = false;
  if (!hello) return;
  if (met_ != hello->load_id) {
    overflow_said_ = 0;
    meetModule(*hello);
    return;
  }
  if (Clock::now() >= next_repair_) {
    next_repair_ = Clock::now() + kRepair;
    if (!status->has(kernel::kStatusOverlay)) calibrate();
    if (!keeper_.inForce()) putRulesInForce();
  }
  if (status->controller_pid != static_cast<std::uint32_t>(::getpid()) || status->has(kernel::kStatusSilent)) {
    stream_.greetAgain();
  }
  reconcile();
  watchCounters();
  watchHooks();
}

void Daemon::reconcile() {
  if (Clock::now() < next_look_) return;
  const auto before = processorTime();
  if (auto done = reconciler_.tick(); !done) spdlog::warn("{}", done.error().message);
  next_look_ = Clock::now() + (processorTime() - before) * kRestAfterLook;
}

void Daemon::tick() {
  next_tick_ = Clock::now() + kTick;
  watchClock();
  status_ = main_port_.status();
  watchModule(status_);
  openReader();
  const auto& settings = rules_.lastRead();
  metrics_file_.tick(settings.metrics_textfile, std::chrono::seconds(settings.metrics_every_seconds), Clock::now(),
                     [this] { return control::prometheusText(metricsOf(metricsInputs())); });
  spdlog::default_logger()->flush();
  tellServiceManager();
}

void Daemon::watchClock() {
  if (const auto step = clock_.look(Clock::now())) notice(alert::NoticeKind::ClockStepped, Error{*step});
}

void Daemon::openReader() {
  if (reader_ && !reader_->moved()) return;
  auto opened = alert::Store::open(options_.state_dir / kStoreFile, {.read_only = true});
  if (!opened) return;
  reader_.emplace(std::move(*opened));
  if (server_) alert::registerRequests(*server_, *reader_);
}

void Daemon::tellServiceManager() {
  if (Clock::now() - stream_.lastSeen() < kStreamSilence) (void)::sd_notify(0, "WATCHDOG=1");
  if (!ready_) return;
  const std::string text =
      met_ ? "STATUS=generation " + std::to_string(keeper_.inForce() ? keeper_.inForce()->generation : 0)
           : std::string("STATUS=Abnormal: ") + (status_ ? stream_.problem() : status_.error().message);
  (void)::sd_notify(0, text.c_str());
}

Result<void> Daemon::listen() {
  control::ServerOptions options;
  if (const group* readers = ::getgrnam("holdfast"); readers != nullptr) options.readers = readers->gr_gid;
  options.refuse = [this](const control::Peer& peer) { return refuseMember(main_port_, peer); };
  auto server = control::Server::listen(options_.socket, std::move(options));
  if (!server) return tl::unexpected(server.error());
  server_.emplace(std::move(*server));
  registerRequests(*server_, {.inputs = [this] { return inputs(); },
                              .rules = rules_,
                              .keeper = keeper_,
                              .table = table_,
                              .self_tests = self_tests_,
                              .port = main_port_,
                              .cgroup_mount = runtimes_.roots().cgroup_mount,
                              .reload = [this] { return reload(); },
                              .metrics = [this] { return metricsOf(metricsInputs()); }});
  alert::registerChanges(*server_, [this](auto work) { return store_.ask(std::move(work)); });
  if (reader_) alert::registerRequests(*server_, *reader_);
  return {};
}

int Daemon::pollTime() const {
  auto until = next_tick_;
  if (watch_) until = std::min(until, watch_->due().value_or(until));
  // While the module's greeting is awaited, it is looked for more often.
  if (!ready_) until = std::min(until, Clock::now() + 20ms);
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
  return static_cast<int>(std::max<std::chrono::milliseconds::rep>(wait.count(), 0));
}

bool Daemon::handleSignal(int signals) {
  signalfd_siginfo info{};
  if (::read(signals, &info, sizeof info) != sizeof info) return true;
  if (info.ssi_signo != SIGHUP) return false;
  (void)reload();
  return true;
}

Result<void> Daemon::run(int signals) {
  (void)rules_.read();
  useSettings();
  watch_ = std::make_unique<RuleWatch>(rules_.directories(), rules_.files());
  // What was written between is in this reading, what comes after wakes the watch.
  (void)rules_.read();
  useSettings();
  while (true) {
    const auto now = Clock::now();
    if (!ready_ || now >= next_tick_) tick();
    const bool hopeless = status_ ? status_->has(kernel::kStatusDisabled) : status_.error().code == ENODEV;
    if (!ready_ && (met_ || hopeless || now - started_ > kGreetingPatience)) {
      if (auto done = listen(); !done) return done;
      ready_ = true;
      (void)::sd_notify(0, "READY=1");
      tellServiceManager();
    }
    std::array<pollfd, 5> fds{pollfd{.fd = signals, .events = POLLIN, .revents = 0},
                              pollfd{.fd = changed_.get(), .events = POLLIN, .revents = 0},
                              pollfd{.fd = watch_->fd(), .events = POLLIN, .revents = 0},
                              pollfd{.fd = server_ ? server_->fd() : -1, .events = POLLIN, .revents = 0},
                              pollfd{.fd = clock_.fd(), .events = POLLIN, .revents = 0}};
    if (::poll(fds.data(), fds.size(), pollTime()) < 0 && errno != EINTR) return fail("poll failed");
    if (fds[0].revents != 0 && !handleSignal(signals)) return {};
    if (fds[1].revents != 0) {
      eventfd_t count = 0;
      (void)::eventfd_read(changed_.get(), &count);
      journal_.notify();
      audit_.notify();
      if (server_) server_->pump();
    }
    if (fds[2].revents != 0) watch_->drain(Clock::now());
    if (const auto due = watch_->due(); due && Clock::now() >= *due) (void)reload();
    if (fds[3].revents != 0) server_->dispatch();
    if (fds[4].revents != 0) watchClock();
  }
}

}  // namespace holdfast::holdfastd
