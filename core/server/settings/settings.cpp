// SPDX-License-Identifier: Apache-2.0
// The root of the configuration and its small sections.
#include "core/server/settings/builtin.hpp"
#include "core/server/settings/settings_types.hpp"

namespace outpost::server {
namespace {

using config::list_of;
using config::map_of;
using config::maybe;
using config::Spec;
using config::words;

config::Type<log::Level> log_level() {
    using log::Level;
    return config::one_of<Level>(
        {{"debug", Level::debug, ""},
         {"info", Level::info, ""},
         {"warning", Level::warning, ""},
         {"error", Level::error, ""}}
    );
}

}  // namespace

config::Type<DsnSettings> dsn_type() {
    return Spec<DsnSettings>("dsn", "Delivery status notifications: bounces and notices of delay.")
        .key(
            "from", &DsnSettings::from, address(),
            "Their author. Without it: MAILER-DAEMON at the host name."
        )
        .key(
            "reporting_mta", &DsnSettings::reporting_mta, host_name(),
            "Who reports. Without it: the host name."
        )
        .key(
            "max_original", &DsnSettings::max_original, config::size<std::uint64_t>(0, 100 << 20),
            "A larger message comes back as its header only, even when all of it was asked for."
        )
        .type();
}

config::Type<SendmailSettings> sendmail_type() {
    return Spec<SendmailSettings>("sendmail", "Where `outpost sendmail` hands messages to.")
        .key(
            "socket", &SendmailSettings::socket, config::path(config::PathRule::any),
            "Unix socket of a server on this machine: one of its listeners."
        )
        .key(
            "server", &SendmailSettings::server, maybe(relay_type()),
            "An SMTP server: instead of the socket, or when that is not there."
        )
        .key(
            "spool", &SendmailSettings::spool, config::path(config::PathRule::any),
            "Directory in which messages wait when no server takes them."
        )
        .type();
}

config::Type<SinkSettings> sink_type() {
    return Spec<SinkSettings>(
               "sink", "A receiving server that takes everything, for trying things out."
    )
        .required("listen", &SinkSettings::listen, endpoint(1026), "Address and port.")
        .restart()
        .key(
            "directory", &SinkSettings::directory, config::path(config::PathRule::any),
            "Where what it received is kept."
        )
        .restart()
        .type();
}

config::Type<MetricsSettings> metrics_type() {
    return Spec<MetricsSettings>(
               "metrics",
               "Numbers about this node for Prometheus at `http://ADDRESS/metrics`, and `/health`, "
               "which is 200 while the node serves and its database answers, else 503. Whoever can "
               "connect may read: keep it to this machine or an inner network."
    )
        .required("listen", &MetricsSettings::listen, endpoint(9100), "Address and port.")
        .restart()
        .type();
}

config::Type<PluginProcesses> plugin_processes_type() {
    using namespace std::chrono_literals;
    return Spec<PluginProcesses>(
               "plugin processes",
               "Each plugin runs in a process of its own, which is started again when it dies. Its "
               "deliveries are tried again alone; a recipient that three die of in a row is held."
    )
        .key(
            "memory", &PluginProcesses::memory, config::size<std::uint64_t>(0),
            "What a process may use, message content included; beyond it, it dies. 0: no limit."
        )
        .restart()
        .key(
            "answer_time", &PluginProcesses::answer_time,
            config::duration<std::chrono::seconds>(1s, 1h),
            "A process that gives no sign of life for so long, because a plugin does not come "
            "back, "
            "is ended."
        )
        .restart()
        .type();
}

namespace {

/// The section of one policy.
void add_policy(Spec<Settings>& spec, const delivery::PolicyKind& kind) {
    using delivery::PolicySettingsPtr;
    const auto section = config::stored_as<Settings, PolicySettingsPtr>(
        kind.settings_type(),
        [key = kind.key()](Settings& settings, const PolicySettingsPtr& policy) {
            settings.policies[key] = policy;
        },
        [key = kind.key()](const Settings& settings) {
            const auto found = settings.policies.find(key);
            return found == settings.policies.end() ? PolicySettingsPtr() : found->second;
        }
    );
    spec.key(kind.key(), config::itself, section, kind.settings_doc());
}

}  // namespace

config::Type<Settings> settings_type() {
    Spec<Settings> spec("outpost", "The whole file.");
    spec.required(
            "hostname", &Settings::hostname, host_name(),
            "Name of this server: in EHLO, Received fields and reports. It should resolve to its "
            "addresses, and back."
    )
        .key(
            "node", &Settings::node, words({.longest = 100}),
            "Name of this process among those that share the database. Without it: the host name."
        )
        .restart()
        .key(
            "database", &Settings::database, database_type(), "The PostgreSQL that holds the queue."
        )
        .key(
            "listeners", &Settings::listeners, map_of(listener_type()),
            "Where mail is taken in, by name."
        )
        .key(
            "accounts", &Settings::accounts, map_of(account_type()),
            "Who may submit mail, by login name."
        )
        .key(
            "domains", &Settings::domains, map_of(sender_domain_type(), domain_names()),
            "Domains that we send for."
        )
        .key(
            "routes", &Settings::routes, list_of(route_type(), config::ListForm::strict),
            "Routes for all mail."
        )
        .key(
            "transports", &Settings::transports, map_of(transport_type()),
            "Ways for mail to leave, by name. `direct` is always there."
        )
        .key(
            "plugins", &Settings::plugins, list_of(config::path(config::PathRule::readable_file)),
            "Shared libraries to load."
        )
        .restart()
        .key(
            "plugin_processes", &Settings::plugin_processes, plugin_processes_type(),
            "The processes in which plugins run."
        )
        .key("retry", &Settings::retry, retry_type(), "When to try again and when to give up.")
        .key("limits", &Settings::limits, limits_type(), "How much is done at once.")
        .key(
            "retention", &Settings::retention, retention_type(),
            "How long what is finished is kept."
        )
        .key(
            "tls", &Settings::tls, tls_files(),
            "Certificates for outgoing connections, those to policy hosts of MTA-STS included. "
            "Plugins "
            "see a change after a restart."
        )
        .key("dns", &Settings::dns, dns_type(), "How names are looked up.");
    for (const auto& kind : policy_kinds())
        add_policy(spec, *kind);
    return spec
        .key(
            "tls_reports", &Settings::tls_reports, tls_reports_type(),
            "Reports about TLS, to others and from others."
        )
        .key(
            "https", &Settings::https, maybe(https_type()),
            "What strangers may ask for over HTTPS. Without it: nothing."
        )
        .key(
            "bounces", &Settings::bounces, maybe(bounces_type()),
            "Return paths of our own. Without it: bounces go to the senders."
        )
        .key(
            "outgoing_addresses", &Settings::outgoing_addresses, list_of(ip_address()),
            "Addresses that mail of all nodes leaves from, as its receivers see them: for `outpost "
            "dns`. Without it: those that the host name has, and those that transports name."
        )
        .key(
            "host_keys", &Settings::host_keys,
            list_of(config::path(config::PathRule::readable_file)),
            "Private keys that the host's certificates are made for, now or later (PEM): TLSA "
            "records "
            "are published for them."
        )
        .key("dsn", &Settings::dsn, dsn_type(), "Bounces and notices of delay.")
        .key("sendmail", &Settings::sendmail, sendmail_type(), "The command of that name.")
        .key(
            "sink", &Settings::sink, maybe(sink_type()), "A receiving server for trying things out."
        )
        .key(
            "metrics", &Settings::metrics, maybe(metrics_type()),
            "Numbers for Prometheus. Without it: not served."
        )
        .key(
            "log_level", &Settings::log_level, log_level(),
            "Less important lines are not logged. Plugins see a change after a restart."
        )
        .type();
}

}  // namespace outpost::server
