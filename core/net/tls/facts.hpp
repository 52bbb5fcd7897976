// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "core/foundation/base/clock.hpp"
#include "core/net/tls/failure.hpp"

namespace outpost::tls {

/// Why a certificate is not valid by PKIX (RFC 5280, RFC 9525): what TLS reports tell apart
/// (RFC 8460 section 4.3.1).
enum class PkixProblem {
    none,
    expired,        ///< or not yet valid
    host_mismatch,  ///< valid, for somebody else
    not_trusted,    ///< the chain does not lead to a trusted root, or breaks a rule on its way
    other           ///< there is no certificate, or it could not be checked
};

/// What a TLS handshake reached.
struct TlsFacts {
    std::string version;  ///< "TLSv1.3"
    std::string cipher;   ///< "TLS_AES_256_GCM_SHA384"

    /// Chain and name by PKIX, always found out, even where nobody asks and whatever DANE says.
    bool pkix_verified = false;
    PkixProblem pkix_problem = PkixProblem::none;
    std::string
        pkix_error;  ///< why not ("self-signed certificate", "the certificate is not for ...")
    std::string pkix_reason_code;  ///< for reports: "too-many-intermediates", may be empty

    /// By DANE; unset where no TLSA records were given.
    std::optional<bool> dane_verified;
    std::string dane_record;  ///< the one that matched: "3 1 1 ab12..."
    std::string dane_error;   ///< why none matched

    std::optional<TlsFailure> unmet;    ///< of what is enforced; told even where errors are ignored
    std::optional<TlsFailure> watched;  ///< how what is only watched would have failed

    /// RFC 9266 tls-exporter for TLS 1.3, tls-unique (RFC 5929) before; raw octets.
    std::string channel_binding_type;  ///< "tls-exporter", "tls-unique" or empty
    std::string channel_binding;
    bool resumed = false;

    /// "dane 3 1 1 ab12... matched, pkix verified": in few words what was found out of the peer's
    /// certificate, and what would have failed.
    std::string summary() const;
};

/// One certificate that a peer showed, for people.
struct CertificateFacts {
    std::string subject, issuer;  ///< distinguished names
    WallTime not_before{}, not_after{};
    std::vector<std::string> names;  ///< DNS names and IP addresses of its subjectAltName
    std::string public_key_sha256;   ///< of its SPKI in hex: what a record "3 1 1" or "2 1 1" has
};

}  // namespace outpost::tls
