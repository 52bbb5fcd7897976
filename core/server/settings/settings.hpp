// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/delivery/dispatch/settings.hpp"
#include "core/delivery/interface/retry.hpp"
#include "core/delivery/modules/policy_kind.hpp"
#include "core/delivery/modules/transport_kind.hpp"
#include "core/delivery/route/table.hpp"
#include "core/domains/records/facts.hpp"
#include "core/foundation/base/log.hpp"
#include "core/foundation/base/secret.hpp"
#include "core/foundation/database/settings.hpp"
#include "core/mail/authentication/dkim/signer.hpp"
#include "core/net/dns/settings.hpp"
#include "core/net/tls/context.hpp"
#include "core/reception/submission/settings.hpp"

/// The whole configuration, typed. What each part can be set to is defined by that part; here they
/// come together, and settings_*.cpp say how they are written in YAML.
namespace outpost::server {

struct Account {
    submission::AccountSettings submission;
    std::vector<route::Route> routes;
};

/// A domain that we send for.
struct SenderDomain {
    std::vector<route::Route> routes;
    std::optional<dkim::DomainSettings> dkim;  ///< none: it does not sign
    std::vector<std::string> mx;  ///< hosts that receive its mail, the most wanted one first
    domain_records::Spf spf;
    domain_records::Dmarc dmarc;
    std::optional<domain_records::MtaStsPolicy> mta_sts;  ///< none: it publishes no policy
    mail::Address tls_reports;  ///< where reports about it go; null: nowhere
};

/// How long what is finished stays in the database.
struct Retention {
    std::chrono::seconds messages{7 * 24 * 3600};   ///< delivered and failed, with their content
    std::chrono::seconds attempts{30 * 24 * 3600};  ///< attempt rows
    std::chrono::seconds tls_results{30 * 24 * 3600};
    std::chrono::seconds tls_abilities{365 * 24 * 3600};  ///< what domains can do, and its changes
    std::chrono::seconds received_tls_reports{365 * 24 * 3600};
};

/// Delivery status notifications.
struct DsnSettings {
    mail::Address from;         ///< header From; null: MAILER-DAEMON at the node's host name
    std::string reporting_mta;  ///< empty: the host name
    std::uint64_t max_original = 1 << 20;  ///< a larger original is never returned in full
};

/// Where `outpost sendmail` hands messages to, and keeps them when nobody takes them.
struct SendmailSettings {
    std::filesystem::path socket;  ///< tried first; empty: only the server below
    std::optional<delivery::TransportSettings> server;
    std::filesystem::path spool = "/var/spool/outpost";
};

/// A catch-all receiving server of our own, for trying things out: nothing leaves the machine.
struct SinkSettings {
    net::Endpoint listen;
    std::filesystem::path directory;  ///< where received messages are kept; empty: nowhere
};

/// Numbers about the node, for Prometheus.
struct MetricsSettings {
    net::Endpoint listen;
};

/// The processes of plugins: one for each library, and some for deliveries that may have crashed
/// it.
struct PluginProcesses {
    std::uint64_t memory = 1ULL << 30;  ///< octets that each may use; zero: any
    std::chrono::seconds answer_time{30};
};

/// TLS reports (RFC 8460).
struct TlsReportSettings {
    bool record = true;
    bool send = true;           ///< to domains that ask for them; needs `record`
    bool send_success = false;  ///< even where all sessions succeeded
    dns::Domain submitter;      ///< whose reports they are; empty: tls_reports::choose_submitter
    /// Where receivers by HTTPS may be although it is not the public internet.
    std::vector<net::Cidr> allow_networks;
    mail::Address host_address;  ///< where reports about this host go; null: nowhere
};

/// What is served to strangers over HTTPS: MTA-STS policies, and a place to send TLS reports to.
struct HttpsSettings {
    std::vector<net::Endpoint> listen;
    /// Empty: plain HTTP, for a web server in front that has the certificate.
    tls::ServerSettings certificate;
    std::string tls_report_path = "/tlsrpt";  ///< empty: reports are not taken here
};

/// Bounces that others send to return paths of ours (VERP), and what follows from them.
struct BounceSettings {
    dns::Domain domain;    ///< of the return paths; its MX must be a receiving listener of ours
    Secret secret;         ///< shared by all nodes: who does not know it cannot make up a bounce
    bool suppress = true;  ///< addresses that do not exist get no more mail for a time
    std::chrono::seconds suppress_for{30 * 24 * 3600};
};

struct Settings {
    std::string hostname;  ///< EHLO name, Received, Reporting-MTA
    std::string node;      ///< never empty once loaded: the host name by default
    db::Settings database;
    tls::ClientSettings tls;
    dns::Settings dns;
    delivery::PolicySettingsMap policies;  ///< once loaded, it has every policy
    TlsReportSettings tls_reports;
    std::map<std::string, submission::ListenerSettings> listeners;
    std::map<std::string, Account> accounts;
    std::map<std::string, SenderDomain> domains;  ///< by A-labels, as Domain::ascii gives them
    std::vector<route::Route> routes;
    /// Always has "direct", configured or not.
    std::map<std::string, delivery::TransportSettings> transports;
    std::vector<std::filesystem::path> plugins;
    PluginProcesses plugin_processes;
    delivery::RetryPolicy retry;
    dispatch::Settings limits;
    Retention retention;
    log::Level log_level = log::Level::info;
    DsnSettings dsn;
    SendmailSettings sendmail;
    std::optional<SinkSettings> sink;
    std::optional<MetricsSettings> metrics;
    std::optional<HttpsSettings> https;
    std::optional<BounceSettings> bounces;
    /// Addresses that mail of all nodes leaves from, as receivers see them.
    std::vector<net::IpAddress> outgoing_addresses;
    /// Private keys that the host's certificates are made for, now or later (TLSA records).
    std::vector<std::filesystem::path> host_keys;
};

/// The domains that sign.
dkim::Signer::Domains signing_domains(const Settings& settings);

}  // namespace outpost::server
