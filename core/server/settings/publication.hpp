// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/domains/records/facts.hpp"
#include "core/server/settings/settings.hpp"

namespace outpost::server {

/// The name that strangers deliver to a listener by, in A-labels.
std::string receiving_name(const Settings& settings, const submission::ListenerSettings& listener);
/// Names of this host that strangers deliver to: those of receiving listeners, and the host name
/// where another program on it receives for a domain.
std::vector<std::string> receiving_names(const Settings& settings);

/// What the DNS should say of this host. Reads the keys of its certificates; the error names the
/// file that is none.
Result<domain_records::Host> published_host(const Settings& settings);

/// What the DNS should say of a domain that we send for; nothing for others. `name`: A-labels.
std::optional<domain_records::Sender> published_sender(
    const Settings& settings, const std::string& name
);

/// The MTA-STS policy of a domain that we send for, if it publishes one.
std::optional<domain_records::MtaStsPolicy> published_policy(
    const Settings& settings, const SenderDomain& domain
);

}  // namespace outpost::server
