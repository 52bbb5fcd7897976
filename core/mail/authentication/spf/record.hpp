// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/foundation/base/result.hpp"
#include "core/net/sockets/endpoint.hpp"

namespace outpost::spf {

/// What a directive says about the clients that it matches (RFC 7208 section 4.6.2).
enum class Qualifier { pass, fail, softfail, neutral };

enum class Mechanism { all, include, a, mx, ptr, ip4, ip6, exists };
std::string_view text(Mechanism mechanism) noexcept;

/// One directive: a qualifier and a mechanism (section 5).
struct Directive {
    Qualifier qualifier = Qualifier::pass;
    Mechanism mechanism = Mechanism::all;
    std::string domain_spec;  ///< with macros; empty: the record's own domain
    net::IpAddress network;   ///< ip4 and ip6
    unsigned v4_prefix = 32, v6_prefix = 128;
    std::string text;  ///< as it stands in the record, printable ASCII
};

struct Record {
    std::vector<Directive> directives;
    std::optional<std::string> redirect;     ///< a domain-spec (section 6.1)
    std::optional<std::string> explanation;  ///< exp=, a domain-spec; never looked up
};

/// Whether a TXT record is meant for SPF, right or wrong (section 4.5).
bool is_record(std::string_view text) noexcept;

/// The error is a sentence; any is a permerror (section 4.6). Unknown modifiers are passed over.
Result<Record> parse_record(std::string_view text);

}  // namespace outpost::spf
