// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "core/mail/tlsrpt/record.hpp"
#include "core/net/dns/resolver.hpp"

namespace outpost::tls_reports {

/// Why a domain gets no report.
struct NoRecord {
    bool temporary = false;  ///< the DNS did not answer: it may want one all the same
    std::string reason;      ///< for people; may hold strangers' words
};

/// What `domain` (A-labels) says about reports, at `_smtp._tls.DOMAIN` (RFC 8460 section 3).
awaitable<Result<tlsrpt::Record, NoRecord>> look_up(
    std::string domain, dns::Resolver& resolver, Deadline deadline
);

}  // namespace outpost::tls_reports
