// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <string>
#include <string_view>

#include "core/mail/authentication/dkim/canonical.hpp"

namespace outpost::test {

/// The canonical body, fed in pieces of `piece` octets.
inline std::string canonical_body(
    dkim::Canonicalization form, std::string_view body, std::size_t piece
) {
    std::string out;
    dkim::BodyCanonicalizer canonicalizer(form, [&](std::string_view octets) { out += octets; });
    for (; !body.empty(); body.remove_prefix(std::min(piece, body.size())))
        canonicalizer.feed(body.substr(0, piece));
    canonicalizer.finish();
    return out;
}

}  // namespace outpost::test
