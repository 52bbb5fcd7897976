// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/mail/tlsrpt/result.hpp"
#include "core/net/tls/facts.hpp"

namespace outpost::tlsrpt {

/// What a report says of a certificate that PKIX does not accept (RFC 8460 section 4.3.1).
FailureDetail certificate_detail(const tls::TlsFacts& facts);

}  // namespace outpost::tlsrpt
