// SPDX-License-Identifier: Apache-2.0
// The sections about this node and what it keeps: database, DNS, limits, retention.
#include "core/net/dnssec/trust_anchor.hpp"
#include "core/server/settings/settings_types.hpp"

namespace outpost::server {

using config::duration;
using config::integer;
using std::chrono::milliseconds;
using std::chrono::seconds;
using namespace std::chrono_literals;

config::Type<db::Settings> database_type() {
    using db::Settings;
    return config::Spec<Settings>("database", "The PostgreSQL that holds the queue.")
        .key(
            "connection", &Settings::connection, config::secret(),
            "A libpq connection string or URL: `postgresql:///outpost?host=/run/postgresql`. "
            "Without it libpq's "
            "environment variables count (`PGHOST`, `PGDATABASE`, ...). It may hold a password, so "
            "it is never shown."
        )
        .restart()
        .key(
            "connections", &Settings::connections, integer(1, 64),
            "Connections (and threads) of this node."
        )
        .restart()
        .key(
            "connect_timeout", &Settings::connect_timeout, duration<seconds>(1s, 10min),
            "For opening a connection."
        )
        .restart()
        .key(
            "statement_timeout", &Settings::statement_timeout, duration<milliseconds>(100ms, 1h),
            "The database gives up a statement after this time."
        )
        .restart()
        .key(
            "patience", &Settings::patience, duration<milliseconds>(100ms, 10min),
            "Work waits so long for a database that is away; clients then hear 451."
        )
        .restart()
        .key(
            "lease", &Settings::lease, duration<milliseconds>(2s, 1h),
            "Other nodes take over what this node holds when they have seen no sign of life for so "
            "long. It gives one eight times as often, and sends no final dot in the last quarter."
        )
        .restart()
        .type();
}

namespace {

config::Type<dns::SecurityMode> dns_security() {
    using dns::SecurityMode;
    return config::one_of<SecurityMode>(
        {{"auto", SecurityMode::automatic,
          "`trust-ad` where all servers are on loopback; else `validate`, as long as the servers "
          "hand on signatures (if not, nothing is secure, and the log says so)"},
         {"none", SecurityMode::none, "no answer is secure: no DANE"},
         {"trust-ad", SecurityMode::trust_ad,
          "the AD bit of the servers is believed, if all are on loopback or `trusted`"},
         {"validate", SecurityMode::validate,
          "Outpost validates every answer itself, whatever the servers say; they need only hand on "
          "signatures"}}
    );
}

/// Looked into where it is: a node must not first notice at its start that it holds no anchors.
config::Type<std::filesystem::path> trust_anchor_file() {
    const auto file = config::path(config::PathRule::readable_file);
    const auto read =
        [file](config::Reader& reader, const config::Node& node, std::filesystem::path& value) {
            file.read(reader, node, value);
            const auto content = reader.environment().read_file(value);
            if (reader.environment().pretended || !content) return;
            const auto anchors = dnssec::parse_trust_anchors(*content);
            if (!anchors) reader.error(node.at, value.string() + ": " + anchors.error());
        };
    return config::custom<std::filesystem::path>(
        file.schema(), read, [](const std::filesystem::path& value) { return value.string(); }
    );
}

}  // namespace

config::Type<dns::Settings> dns_type() {
    using dns::Settings;
    return config::Spec<Settings>("dns", "How names are looked up.")
        .key(
            "servers", &Settings::servers, config::list_of(endpoint(53)),
            "Recursive resolvers, `192.0.2.53` or `[2001:db8::53]:5353`. Without them: those of "
            "`/etc/resolv.conf`."
        )
        .restart()
        .key(
            "timeout", &Settings::timeout, duration<milliseconds>(10ms, 1min),
            "For one question to one server."
        )
        .restart()
        .key(
            "rounds", &Settings::rounds, integer(1, 10),
            "How often all servers are asked before giving up."
        )
        .restart()
        .key(
            "cache_entries", &Settings::cache_entries, integer<std::size_t>(0, 10'000'000),
            "Answers kept in memory."
        )
        .restart()
        .key(
            "longest_ttl", &Settings::longest_ttl, duration<seconds>(0s, 7 * 24h),
            "Answers are kept no longer."
        )
        .restart()
        .key(
            "longest_negative_ttl", &Settings::longest_negative_ttl, duration<seconds>(0s, 24h),
            "Answers that a name or record does not exist are kept no longer."
        )
        .restart()
        .key(
            "security", &Settings::security, dns_security(),
            "Who says by DNSSEC whether an answer is authentic. DANE needs secure answers."
        )
        .restart()
        .key(
            "trusted", &Settings::trusted, config::boolean(),
            "The network between here and the servers is safe, and they validate: `trust-ad` holds "
            "though they are not on loopback."
        )
        .restart()
        .key(
            "trust_anchors", &Settings::trust_anchors, trust_anchor_file(),
            "File of DS or DNSKEY records where validation begins. Without it: those of the root "
            "that the program carries (`deploy/root-anchors.ds`). Outpost does not follow key "
            "rollovers by itself (RFC 5011): when IANA announces one, update the file."
        )
        .restart()
        .key(
            "insecure_domains", &Settings::insecure_domains, config::list_of(host_name()),
            "Validation leaves these domains and what is below them out: for names that only your "
            "resolvers know."
        )
        .restart()
        .check([](config::Reader& reader, const config::Node& node, const Settings& settings) {
            if (!settings.trusted || settings.security == dns::SecurityMode::trust_ad) return;
            reader.error(node.at, "'trusted' belongs to 'security: trust-ad'");
        })
        .type();
}

namespace {

config::Type<dispatch::DestinationLimit> destination_limit() {
    using dispatch::DestinationLimit;
    return config::Spec<DestinationLimit>("destination_limit", "What one destination may have.")
        .key(
            "deliveries", &DestinationLimit::deliveries, integer<std::size_t>(0, 10'000'000),
            "Deliveries under way; 0: `deliveries_per_destination`."
        )
        .key(
            "rate", &DestinationLimit::rate, rate(),
            "Messages in an interval. Without it: `messages_per_destination`."
        )
        .type();
}

}  // namespace

config::Type<dispatch::Settings> limits_type() {
    using dispatch::Settings;
    const auto count = [](std::size_t least) { return integer<std::size_t>(least, 10'000'000); };
    return config::Spec<Settings>(
               "limits",
               "How much is taken on at once. What is set for destinations and transports holds "
               "for "
               "all nodes together; the rest is per node."
    )
        .key(
            "deliveries", &Settings::max_in_flight, count(1),
            "Deliveries under way: attempts of one message for one next hop. Each takes a file "
            "descriptor and some 20 KiB of memory; where the system's limit of open files "
            "(`LimitNOFILE=`) allows less, so many are under way."
        )
        .restart()
        .key(
            "deliveries_per_destination", &Settings::per_destination, count(1),
            "Of these through one transport to one recipient domain, or to one relay; all nodes "
            "together."
        )
        .restart()
        .key(
            "deliveries_per_transport", &Settings::per_transport, count(1),
            "Of these through one transport; all nodes together."
        )
        .restart()
        .key(
            "messages_per_destination", &Settings::destination_rate, rate(),
            "Messages in an interval through one transport to one recipient domain, or to one "
            "relay; "
            "all nodes together. `100/1m`: never more than 100 within a minute. Each attempt "
            "counts, "
            "however many recipients it has."
        )
        .restart()
        .key(
            "messages_per_transport", &Settings::transport_rate, rate(),
            "Messages in an interval through one transport; all nodes together. A transport's own "
            "`rate` comes first."
        )
        .restart()
        .key(
            "destinations", &Settings::destinations,
            config::map_of(destination_limit(), domain_names()),
            "Limits of single recipient domains, through each transport that delivers by domain."
        )
        .restart()
        .key(
            "recipients_per_delivery", &Settings::recipients_per_delivery,
            integer<std::size_t>(1, 10'000),
            "Recipients of a message that are handed over together."
        )
        .restart()
        .key(
            "recipients", &Settings::max_recipients, count(10),
            "Recipients leased by this node, waiting or under way."
        )
        .restart()
        .key(
            "waiting_per_destination", &Settings::waiting_per_destination, count(1),
            "Recipients that may wait for one destination; the others stay in the database."
        )
        .restart()
        .key(
            "content_memory", &Settings::content_memory, config::size<std::uint64_t>(1 << 20),
            "Message content held in memory. One half is for mail on its way in, beyond which "
            "clients hear 452; the other for mail on its way out, beyond which content is read "
            "again when it is needed, and large messages wait. A delivery that takes longer than "
            "a second lets go of its content, too, and reads it again. Of each half an eighth is "
            "for messages up to 1 MiB alone; so a listener's `max_message_size` can be 7/16 of "
            "this at most."
        )
        .restart()
        .key(
            "claim_batch", &Settings::claim_batch, integer<std::size_t>(1, 100'000),
            "Recipients claimed from the database in one go."
        )
        .restart()
        .key(
            "poll_interval", &Settings::poll_interval, duration<seconds>(1s, 1h),
            "How often the queue is looked at even without a notification."
        )
        .restart()
        .key(
            "attempt_timeout", &Settings::attempt_timeout, duration<seconds>(10s, 24h),
            "The longest that an attempt may take, all hosts and fallback transports together."
        )
        .restart()
        .key(
            "unreachable_before_rest", &Settings::unreachable_before_rest,
            integer<std::size_t>(0, 1'000'000),
            "A destination rests after so many attempts in a row that reached no host; 0: never."
        )
        .restart()
        .key(
            "rest", &Settings::rest, duration<seconds>(1s, 24h),
            "How long it rests before one delivery tries it again."
        )
        .restart()
        .key(
            "drain_time", &Settings::drain_time, duration<seconds>(0s, 1h),
            "Time that deliveries under way get to end when the server stops."
        )
        .restart()
        .type();
}

config::Type<Retention> retention_type() {
    return config::Spec<Retention>("retention", "How long what is finished stays in the database.")
        .key(
            "messages", &Retention::messages, duration<seconds>(0s, 3650 * 24h),
            "Messages delivered or failed, with their content."
        )
        .key(
            "attempts", &Retention::attempts, duration<seconds>(0s, 3650 * 24h),
            "The record of attempts."
        )
        .key(
            "tls_results", &Retention::tls_results, duration<seconds>(2 * 24h, 3650 * 24h),
            "The results of TLS in direct deliveries, in whole days."
        )
        .key(
            "tls_abilities", &Retention::tls_abilities, duration<seconds>(24h, 3650 * 24h),
            "What recipient domains have shown that they can do, since they last showed any of it; "
            "in whole days."
        )
        .key(
            "received_tls_reports", &Retention::received_tls_reports,
            duration<seconds>(24h, 3650 * 24h), "TLS reports that others sent about our domains."
        )
        .type();
}

config::Type<TlsReportSettings> tls_reports_type() {
    return config::Spec<TlsReportSettings>(
               "tls_reports",
               "Reports about TLS (RFC 8460): what direct deliveries met, to the domains that ask "
               "for "
               "it; and what others met at our own hosts."
    )
        .key(
            "record", &TlsReportSettings::record, config::boolean(),
            "Whether the results of direct deliveries are summed by day, domain and MX host, as in "
            "the view `outpost.tls_results`."
        )
        .key(
            "send", &TlsReportSettings::send, config::boolean(),
            "Whether domains that ask for reports get one a day, if anything was amiss."
        )
        .key(
            "send_success", &TlsReportSettings::send_success, config::boolean(),
            "Whether they get one, too, when all sessions succeeded."
        )
        .key(
            "submitter", &TlsReportSettings::submitter, domain_name(),
            "The domain whose reports they are; it must sign by DKIM. Without it: the first of the "
            "host name and the domains above it that does."
        )
        .key(
            "allow_networks", &TlsReportSettings::allow_networks, config::list_of(network()),
            "Reports go by HTTPS to the public internet alone, and to these networks."
        )
        .key(
            "host_address", &TlsReportSettings::host_address, address(),
            "Where others are to send reports about this host's TLS. A listener with `receive` "
            "takes "
            "them."
        )
        .type();
}

}  // namespace outpost::server
