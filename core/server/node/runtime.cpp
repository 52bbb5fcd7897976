// SPDX-License-Identifier: Apache-2.0
#include "core/server/node/runtime.hpp"

#include <asio/co_spawn.hpp>
#include <asio/use_future.hpp>

#include <algorithm>
#include <atomic>
#include <future>
#include <stdexcept>
#include <thread>
#include <utility>

#include "core/delivery/dispatch/dispatcher.hpp"
#include "core/delivery/dispatch/periodic.hpp"
#include "core/foundation/base/log.hpp"
#include "core/net/dns/stub_resolver.hpp"
#include "core/net/http_server/server.hpp"
#include "core/net/sockets/tcp_stream.hpp"
#include "core/reception/submission/listeners.hpp"
#include "core/reception/submission/sink.hpp"
#include "core/server/node/allocator.hpp"
#include "core/server/node/descriptors.hpp"
#include "core/server/node/node_database.hpp"
#include "core/server/node/node_pages.hpp"
#include "core/server/node/policies.hpp"
#include "core/server/node/reception.hpp"
#include "core/server/node/reload.hpp"
#include "core/server/node/signals.hpp"
#include "core/server/node/systemd.hpp"
#include "core/server/node/tls_reporting.hpp"
#include "core/server/node/tlsa_watch.hpp"
#include "core/server/node/watchdog.hpp"
#include "core/server/settings/builtin.hpp"

namespace outpost::server {
namespace {

constexpr std::chrono::seconds report_interval{30};
constexpr std::chrono::seconds tidy_interval{10};

unsigned loops_for(const RuntimeOptions& options) {
    return options.threads > 0 ? options.threads
                               : std::max(1U, std::thread::hardware_concurrency());
}

dispatch::Settings fitting_limits(const Settings& settings) {
    const auto limits = within_descriptors(settings, descriptor_limit());
    if (limits.max_in_flight < settings.limits.max_in_flight) {
        log::warning(
            "outpost", "limits.deliveries is {} instead of {}: this process may open {} files",
            limits.max_in_flight, settings.limits.max_in_flight, descriptor_limit()
        );
    }
    return limits;
}

submission::Listeners::Settings listening(const Settings& settings) {
    submission::Listeners::Settings listening{settings.hostname, settings.listeners, {}};
    for (const auto& [name, account] : settings.accounts)
        listening.accounts[name] = account.submission;
    listening.signers = signing_domains(settings);
    return listening;
}

}  // namespace

/// The parts in the order in which they are made; each uses only those before it.
struct Runtime::Parts {
    Parts(const Loaded& loaded, const RuntimeOptions& options)
        : settings(loaded.settings),
          loops(loops_for(options)),
          database(options.stores ? nullptr : open_database(loaded)),
          stores(options.stores ? *options.stores : database->stores()),
          resolver(dns::make_resolver(settings.dns)),
          dialer(net::make_direct_dialer(tls::make_client_context(settings.tls))),
          policies(settings, stores.of_policy, resolver, tasks, loops.at(0).get_executor()),
          dispatcher(
              {loops, stores.queue, stores.limits, stores.suppressions, *resolver, *dialer, registry
              },
              fitting_limits(settings),
              make_snapshot(loaded, options.make_transport, policies.of(settings)),
              {[this] { reporter.wake(); },
               [this](const delivery::Learned& learned) {
                   if (database) database->learn(learned);
               }}
          ),
          reporter(
              "reports", loops.at(0).get_executor(), report_interval,
              [this] { return database->compose_report(); }
          ),
          janitor(
              "tidying", loops.at(0).get_executor(), tidy_interval,
              [this] { return database->tidy(); }
          ),
          tls_reporting(
              settings, database ? &database->pool() : nullptr, resolver, loops.at(0).get_executor()
          ),
          tlsa_watch(settings, resolver, loops.at(0).get_executor()),
          reception(loops, stores, resolver, registry, [this] { return database_answers(); }),
          listeners(loops, stores.queue, registry, settings.limits.content_memory / 2),
          pages(node_pages(registry, [this] { return database_answers(); }, serving)) {
        if (settings.sink) sink = make_sink();
        if (database) database->measure(registry);
        policies.count_in(registry);
    }

