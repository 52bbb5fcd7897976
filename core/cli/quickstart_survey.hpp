// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/foundation/async/awaitable.hpp"
#include "core/foundation/async/deadline.hpp"
#include "core/net/dns/domain.hpp"
#include "core/net/dns/resolver.hpp"
#include "core/net/sockets/endpoint.hpp"
#include "core/server/settings/settings.hpp"

/// What `outpost quickstart` finds out before it writes. Nothing of it is a condition: what cannot
/// be found out, or is not as it should be, becomes a warning.
namespace outpost::cli {

/// The name of this machine among those of its network: the system's own name if it is a full one,
/// else the full one that the text of /etc/hosts has for it. Nothing where it is only known inside
/// ("localhost", "host.local"). Pure.
std::optional<dns::Domain> full_host_name(std::string_view system_name, std::string_view hosts);

struct SurveyQuestion {
    dns::Domain domain;
    std::optional<dns::Domain> hostname;        ///< none: to be found
    std::vector<net::IpAddress> own_addresses;  ///< of this machine's interfaces
    std::optional<dns::Domain> dial;  ///< whose MX host is to be reached; none: nobody is called
};

struct Survey {
    dns::Domain hostname;
    std::vector<net::IpAddress> addresses;  ///< that mail leaves from; none: not known
    std::vector<std::string> mx;            ///< of the domain, the most wanted one first
    domain_records::Spf spf;                ///< what else sends for it
    authentication::DmarcPolicy dmarc = authentication::DmarcPolicy::none;
    std::vector<std::string> warnings;  ///< sentences
};

/// The resolver outlives the call.
awaitable<Survey> survey(SurveyQuestion question, dns::Resolver& resolver, Deadline deadline);

}  // namespace outpost::cli
