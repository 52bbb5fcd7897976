// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>

namespace outpost::delivery {

/// How long an SMTP client waits at each step. Defaults: RFC 5321 section 4.5.3.2, but for the
/// greeting, where five minutes would only keep a dead host's lane busy.
struct SmtpTimeouts {
    std::chrono::seconds connect{30};
    std::chrono::seconds greeting{60};
    std::chrono::seconds command{300};  ///< EHLO, MAIL, RCPT, RSET, AUTH
    std::chrono::seconds handshake{60};
    std::chrono::seconds data_start{120};  ///< from DATA to 354
    std::chrono::seconds data_block{180};  ///< each piece of content written
    std::chrono::seconds final_reply{600};
    std::chrono::seconds quit{5};
};

}  // namespace outpost::delivery
