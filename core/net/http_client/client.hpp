// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/foundation/async/awaitable.hpp"
#include "core/foundation/async/deadline.hpp"
#include "core/foundation/base/result.hpp"
#include "core/net/dns/resolver.hpp"
#include "core/net/sockets/endpoint.hpp"
#include "core/net/tls/context.hpp"

/// HTTPS to servers that strangers name: policy hosts of MTA-STS, receivers of TLS reports.
namespace outpost::http_client {

/// What a POST carries.
struct Upload {
    std::string content_type;
    std::string octets;
};

struct Request {
    std::string url;               ///< https, without user name; anything else is refused
    std::optional<Upload> upload;  ///< unset: GET
    /// A larger body is a failure; a header section may have 16 KiB.
    std::size_t longest_body = 64 * 1024;
};

/// An answer with any status: redirects are answers like any other, and never followed.
struct Response {
    int status = 0;
    std::string content_type;  ///< as it was sent; empty without
    std::string body;
};

struct Failure {
    enum class Kind {
        url,          ///< not an https URL with a host name
        dns,          ///< the host could not be looked up
        no_address,   ///< the host does not exist, or has no address
        forbidden,    ///< none of its addresses is of the public internet
        connect,      ///< no connection could be made, or it broke
        tls,          ///< the TLS handshake failed
        certificate,  ///< the server's certificate is not valid for its name
        timeout,
        too_large,
        protocol,  ///< not HTTP, or a form of it that was not requested
        stopped    ///< the client was stopped
    };
    Kind kind{};
    std::string text;  ///< for people
    /// Of a certificate, as TLS reports call it: "certificate-expired",
    /// "certificate-not-trusted+not-authorized-to-sign".
    std::string certificate_fault{};
    std::optional<dns::Failure> lookup{};  ///< of Kind::dns
};

/// Thread-safe; coroutines resume on their own executor.
class Client {
  public:
    virtual ~Client() = default;
    /// Everything, the lookup included, ends by the deadline. Never throws because of the network
    /// or a server.
    virtual awaitable<Result<Response, Failure>> send(Request request, Deadline deadline) = 0;
    /// Requests under way, and later ones, end as Kind::stopped.
    virtual void stop() = 0;
};

struct ClientSettings {
    /// Whose roots count; a client certificate in it is not used.
    tls::ContextPtr roots;
    std::shared_ptr<dns::Resolver> resolver;
    /// Networks that may be connected to although they are not of the public internet.
    std::vector<net::Cidr> allow_networks;
    std::string user_agent = "Outpost";
};

/// TLS 1.2 at least. The certificate must chain to a root and have the host among its DNS names
/// (RFC 9525: the common name does not count). One connection a request; no proxy, no redirects, no
/// cookies, no compression, no cache. Addresses come from `resolver`, and the one that is connected
/// to is checked again. The client must outlive its requests; `stop` makes them end.
std::shared_ptr<Client> make_https_client(ClientSettings settings);

}  // namespace outpost::http_client
