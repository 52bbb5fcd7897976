// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <stdexcept>
#include <string>

namespace outpost::net {

/// A TLS handshake that failed, or a certificate that does not meet the requirement.
class TlsError : public std::runtime_error {
  public:
    enum class Kind { handshake, verification };
    TlsError(Kind kind, const std::string& what) : std::runtime_error(what), kind_(kind) {}
    Kind kind() const noexcept { return kind_; }

  private:
    Kind kind_;
};

}  // namespace outpost::net
