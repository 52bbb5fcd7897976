// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>

#include "core/domains/check/finding.hpp"
#include "core/domains/records/facts.hpp"
#include "core/net/dns/settings.hpp"
#include "core/net/http_client/client.hpp"
#include "core/net/sockets/dialer.hpp"

namespace outpost::domain_check {

/// What is to be checked: a host, and a domain that it sends for.
struct Question {
    domain_records::Host host;
    std::optional<domain_records::Sender> sender;
    std::vector<net::IpAddress> own_addresses;                  ///< of listeners and of the machine
    dns::SecurityMode security = dns::SecurityMode::automatic;  ///< as configured
};

/// Of one check alone: they end with it.
struct Tools {
    std::shared_ptr<dns::Resolver> resolver;
    std::shared_ptr<http_client::Client> https;  ///< null: no policy is fetched
    std::shared_ptr<net::Dialer> dialer;         ///< null: no mail server is talked to
};

/// Asks the DNS, the policy host and the mail servers, all at once, and has the answers judged.
/// The findings are ordered by topic, those of the domain first. Blocks for a minute at most.
Findings check(const Question& question, Tools tools);

}  // namespace outpost::domain_check
