// SPDX-License-Identifier: Apache-2.0
#include "core/mail/tlsrpt/tls_report.hpp"

#include "core/mail/message/header.hpp"

namespace outpost::tlsrpt {

bool is_tls_report(std::string_view header) {
    return mail::find_field(header, "TLS-Report-Domain").has_value();
}

}  // namespace outpost::tlsrpt
