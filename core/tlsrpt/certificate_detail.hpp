// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/tls/facts.hpp"
#include "core/tlsrpt/result.hpp"

namespace outpost::tlsrpt {

/// What a report says of a certificate that PKIX does not accept (RFC 8460 section 4.3.1).
FailureDetail certificate_detail(const tls::TlsFacts& facts);

}  // namespace outpost::tlsrpt
