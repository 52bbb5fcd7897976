// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>

#include "core/foundation/base/result.hpp"
#include "core/net/sockets/endpoint.hpp"

namespace outpost::spf {

/// What the macros of RFC 7208 section 7.2 stand for.
struct MacroValues {
    std::string sender_local;             ///< l
    std::string sender_domain;            ///< o
    std::string domain;                   ///< d: whose record is being read
    net::IpAddress client;                ///< i, v
    std::string helo;                     ///< h
    std::string client_name = "unknown";  ///< p: a name that is confirmed for the client
};

/// Whether `text` is a macro-string (section 7.1). The error is a sentence.
Result<bool> check_macro_string(std::string_view text);
/// Whether `text` is a domain-spec: a macro-string that ends in a macro or in a top-level label.
Result<bool> check_domain_spec(std::string_view text);

/// Whether expanding needs `client_name`, which costs look-ups.
bool needs_client_name(std::string_view text);

/// The text with its macros replaced. `text` has been checked; what is no macro stays.
std::string expand(std::string_view text, const MacroValues& values);

/// A domain-spec expanded, without a final dot, and cut from the left to 253 octets (section 7.3).
std::string expand_domain(std::string_view spec, const MacroValues& values);

}  // namespace outpost::spf
