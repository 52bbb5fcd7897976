// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "core/mail/message/address.hpp"
#include "core/mail/smtp/dsn_parameters.hpp"

namespace outpost::smtp {

/// What MAIL FROM says besides the sender.
struct MailParameters {
    std::optional<std::uint64_t> size;  ///< RFC 1870
    bool body_8bitmime = false;         ///< RFC 6152
    bool smtputf8 = false;              ///< RFC 6531
    bool requiretls = false;            ///< RFC 8689
    Ret ret = Ret::unspecified;         ///< RFC 3461
    std::string envid;                  ///< clear text; written as xtext
};
/// "MAIL FROM:<…> SIZE=…", without CRLF. With smtputf8 the domain goes as U-labels.
std::string mail_command(const mail::Address& sender, const MailParameters& parameters);

struct RcptParameters {
    bool smtputf8 = false;
    Notify notify;      ///< RFC 3461
    std::string orcpt;  ///< "rfc822;user@example.org", clear text; the address is written as xtext
};
std::string rcpt_command(const mail::Address& recipient, const RcptParameters& parameters);

}  // namespace outpost::smtp
