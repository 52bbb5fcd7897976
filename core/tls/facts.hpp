// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

namespace outpost::tls {

/// What a TLS handshake reached.
struct TlsFacts {
    std::string version;         ///< "TLSv1.3"
    std::string cipher;          ///< "TLS_AES_256_GCM_SHA384"
    bool pkix_verified = false;  ///< chain and name, always computed even where nobody asks
    std::string pkix_error;      ///< why not ("self-signed certificate", "name mismatch")
    bool requirement_met = false;
    /// RFC 9266 tls-exporter for TLS 1.3, tls-unique (RFC 5929) before; raw octets.
    std::string channel_binding_type;  ///< "tls-exporter", "tls-unique" or empty
    std::string channel_binding;
    bool resumed = false;
};

}  // namespace outpost::tls
