// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string_view>

#include "core/mail/sasl/mechanism.hpp"

namespace outpost::sasl {

/// PLAIN, LOGIN, EXTERNAL, XOAUTH2, OAUTHBEARER; null for other names.
std::unique_ptr<ClientMechanism> make_simple_client(
    std::string_view mechanism, const Credentials& credentials
);
/// CRAM-MD5 (RFC 2195).
std::unique_ptr<ClientMechanism> make_cram_md5_client(const Credentials& credentials);

}  // namespace outpost::sasl
