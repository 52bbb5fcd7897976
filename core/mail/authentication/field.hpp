// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "core/mail/authentication/verdicts.hpp"
#include "core/mail/message/header.hpp"

namespace outpost::authentication {

/// Signatures that are shown; a message may have any number.
constexpr std::size_t most_signatures_shown = 10;

/// The Authentication-Results field (RFC 8601 section 2.2), folded, with its final CRLF:
///
///     Authentication-Results: mx.example.org;
///      spf=pass smtp.mailfrom=a.example (dnssec: secure)
///
/// The comment after each result has the DNSSEC status of its look-ups, and why it is not a pass.
/// Printable ASCII, whatever message and DNS contain: nothing in them can end a line, a comment or
/// a result. `authserv_id`: our host name.
std::string results_field(std::string_view authserv_id, const Verdicts& verdicts);

/// Takes out the Authentication-Results fields that could pass for ours (section 5). To be done
/// after the verdicts are made: signatures may cover such fields.
void erase_forged_results(mail::Header& header, std::string_view authserv_id);

}  // namespace outpost::authentication
