// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>

#include "core/delivery/interface/tls_mode.hpp"
#include "core/delivery/interface/verdict.hpp"
#include "core/mail/smtp/tls_wish.hpp"
#include "core/net/tls/requirement.hpp"

/// What a session of direct delivery with one host must do about TLS: the one place where the
/// message's wish meets the demands of the policies. Pure.
namespace outpost::delivery {

using smtp::TlsWish;

/// What TLS is asked of a session, from the decision to the handshake and to attempt rows.
struct TlsPlan {
    TlsMode mode = TlsMode::opportunistic;
    /// All that is asked for, the message's own wish included.
    tls::TlsDemand demand;
    /// The host is not to be used at all. 4.7.30 where REQUIRETLS cannot be kept, which is
    /// permanent if it is so of every host; everything else is temporary.
    std::optional<Verdict> refused;
    /// Who asked: "dane, mta-sts", "REQUIRETLS, dane", "TLS-Required: No, mta-sts"; what is only
    /// watched in parentheses: "(dane)". Empty: nobody.
    std::string policy;

    /// After a failure of TLS the message may go in clear, over another connection.
    bool may_fall_back() const noexcept { return demand.enforced.plaintext_allowed(); }
};

/// `asked` is the join of what all policies demand. REQUIRETLS is served only where one of them
/// verifies the host: what is only watched (MTA-STS in testing mode), or TLS without verification
/// (unusable TLSA records), is not enough (RFC 8689 section 4.2.1).
TlsPlan decide_tls(TlsWish wish, const tls::TlsDemand& asked);

}  // namespace outpost::delivery
