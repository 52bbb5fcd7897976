// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/domains/check/finding.hpp"
#include "core/mail/authentication/spf/check.hpp"
#include "core/net/sockets/endpoint.hpp"

namespace outpost::domain_check {

/// What receivers find out for one of our addresses.
struct SpfRun {
    net::IpAddress address;
    spf::Outcome outcome;
};

/// An address that no host can have (RFC 1112 section 4). Its evaluation goes through a whole
/// record, and shows the result for strangers.
net::IpAddress nobodys_address();

/// The SPF record of a domain: there is one, which passes each address that mail leaves from and no
/// strangers, within the limits of RFC 7208 section 4.6.4. `expected`: what would do.
Findings judge_spf(
    const std::string& domain, const Lookup& answer, const spf::Outcome& stranger,
    const std::vector<SpfRun>& runs, const std::string& expected
);

}  // namespace outpost::domain_check
