// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "core/foundation/base/clock.hpp"

namespace outpost::mail {

/// What a Received field says (RFC 5321 section 4.4).
struct ReceivedFacts {
    std::string helo;  ///< what the client called itself; encoded so that it cannot break the field
    std::string client_name;    ///< reverse DNS name, may be empty
    std::string client_ip;      ///< may be empty (sendmail, SQL)
    std::string client_remark;  ///< more about the client, in a comment; may be empty
    std::string by;             ///< our host name
    std::string protocol;       ///< "ESMTPSA", "UTF8SMTPS", "sendmail", "SQL" (RFC 3848, RFC 6531)
    std::string id;             ///< our message id
    std::string tls;            ///< "TLSv1.3 with TLS_AES_256_GCM_SHA384", empty without TLS
    std::string account;        ///< authenticated account, may be empty; shown only when asked for
    bool requiretls = false;    ///< adds the comment of RFC 8689 section 4.1 before the id clause
    std::string for_recipient;  ///< only when there is exactly one
    WallTime at{};
};

/// The whole field, folded below 78 columns where possible, with its final CRLF.
std::string received_field(const ReceivedFacts& facts);
/// A date-time of RFC 5322 section 3.3, in UTC ("Mon, 23 Nov 2026 13:35:41 +0000").
std::string rfc5322_date(WallTime at);
/// A fresh Message-ID with angle brackets: `<random.time@host>`.
std::string make_message_id(std::string_view host);

}  // namespace outpost::mail
