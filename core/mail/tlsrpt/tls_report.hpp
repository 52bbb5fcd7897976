// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string_view>

namespace outpost::tlsrpt {

/// Whether a message with this header section is a TLS report (RFC 8460 section 5.3): results of
/// its own delivery are no reason for another report, or reports would cause each other forever.
bool is_tls_report(std::string_view header);

}  // namespace outpost::tlsrpt