    /// Everything that `wanted` want open.
    submission::Listeners::Settings doors(const Settings& wanted, const Reception::Plan& plan) {
        auto open = listening(wanted);
        open.make_receiver = reception.receivers(plan);
        return open;
    }

    std::unique_ptr<submission::Sink> make_sink() {
        submission::SinkOptions options;
        options.at = settings.sink->listen;
        options.directory = settings.sink->directory;
        return std::make_unique<submission::Sink>(loops, std::move(options));
    }

    std::unique_ptr<NodeDatabase> open_database(const Loaded& loaded) {
        return std::make_unique<NodeDatabase>(loaded, [this] { superseded = true; });
    }
    bool database_answers() const { return !database || database->reachable(); }

    /// What other nodes and SQL have to tell the parts.
    NodeDatabase::Channels channels() {
        NodeDatabase::Channels channels{
            {"outpost_work", [this](const auto&) { dispatcher.wake(); }},
            {"outpost_report", [this](const auto&) { reporter.wake(); }},
            {"outpost_limits",
             [this](const std::string& sender) {
                 if (!database->is_own(sender)) dispatcher.limits_changed();
             }},
            {"outpost_tls",
             [this](const std::string& text) {
                 if (const auto change = queue::TlsChange::parse(text))
                     dispatcher.tls_changed(*change);
             }},
            {"outpost_tls_reports", [this](const auto&) { tls_reporting.wake(); }},
        };
        for (const auto& kind : policy_kinds()) {
            if (kind->channel().empty()) continue;
            channels[kind->channel()] = [this, policy = kind->key()](const std::string& what) {
                policies.notified(policy, what);
            };
        }
        return channels;
    }

    void start() {
        loops.start();
        stores.hand_fresh_work_to(&dispatcher);
        if (database) database->listen(channels());
        if (sink) sink->start();
        policies.start();
        dispatcher.start();
        if (database) {
            reporter.start(tasks);
            janitor.start(tasks);
        }
        tls_reporting.start(tasks);
        tlsa_watch.start(tasks);
        const auto plan = reception.plan(settings);
        listeners.apply(doors(settings, plan));
        reception.start(settings, plan);
        if (settings.metrics) pages.start(settings.metrics->listen);
        serving = true;
    }

    /// Mail that is being taken in is still queued, and reports are still composed, while
    /// deliveries end.
    void stop() {
        const auto deadline = Deadline::in(settings.limits.drain_time);
        serving = false;
        listeners.stop();
        reception.stop();
        reporter.stop();
        janitor.stop();
        tls_reporting.stop();
        tlsa_watch.stop();
        auto submissions = on_first_loop(listeners.join(deadline));
        auto deliveries = on_first_loop(dispatcher.drain(deadline));
        deliveries.wait();
        submissions.wait();
        on_first_loop(reception.join(deadline)).wait();
        policies.stop();
        on_first_loop(tasks.join(deadline)).wait();
        if (sink) sink->stop();
        pages.stop();
        stores.hand_fresh_work_to(nullptr);
        if (database) database->close();
        loops.stop();
    }

    template <class T>
    std::future<T> on_first_loop(awaitable<T> task) {
        return asio::co_spawn(loops.at(0), std::move(task), asio::use_future);
    }

