// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/domains/check/finding.hpp"
#include "core/net/sockets/endpoint.hpp"
#include "core/net/tls/facts.hpp"
#include "core/net/tls/observation.hpp"
#include "core/net/tls/requirement.hpp"

namespace outpost::domain_check {

/// What a session with a mail server of ours showed, as far as it came.
struct Session {
    net::IpAddress address;
    tls::TlsObservation seen;
    std::vector<tls::CertificateFacts> chain;  ///< that the server showed, leaf first
    /// Why there was no session; empty: there was.
    std::string trouble;
    bool lasting = false;  ///< the trouble is permanent: nobody listens there
};

/// What senders ask of the host.
struct Demands {
    std::vector<tls::TlsaRecord> keys;  ///< those that its certificates are to be made for
    bool dane = false;                  ///< its TLSA records bind senders
    bool mta_sts = false;               ///< a policy of ours wants a valid certificate
};

/// What `host` serves on port 25 of one address: TLS, with a certificate that senders accept by
/// its TLSA records (RFC 7672), and by PKIX where a policy asks for it (RFC 8461).
Findings judge_session(const std::string& host, const Session& session, const Demands& demands);

}  // namespace outpost::domain_check
