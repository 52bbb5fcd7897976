// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/net/dns/domain.hpp"

namespace outpost::authentication {

/// The registered domain: "example.co.uk" for "mail.example.co.uk" (RFC 7489 section 3.2), by the
/// system's public suffix list. A public suffix is its own. Thread-safe.
dns::Domain organizational_domain(const dns::Domain& domain);

}  // namespace outpost::authentication
