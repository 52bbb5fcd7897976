// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "core/delivery/interface/job.hpp"
#include "core/foundation/base/result.hpp"

namespace outpost::cli {

/// The command line of sendmail(1), as programs have used it for forty years.
struct SendmailOptions {
    bool recipients_from_header = false;  ///< -t
    bool ignore_dots = false;    ///< -i, -oi: a line with a lone dot does not end the message
    bool smtp_on_stdio = false;  ///< -bs
    std::string sender;          ///< -f, -r; "<>" for the null reverse-path
    std::string full_name;       ///< -F
    delivery::Notify notify;     ///< -N
    delivery::Ret ret = delivery::Ret::unspecified;  ///< -R
    std::string envid;                               ///< -V
    /// -O RequireTLS=yes: REQUIRETLS; no: the header field TLS-Required: No (RFC 8689).
    delivery::TlsWish tls_wish = delivery::TlsWish::standard;
    std::string config;  ///< -C
    std::vector<std::string> recipients;
};

/// Understands options joined to their value or apart from it ("-fme@x", "-f me@x"), groups of
/// flags ("-ti"), and "--" ; accepts and ignores what only steered a local queue (-oem, -q, -v …).
/// The error is a sentence for the person who typed it.
Result<SendmailOptions> parse_sendmail_options(const std::vector<std::string>& arguments);

}  // namespace outpost::cli