    const Settings settings;  ///< those of the start: what a reload changes is handed to the parts
    metrics::Registry registry;
    std::atomic<bool> serving{false};
    std::atomic<bool> superseded{false};  ///< a later run has taken this node's name
    EventLoops loops;
    TaskGroup tasks;
    std::unique_ptr<NodeDatabase> database;  ///< null: what lasts is kept elsewhere
    const Stores stores;
    std::shared_ptr<dns::Resolver> resolver;
    std::shared_ptr<net::Dialer> dialer;
    Policies policies;
    dispatch::Dispatcher dispatcher;
    dispatch::Periodic reporter, janitor;
    TlsReporting tls_reporting;
    TlsaWatch tlsa_watch;
    Reception reception;
    submission::Listeners listeners;
    std::unique_ptr<submission::Sink> sink;
    http_server::Server pages;
};

Runtime::Runtime(Loaded loaded, RuntimeOptions options)
    : loaded_(std::move(loaded)),
      options_(std::move(options)),
      certificates_(options_.look_at_certificates) {}

Runtime::~Runtime() {
    stop();
}

void Runtime::start() {
    log::set_level(loaded_.settings.log_level);
    // Before they are read: what changes in between is then noticed.
    certificates_.watch(certificate_files(loaded_.settings));
    auto parts = std::make_unique<Parts>(loaded_, options_);
    try {
        parts->start();
    } catch (...) {
        // What has been opened already would otherwise still be running when its parts go away.
        parts->stop();
        throw;
    }
    parts_ = std::move(parts);
    log::info(
        "outpost", "serving as {}, configuration {}", loaded_.settings.hostname, loaded_.version
    );
}

void Runtime::stop() {
    if (!parts_) return;
    log::info("outpost", "stopping");
    parts_->stop();
    parts_.reset();
    log::info("outpost", "stopped");
}

void Runtime::run() {
    Signals signals;
    raise_descriptor_limit();
    return_large_blocks();
    start();
    notify_service_manager("READY=1");
    if (options_.on_ready) options_.on_ready();
    Watchdog watchdog(parts_->loops);
    for (bool serving = true; serving && !parts_->superseded;) {
        watchdog.tick();
        renew_certificates();
        switch (signals.wait(watchdog.interval())) {
            case Signals::Event::none:
                break;
            case Signals::Event::stop:
                serving = false;
                break;
            case Signals::Event::reload:
                notify_service_manager("RELOADING=1");
                reload();
                notify_service_manager("READY=1");
                break;
        }
    }
    notify_service_manager("STOPPING=1");
    signals.let_stop_kill();
    const bool superseded = parts_->superseded;
    stop();
    if (superseded) throw std::runtime_error("another run has registered under this node's name");
}

bool Runtime::reload() {
    if (!parts_ || options_.config_file.empty()) return false;
    return server::reload(options_.config_file, [this](Loaded next) { apply(std::move(next)); });
}

// What may fail comes first, so that a failure changes nothing.
void Runtime::apply(Loaded next) {
    WatchedFiles certificates = certificates_;
    certificates.watch(certificate_files(next.settings));
    auto policies = parts_->policies.of(next.settings);
    auto snapshot = make_snapshot(next, options_.make_transport, policies);
    const auto plan = parts_->reception.plan(next.settings);
    parts_->policies.reconfigure(next.settings);
    parts_->tls_reporting.reconfigure(next.settings);
    parts_->listeners.apply(parts_->doors(next.settings, plan));
    parts_->reception.serve(plan);
    parts_->dispatcher.use(std::move(snapshot));
    if (parts_->database) parts_->database->reconfigure(next);
    parts_->tlsa_watch.use(next.settings);
    log::set_level(next.settings.log_level);
    for (const auto& key : needs_restart(parts_->settings, next.settings))
        log::warning("config", "{}", restart_notice(key));
    certificates_ = std::move(certificates);
    loaded_ = std::move(next);
}

void Runtime::renew_certificates() {
    const auto changed = certificates_.changed();
    if (changed.empty()) return;
    try {
        const auto plan = parts_->reception.plan(loaded_.settings);
        parts_->listeners.apply(parts_->doors(loaded_.settings, plan));
        parts_->reception.serve(plan);
        for (const auto& file : changed)
            log::info("outpost", "{} has changed and is in use", file.string());
        parts_->tlsa_watch.look();
    } catch (const std::exception& problem) {
        log::warning("outpost", "changed certificates are not in use yet: {}", problem.what());
    }
}

std::uint16_t Runtime::port(const std::string& listener) const {
    return parts_->listeners.port(listener);
}

}  // namespace outpost::server
