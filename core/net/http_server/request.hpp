// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/foundation/base/result.hpp"
#include "core/net/sockets/endpoint.hpp"

namespace outpost::http_server {

/// What a request of HTTP/1.0 or 1.1 says before its body (RFC 9112), as far as we need it.
struct RequestHead {
    std::string method;      ///< as it came; methods are case-sensitive
    std::string path;        ///< as it came, without a query; begins with '/'
    std::string host;        ///< in lower case, without port; empty: not said
    std::string media_type;  ///< of the body, in lower case, without parameters; empty: not said
    std::string forwarded;   ///< the last element of X-Forwarded-For
    std::optional<std::uint64_t> content_length;
    bool has_coding = false;     ///< Transfer-Encoding: the body's length is not known ahead
    bool has_encoding = false;   ///< Content-Encoding other than identity
    bool waits_for_100 = false;  ///< Expect: 100-continue
};

/// Parses the lines of a head, without their ends: the request line and the fields. Refuses what
/// two readers could understand differently, and requests for a proxy. The error is a sentence.
Result<RequestHead> parse_head(const std::vector<std::string>& lines);

/// A request with its body.
struct Request {
    RequestHead head;
    net::IpAddress client;
    std::string body;
};

}  // namespace outpost::http_server
