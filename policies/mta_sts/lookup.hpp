// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "core/foundation/async/awaitable.hpp"
#include "core/foundation/async/deadline.hpp"
#include "policies/mta_sts/decide.hpp"

namespace outpost::mta_sts {

/// Asks for the record of a domain (RFC 8461 section 3.1), for half a minute at most. `domain`:
/// A-labels, of the mail address.
awaitable<Lookup> look_up(std::string domain, dns::Resolver& resolver, Deadline deadline);

}  // namespace outpost::mta_sts
