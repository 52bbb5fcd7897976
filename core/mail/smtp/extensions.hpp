// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/mail/smtp/reply.hpp"

namespace outpost::smtp {

/// What a server announced in its reply to EHLO. Forgotten after STARTTLS: what was said in clear
/// may have been said by anyone.
struct Extensions {
    bool starttls = false;
    bool pipelining = false;                ///< RFC 2920
    bool eightbitmime = false;              ///< RFC 6152
    bool smtputf8 = false;                  ///< RFC 6531
    bool chunking = false;                  ///< RFC 3030
    bool dsn = false;                       ///< RFC 3461
    bool requiretls = false;                ///< RFC 8689
    bool size = false;                      ///< RFC 1870
    std::optional<std::uint64_t> max_size;  ///< unset: no limit known
    std::vector<std::string> auth;          ///< mechanism names in upper case
    std::optional<std::uint32_t> rcpt_max, mail_max, rcpt_domain_max;  ///< LIMITS, RFC 9422
};

/// Reads the lines of a 250 reply to EHLO; the first one is the server's name. Keywords that are
/// not known, and LIMITS with any error in it (RFC 9422 section 4), are passed over.
Extensions parse_extensions(const Reply& reply);

}  // namespace outpost::smtp
