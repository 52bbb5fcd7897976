// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/app/settings.hpp"
#include "core/async/awaitable.hpp"
#include "core/async/deadline.hpp"
#include "core/dns/resolver.hpp"
#include "core/mail/domain.hpp"
#include "core/net/endpoint.hpp"

/// What `outpost quickstart` finds out before it writes. Nothing of it is a condition: what cannot
/// be found out, or is not as it should be, becomes a warning.
namespace outpost::cli {

/// The name of this machine among those of its network: the system's own name if it is a full one,
/// else the full one that the text of /etc/hosts has for it. Nothing where it is only known inside
/// ("localhost", "host.local"). Pure.
std::optional<mail::Domain> full_host_name(std::string_view system_name, std::string_view hosts);

struct SurveyQuestion {
    mail::Domain domain;
    std::optional<mail::Domain> hostname;       ///< none: to be found
    std::vector<net::IpAddress> own_addresses;  ///< of this machine's interfaces
    std::optional<mail::Domain> dial;  ///< whose MX host is to be reached; none: nobody is called
};

struct Survey {
    mail::Domain hostname;
    std::vector<net::IpAddress> addresses;  ///< that mail leaves from; none: not known
    std::vector<std::string> mx;            ///< of the domain, the most wanted one first
    app::SpfPublication spf;                ///< what else sends for it
    app::DmarcPublication::Policy dmarc = app::DmarcPublication::Policy::none;
    std::vector<std::string> warnings;  ///< sentences
};

/// The resolver outlives the call.
awaitable<Survey> survey(SurveyQuestion question, dns::Resolver& resolver, Deadline deadline);

}  // namespace outpost::cli
