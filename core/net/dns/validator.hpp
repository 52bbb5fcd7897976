// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/net/dns/zone_finder.hpp"

namespace outpost::dns {

/// A response, and how far it may be believed.
struct Judged {
    Response response;
    Security security = Security::indeterminate;
};

/// Validates responses itself (RFC 4035 section 5), so that no server need be trusted.
/// core/net/dnssec judges; this asks the questions. Signatures are checked on the caller's loop:
/// one takes between ten and a few hundred microseconds, and dnssec::Budget bounds their number.
/// Thread-safe.
class Validator {
  public:
    explicit Validator(ValidatorSetup setup) : setup_(std::move(setup)), zones_(setup_) {}
    Validator(const Validator&) = delete;
    Validator& operator=(const Validator&) = delete;

    /// One response with its security; a bogus one is a Failure of that kind, with the code of RFC
    /// 8914. The TTLs of the response are no longer than its signatures are valid.
    awaitable<Result<Judged, Failure>> ask(Question question, ValidationJob& job);

  private:
    const ValidatorSetup setup_;
    ZoneFinder zones_;
};

}  // namespace outpost::dns
