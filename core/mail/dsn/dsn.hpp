// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "core/foundation/base/clock.hpp"
#include "core/mail/message/address.hpp"
#include "core/mail/message/content.hpp"
#include "core/mail/smtp/dsn_parameters.hpp"

namespace outpost::dsn {

enum class DsnAction { failed, delayed, delivered, relayed, expanded };
std::string_view to_string(DsnAction action) noexcept;

/// What a DSN says of one recipient (RFC 3464 section 2.3).
struct DsnRecipient {
    mail::Address address;
    std::string orcpt;
    DsnAction action = DsnAction::failed;
    std::string status;       ///< "5.1.1"
    std::string remote_host;  ///< Remote-MTA, may be empty
    std::string remote_ip;
    std::vector<std::string>
        diagnostic;      ///< the remote's reply, line by line, with code; untrusted
    std::string reason;  ///< our own sentence
    WallTime last_attempt{};
    WallTime will_retry_until{};  ///< delayed only; unset: others try, for an unknown time
};

struct DsnFacts {
    std::string reporting_mta;  ///< our host name
    mail::Address to;           ///< the original reverse-path
    std::string envid;
    WallTime arrival{};
    smtp::Ret ret = smtp::Ret::unspecified;
    bool smtputf8 = false;  ///< the original used SMTPUTF8: RFC 6533 forms
    bool eightbit = false;  ///< the original has 8-bit octets
    std::string original_message_id;
    std::string original_header;  ///< header section of the original
    mail::ContentPtr original;    ///< whole original; used for RET=FULL only, may be null
    std::vector<DsnRecipient> recipients;
    WallTime now{};
};

/// Composes a delivery status notification (RFC 3464, multipart/report of RFC 6522; RFC 6533 forms
/// for SMTPUTF8). Pure. All remote text is encoded so that it can add neither fields nor parts.
mail::Content compose_dsn(const DsnFacts& facts);

}  // namespace outpost::dsn
