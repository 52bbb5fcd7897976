// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "core/net/tls/facts.hpp"

struct ssl_st;

namespace outpost::tls {

/// The peer's certificate by PKIX, whatever DANE makes of it. Made once for a handshake: the chain
/// is the same for all names.
class PkixCheck {
  public:
    /// `by_dane`: the handshake itself verified by TLSA records, so that its result says nothing.
    PkixCheck(ssl_st* ssl, bool by_dane);
    struct Finding {
        PkixProblem problem = PkixProblem::none;
        std::string error, reason_code;
    };
    /// Whether the certificate stands for any of these names (RFC 9525: DNS names, or IP
    /// addresses).
    Finding of(const std::vector<std::string>& names) const;

  private:
    ssl_st* ssl_;
    long chain_;  ///< X509_V_OK, or the first thing wrong with the chain
};

}  // namespace outpost::tls
