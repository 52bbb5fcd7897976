// SPDX-License-Identifier: Apache-2.0
#include "core/server/node/reload.hpp"

#include <sstream>
#include <tuple>
#include <utility>

#include "core/foundation/base/log.hpp"

namespace outpost::server {
namespace {

bool same_sink(const std::optional<SinkSettings>& old, const std::optional<SinkSettings>& next) {
    if (old.has_value() != next.has_value()) return false;
    return !old || (old->listen == next->listen && old->directory == next->directory);
}

bool same_metrics(
    const std::optional<MetricsSettings>& old, const std::optional<MetricsSettings>& next
) {
    if (old.has_value() != next.has_value()) return false;
    return !old || old->listen == next->listen;
}

bool same_https(const std::optional<HttpsSettings>& old, const std::optional<HttpsSettings>& next) {
    if (old.has_value() != next.has_value()) return false;
    return !old || old->listen == next->listen;
}

bool same_limits(const dispatch::Settings& old, const dispatch::Settings& next) {
    const auto members = [](const dispatch::Settings& s) {
        return std::tuple(
            s.max_in_flight, s.max_recipients, s.content_memory, s.per_destination, s.per_transport,
            s.destination_rate, s.transport_rate, s.destinations, s.recipients_per_delivery,
            s.waiting_per_destination, s.claim_batch, s.poll_interval, s.attempt_timeout,
            s.unreachable_before_rest, s.rest, s.drain_time
        );
    };
    return members(old) == members(next);
}

bool same_dns(const dns::Settings& old, const dns::Settings& next) {
    const auto members = [](const dns::Settings& s) {
        return std::tuple(
            s.timeout, s.rounds, s.cache_entries, s.longest_ttl, s.longest_negative_ttl, s.security,
            s.trusted, s.trust_anchors, s.insecure_domains
        );
    };
    return old.servers == next.servers && members(old) == members(next);
}

bool same_database(const db::Settings& old, const db::Settings& next) {
    return old.connection == next.connection && old.connections == next.connections;
}

}  // namespace

void log_problems(const config::Problems& problems) {
    for (const auto& problem : problems.list()) {
        const auto level =
            problem.severity == config::Severity::error ? log::Level::error : log::Level::warning;
        std::istringstream lines(problem.text());
        for (std::string line; std::getline(lines, line);)
            log::write(level, "config", line);
    }
}

bool reload(const std::filesystem::path& file, const std::function<void(Loaded)>& apply) {
    auto loaded = load(file);
    if (!loaded) {
        log_problems(loaded.error());
        log::error("config", "{} is not usable; the configuration in effect stays", file.string());
        return false;
    }
    log_problems(loaded->warnings);
    const auto version = loaded->version;
    try {
        apply(std::move(loaded).value());
    } catch (const std::exception& error) {
        log::error("config", "{}; the configuration in effect stays", error.what());
        return false;
    }
    log::info("config", "{} is in effect, version {}", file.string(), version);
    return true;
}

std::vector<std::string> needs_restart(const Settings& old, const Settings& next) {
    std::vector<std::string> keys;
    const auto check = [&keys](bool same, const char* key) {
        if (!same) keys.emplace_back(key);
    };
    check(old.node == next.node, "node");
    check(same_database(old.database, next.database), "database");
    check(same_dns(old.dns, next.dns), "dns");
    check(old.plugins == next.plugins, "plugins");
    check(
        old.plugin_processes.memory == next.plugin_processes.memory &&
            old.plugin_processes.answer_time == next.plugin_processes.answer_time,
        "plugin_processes"
    );
    check(same_limits(old.limits, next.limits), "limits");
    check(same_sink(old.sink, next.sink), "sink");
    check(same_metrics(old.metrics, next.metrics), "metrics");
    check(same_https(old.https, next.https), "https");
    return keys;
}

}  // namespace outpost::server
