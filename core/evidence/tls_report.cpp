// SPDX-License-Identifier: Apache-2.0
#include "core/evidence/tls_report.hpp"

#include "core/mail/header.hpp"

namespace outpost::evidence {

bool is_tls_report(std::string_view header) {
    return mail::find_field(header, "TLS-Report-Domain").has_value();
}

}  // namespace outpost::evidence
