// SPDX-License-Identifier: Apache-2.0
// Which keys a reload puts into effect, and which need a restart: the server is told by the marks
// in the description of the keys, and this file holds them against what the code does.
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "core/server/settings/load.hpp"

using namespace outpost;

namespace {

server::Settings settings_of(const std::string& yaml) {
    const auto loaded = server::load_text(
        "hostname: a.example.org\n" + yaml, "t.yaml", config::Environment::assumed("/etc/outpost")
    );
    INFO(yaml);
    if (!loaded) FAIL(loaded.error().text());
    return loaded->settings;
}

/// A key that needs a restart, as a file has it before and after.
struct Marked {
    std::string key;
    std::string before, after;
    std::string name;  ///< in the warning; empty: as the key
};

/// Both as sections of one key.
Marked in(const std::string& section, const std::string& key, const std::string& value) {
    return {
        section + "." + key, "", section + ": {" + key + ": " + value + "}", section + "." + key
    };
}

std::vector<Marked> marked_keys() {
    return {
        {"node", "", "node: b", ""},
        {"plugins", "", "plugins: lmtp.so", ""},
        in("database", "connection", "postgresql:///other"),
        in("database", "connections", "5"),
        in("database", "connect_timeout", "5s"),
        in("database", "statement_timeout", "5s"),
        in("database", "patience", "5s"),
        in("database", "lease", "30s"),
        {"listeners.NAME.socket_access", "listeners: {local: {socket: /run/o.sock}}",
         "listeners: {local: {socket: /run/o.sock, socket_access: owner}}",
         "listeners.local.socket_access"},
        in("plugin_processes", "memory", "1MiB"),
        in("plugin_processes", "answer_time", "5s"),
        in("limits", "deliveries", "99"),
        in("limits", "deliveries_per_destination", "99"),
        in("limits", "deliveries_per_transport", "99"),
        in("limits", "messages_per_destination", "100/1m"),
        in("limits", "messages_per_transport", "100/1m"),
        {"limits.destinations.NAME.deliveries", "limits: {destinations: {a.org: {deliveries: 1}}}",
         "limits: {destinations: {a.org: {deliveries: 2}}}",
         "limits.destinations.a.org.deliveries"},
        {"limits.destinations.NAME.rate", "limits: {destinations: {a.org: {rate: 1/1m}}}",
         "limits: {destinations: {a.org: {rate: 2/1m}}}", "limits.destinations.a.org.rate"},
        in("limits", "recipients_per_delivery", "50"),
        in("limits", "recipients", "30000"),
        in("limits", "waiting_per_destination", "99"),
        in("limits", "content_memory", "512MiB"),
        in("limits", "claim_batch", "99"),
        in("limits", "poll_interval", "6s"),
        in("limits", "attempt_timeout", "10m"),
        in("limits", "unreachable_before_rest", "9"),
        in("limits", "rest", "5s"),
        in("limits", "drain_time", "5s"),
        in("dns", "servers", "192.0.2.53"),
        in("dns", "timeout", "5s"),
        in("dns", "rounds", "5"),
        in("dns", "cache_entries", "5"),
        in("dns", "longest_ttl", "5s"),
        in("dns", "longest_negative_ttl", "5s"),
        in("dns", "security", "none"),
        {"dns.trusted", "dns: {security: trust-ad}", "dns: {security: trust-ad, trusted: true}", ""
        },
        in("dns", "trust_anchors", "other.ds"),
        in("dns", "insecure_domains", "inner.example"),
        {"https.listen", "https: {listen: 127.0.0.1:80}", "https: {listen: 127.0.0.1:81}", ""},
        {"sink.listen", "sink: {listen: 127.0.0.1:80}", "sink: {listen: 127.0.0.1:81}", ""},
        {"sink.directory", "sink: {listen: 127.0.0.1:80}",
         "sink: {listen: 127.0.0.1:80, directory: /tmp}", ""},
        {"metrics.listen", "metrics: {listen: 127.0.0.1:80}", "metrics: {listen: 127.0.0.1:81}", ""
        },
    };
}

/// What a reload puts into effect, or what the server itself does not use. All keys at or below a
/// place that ends in a dot. Before a key is added here, look where it is read:
/// Runtime::apply hands the settings to the parts that take others while they run.
const std::vector<std::string> applied = {
    "hostname",
    "listeners.NAME.",        // Listeners::apply, for sessions to come
    "accounts.NAME.",         // Listeners::apply, make_snapshot, the rows of the backend
    "domains.NAME.",          // make_snapshot, signers, mailboxes, PublicSite
    "routes.",                // make_snapshot
    "transports.NAME",        // make_snapshot: made anew
    "retry.",                 // make_snapshot, NodeDatabase::reconfigure
    "retention.",             // NodeDatabase::reconfigure
    "tls.",                   // transports, Policies and TlsReporting make their clients anew
    "dane.",                  // Policies::of
    "mta_sts.",               // Policies::of, Policies::reconfigure
    "tls_reports.",           // TlsReporting::reconfigure, NodeDatabase::reconfigure, mailboxes
    "https.certificate",      // Reception::serve
    "https.key",              //
    "https.tls_report_path",  //
    "bounces.",               // make_snapshot, mailboxes
    "outgoing_addresses",     // commands alone
    "host_keys",              //
    "dsn.",                   // NodeDatabase::reconfigure
    "sendmail.",              // a command alone
    "log_level",              // Runtime::apply
};

bool is_applied(const std::string& key) {
    return std::any_of(applied.begin(), applied.end(), [&](const std::string& place) {
        const bool whole_section = place.ends_with('.') || place.ends_with("NAME");
        return whole_section ? key.starts_with(place) : key == place;
    });
}

}  // namespace

