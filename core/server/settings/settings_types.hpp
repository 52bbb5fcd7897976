// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/foundation/config/choice.hpp"
#include "core/server/settings/settings.hpp"

/// How each section of the configuration is written: one function a section, few sections a file.
namespace outpost::server {

// Values that several sections share.
config::Type<dns::Domain> domain_name();
config::Type<mail::Address> address();
config::Type<std::string> host_name();
/// A domain, or an IP address.
config::Type<std::string> host_or_address();
config::Type<net::IpAddress> ip_address();
config::Type<net::Cidr> network();
config::Type<net::Endpoint> endpoint(std::uint16_t default_port);
/// A number of messages in an interval: `100/1m`.
config::Type<delivery::Rate> rate();
/// How a security policy acts: `enforce`, `report` or `off`.
config::Type<delivery::PolicyMode> policy_mode();
config::Type<delivery::PolicyMode> dane_mode();  ///< DANE may be required, too
config::KeyRule domain_names();
/// A TCP port; 0 stands for `standard` in the struct and is not to be written.
config::Type<std::uint16_t> port(std::uint16_t standard);
config::Type<tls::ClientSettings> tls_files();

config::Type<Settings> settings_type();
config::Type<db::Settings> database_type();
config::Type<dns::Settings> dns_type();
config::Type<submission::ListenerSettings> listener_type();
config::Type<Account> account_type();
config::Type<SenderDomain> sender_domain_type();
config::Type<dkim::DomainSettings> dkim_type();
config::Type<route::Route> route_type();
config::Type<transports::TransportSettings> transport_type();
/// `smtp`, `submission` or `submissions`, told apart by `type`.
config::Type<transports::RelaySettings> relay_type();
config::Type<delivery::RetryPolicy> retry_type();
config::Type<dispatch::Settings> limits_type();
config::Type<Retention> retention_type();
config::Type<TlsReportSettings> tls_reports_type();
config::Type<DsnSettings> dsn_type();
config::Type<SendmailSettings> sendmail_type();
config::Type<SinkSettings> sink_type();
config::Type<MetricsSettings> metrics_type();
config::Type<PluginProcesses> plugin_processes_type();
config::Type<DaneSettings> dane_type();
config::Type<MtaStsSettings> mta_sts_type();
config::Type<domain_records::MtaStsPolicy> mta_sts_policy_type();
config::Type<domain_records::Dmarc> dmarc_type();
config::Type<domain_records::Spf> spf_type();
config::Type<HttpsSettings> https_type();
config::Type<BounceSettings> bounces_type();

}  // namespace outpost::server
