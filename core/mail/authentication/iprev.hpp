// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>

#include "core/foundation/async/awaitable.hpp"
#include "core/foundation/async/deadline.hpp"
#include "core/net/dns/resolver.hpp"
#include "core/net/sockets/endpoint.hpp"

namespace outpost::authentication {

/// Whether an address has a name that leads back to it (RFC 8601 section 3).
enum class IprevStatus {
    pass,
    fail,       ///< its names lead elsewhere
    temperror,  ///< no answer from the DNS; perhaps later
    permerror   ///< it has no name
};
std::string_view text(IprevStatus status) noexcept;

struct IprevResult {
    IprevStatus status = IprevStatus::permerror;
    net::IpAddress address;
    std::string name;    ///< the first that leads back, else empty
    std::string reason;  ///< for people; empty for pass
    dns::Security security = dns::Security::indeterminate;  ///< of the weakest look-up
};

awaitable<IprevResult> check_iprev(
    net::IpAddress address, dns::Resolver& resolver, Deadline deadline
);

}  // namespace outpost::authentication