TEST_CASE("each key that needs a restart is named when it changes, and nothing else is") {
    for (const auto& marked : marked_keys()) {
        const auto old = settings_of(marked.before), next = settings_of(marked.after);
        const auto name = marked.name.empty() ? marked.key : marked.name;
        CHECK(server::needs_restart(old, next) == std::vector<std::string>{name});
        CHECK(server::needs_restart(next, old) == std::vector<std::string>{name});
        CHECK(server::needs_restart(next, next).empty());
    }
}

TEST_CASE("a key is either marked or known to be applied at a reload") {
    std::set<std::string> tested;
    for (const auto& marked : marked_keys())
        tested.insert(marked.key);
    for (const auto& key : server::all_keys()) {
        CAPTURE(key.path);
        CHECK(tested.contains(key.path) == key.restart);
        if (!key.restart) CHECK(is_applied(key.path));
        tested.erase(key.path);
    }
    CHECK(tested.empty());
    for (const auto& place : applied) {
        CAPTURE(place);
        const auto keys = server::all_keys();
        CHECK(std::any_of(keys.begin(), keys.end(), [&](const auto& key) {
            return !key.restart && key.path.starts_with(place);
        }));
    }
}

TEST_CASE("a section with marked keys that comes or goes is named once") {
    const auto bare = settings_of("");
    for (const char* section :
         {"https: {listen: 127.0.0.1:80}", "sink: {listen: 127.0.0.1:80}",
          "metrics: {listen: 127.0.0.1:80}"}) {
        const auto with = settings_of(section);
        const std::string name(section, std::string_view(section).find(':'));
        CHECK(server::needs_restart(bare, with) == std::vector<std::string>{name});
        CHECK(server::needs_restart(with, bare) == std::vector<std::string>{name});
    }
    CHECK(server::needs_restart(
              bare, settings_of("bounces: {domain: b.example.org, secret: verysecretindeed}")
    )
              .empty());
}

TEST_CASE("config check names what has changed since another file and needs a restart") {
    const auto directory = std::filesystem::temp_directory_path();
    const auto old = directory / "outpost-restart-old.yaml",
               next = directory / "outpost-restart-new.yaml";
    std::ofstream(old) << "hostname: a.example.org\n";
    std::ofstream(next) << "hostname: a.example.org\nlog_level: debug\ndatabase: {lease: 30s, "
                           "connections: 5}\n";
    const auto report = server::check(next, false, old);
    CHECK(report.ok);
    CHECK(
        report.text.substr(report.text.find('\n') + 1) ==
        "database.connections: in effect after a restart\n"
        "database.lease: in effect after a restart\n"
    );
    CHECK(server::check(next, false, next).text == server::check(next).text);
    std::ofstream(old) << "hots: a\n";
    CHECK_FALSE(server::check(next, false, old).ok);
    std::filesystem::remove(old);
    std::filesystem::remove(next);
}
