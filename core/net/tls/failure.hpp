// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

namespace outpost::tls {

/// How a TLS handshake, or the judgement after it, failed.
struct TlsFailure {
    enum class Kind {
        starttls_refused,  ///< any reply but 220: `reply_code`
        handshake,   ///< no TLS came about: a remote or local alert, garbage, an end, a timeout
        pkix,        ///< the certificate does not meet a PKIX requirement
        dane,        ///< it matches no TLSA record
        alert_after  ///< TLS alert at the first read after our handshake had ended
    };
    Kind kind{};
    std::string reason;  ///< for people
    std::string
        reason_code;     ///< for reports: "tls-remote-alert-40-handshake-failure", may be empty
    int reply_code = 0;  ///< of a refused STARTTLS
};

}  // namespace outpost::tls
