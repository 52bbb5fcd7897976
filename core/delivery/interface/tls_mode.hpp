// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace outpost::delivery {

/// How a session is to reach TLS.
enum class TlsMode {
    none,           ///< never
    opportunistic,  ///< STARTTLS when it is announced
    required,       ///< STARTTLS even when it is not announced; no going on without
    implicit        ///< from the first octet (RFC 8314)
};

}  // namespace outpost::delivery
