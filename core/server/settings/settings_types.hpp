// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/delivery/modules/values.hpp"
#include "core/foundation/config/choice.hpp"
#include "core/server/settings/settings.hpp"

/// How each section of the configuration is written: one function a section, few sections a file.
namespace outpost::server {

// Values that several sections share.
using namespace delivery::values;

config::Type<Settings> settings_type();
config::Type<db::Settings> database_type();
config::Type<dns::Settings> dns_type();
config::Type<submission::ListenerSettings> listener_type();
config::Type<Account> account_type();
config::Type<SenderDomain> sender_domain_type();
config::Type<dkim::DomainSettings> dkim_type();
config::Type<route::Route> route_type();
config::Type<delivery::TransportSettings> transport_type();
/// One that hands all mail to servers of its own.
config::Type<delivery::TransportSettings> relay_type();
config::Type<delivery::RetryPolicy> retry_type();
config::Type<dispatch::Settings> limits_type();
config::Type<Retention> retention_type();
config::Type<TlsReportSettings> tls_reports_type();
config::Type<DsnSettings> dsn_type();
config::Type<SendmailSettings> sendmail_type();
config::Type<SinkSettings> sink_type();
config::Type<MetricsSettings> metrics_type();
config::Type<PluginProcesses> plugin_processes_type();
config::Type<domain_records::MtaStsPolicy> mta_sts_policy_type();
config::Type<domain_records::Dmarc> dmarc_type();
config::Type<domain_records::Spf> spf_type();
config::Type<HttpsSettings> https_type();
config::Type<BounceSettings> bounces_type();

}  // namespace outpost::server
