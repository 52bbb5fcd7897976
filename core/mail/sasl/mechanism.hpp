// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/foundation/base/result.hpp"
#include "core/foundation/base/secret.hpp"

/// SASL (RFC 4422) without I/O: bytes in, bytes out.
namespace outpost::sasl {

/// Iterations of PBKDF2 in SCRAM. Fewer are unsafe (RFC 7677 section 4), more let a hostile server
/// burn our CPU (RFC 5802 section 9).
constexpr unsigned min_iterations = 4096;
constexpr unsigned max_iterations = 600'000;

/// TLS channel binding data of the connection (RFC 5929, RFC 9266); empty type without TLS.
struct ChannelBinding {
    std::string type;  ///< "tls-exporter" or "tls-unique"
    std::string data;
};

struct Credentials {
    std::string username;
    Secret password;
    Secret bearer_token;  ///< for XOAUTH2 and OAUTHBEARER
    std::string host;     ///< OAUTHBEARER names the server
    std::uint16_t port = 0;
    unsigned min_iterations = sasl::min_iterations;  ///< of a SCRAM server
};

/// One client exchange. `step` takes a decoded challenge (none at first) and returns the response
/// to send; `done` says that our side is satisfied: a server success before that (a SCRAM server
/// that skips its signature) is a failure.
class ClientMechanism {
  public:
    virtual ~ClientMechanism() = default;
    virtual std::string_view name() const noexcept = 0;
    /// True when an initial response goes with the AUTH command.
    virtual bool initial_response() const noexcept = 0;
    /// A SCRAM step may compute a PBKDF2 (up to some 0.5 s): run it on a worker pool. After an
    /// error the exchange is over, with one exception: an answer to an error message of a token
    /// server (RFC 7628 section 3.2.3) is a value, and `done` stays false.
    virtual Result<std::string> step(std::optional<std::string_view> challenge) = 0;
    virtual bool done() const noexcept = 0;
};

/// All mechanism names we know as a client, strongest first.
const std::vector<std::string>& client_mechanisms();
/// Mechanisms that reveal the secret to an eavesdropper: never used without verified TLS.
bool reveals_secret(std::string_view mechanism) noexcept;

struct Choice {
    std::string mechanism;
    /// GS2 flag 'y' (RFC 5802 section 6): we could bind, the server seems unable to.
    bool binding_not_offered = false;
};
/// The first of `preferred` (empty: the default order) that `offered` has, the credentials can
/// serve and the channel permits. The error says what was offered and why nothing fits.
Result<Choice> choose(
    const std::vector<std::string>& offered, const std::vector<std::string>& preferred,
    const Credentials& credentials, bool tls, bool tls_verified, const ChannelBinding& binding
);
std::unique_ptr<ClientMechanism> make_client(
    const Choice& choice, const Credentials& credentials, const ChannelBinding& binding
);

/// A stored SCRAM verifier, as `outpost password` prints it (the form PostgreSQL uses):
/// SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>; several (SHA-256 and SHA-1) are
/// joined by a space.
struct ScramVerifier {
    std::string hash;  ///< "SHA-256" or "SHA-1"
    unsigned iterations = 0;
    std::string salt, stored_key, server_key;  ///< raw octets
};
struct StoredCredential {
    std::vector<ScramVerifier> verifiers;
    static Result<StoredCredential> parse(std::string_view text);
    static StoredCredential make(const Secret& password, unsigned iterations = min_iterations);
    std::string text() const;
    /// For PLAIN and LOGIN. Costs a PBKDF2: call it off the event loop.
    bool matches(const Secret& password) const;
};
/// A credential for a user that does not exist: the same salt each time for the same name; no
/// password fits it. `iterations` should be what real users have.
StoredCredential decoy_credential(
    std::string_view username, std::string_view server_secret, unsigned iterations = min_iterations
);

/// One server exchange. Output of the last step goes to the client too (SCRAM server-final).
class ServerMechanism {
  public:
    enum class State { need_response, succeeded, failed };
    virtual ~ServerMechanism() = default;
    virtual std::string_view name() const noexcept = 0;
    /// Takes a decoded response; returns the challenge to send (may be empty) and the state.
    virtual std::pair<State, std::string> step(std::string_view response) = 0;
    /// The user named, once known.
    virtual std::string username() const = 0;
};
using Lookup =
    std::function<StoredCredential(const std::string& username)>;  ///< never "none": use a decoy
/// What a server may announce: PLUS variants only with a channel binding, cleartext ones only with
/// TLS.
std::vector<std::string> server_mechanisms(bool tls, const ChannelBinding& binding);
/// Null for an unknown or, on this channel, forbidden name. `step` of PLAIN/LOGIN/SCRAM may compute
/// a PBKDF2: run it on a worker pool.
std::unique_ptr<ServerMechanism> make_server(
    std::string_view name, Lookup lookup, bool tls, const ChannelBinding& binding
);

}  // namespace outpost::sasl
