// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "core/foundation/async/awaitable.hpp"
#include "core/foundation/async/deadline.hpp"
#include "core/mail/message/address.hpp"
#include "core/net/dns/resolver.hpp"
#include "core/net/sockets/endpoint.hpp"

namespace outpost::spf {

/// RFC 7208 section 2.6.
enum class Status { none, neutral, pass, fail, softfail, temperror, permerror };
std::string_view text(Status status) noexcept;

/// RFC 7208 section 4.6.4. More than these are a permerror.
constexpr std::size_t most_lookup_terms = 10, most_voids = 2, most_mx_hosts = 10;

/// Whose identity is checked (section 2.2).
enum class Identity { helo, mail_from };

/// What is known of a transaction's client.
struct Client {
    net::IpAddress address;
    std::string helo;  ///< as it came; an address literal or nonsense has no SPF
};

struct Outcome {
    Status status = Status::none;
    Identity identity = Identity::mail_from;
    std::string domain;     ///< that was asked about, A-labels; empty: the identity names none
    std::string mechanism;  ///< the directive that decided, as in the record; else empty
    std::string reason;     ///< for people, why there is no verdict; from strangers in part
    std::size_t lookup_terms = 0, voids = 0;  ///< spent of what section 4.6.4 allows
    /// Of the weakest look-up that led here.
    dns::Security security = dns::Security::indeterminate;
};

/// Whether the domain that the client says it is permits its address (section 2.3).
awaitable<Outcome> check_helo(Client client, dns::Resolver& resolver, Deadline deadline);

/// Whether the domain of the reverse-path permits it. A null reverse-path stands for postmaster at
/// the HELO domain (section 2.4). Never throws because of the DNS. The deadline is for all look-ups
/// together; when it passes, the result is temperror.
awaitable<Outcome> check_mail_from(
    Client client, mail::Address mail_from, dns::Resolver& resolver, Deadline deadline
);

}  // namespace outpost::spf
