// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <stdexcept>

#include "core/net/tls/observation.hpp"

namespace outpost::net {

/// A TLS handshake that failed, or a certificate that does not meet the requirement.
class TlsError : public std::runtime_error {
  public:
    explicit TlsError(tls::TlsFailure failure)
        : std::runtime_error(failure.reason), failure_(std::move(failure)) {}
    const tls::TlsFailure& failure() const noexcept { return failure_; }

  private:
    tls::TlsFailure failure_;
};

}  // namespace outpost::net
