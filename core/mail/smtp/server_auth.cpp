// SPDX-License-Identifier: Apache-2.0
#include "core/mail/smtp/server_auth.hpp"

#include <utility>

#include "core/foundation/async/promise.hpp"
#include "core/foundation/base/encoding.hpp"
#include "core/mail/smtp/server_reply.hpp"

namespace outpost::smtp {
namespace {

using Kind = AuthOutcome::Kind;
using State = sasl::ServerMechanism::State;

AuthOutcome ended(Kind kind, int code, std::string_view status, std::string text) {
    return {kind, make_reply(code, status, std::move(text)), {}};
}
AuthOutcome refused() {
    return ended(Kind::refused, 535, "5.7.8", "authentication failed");
}

/// One response of the client: decoded, or how the exchange ends instead.
struct Response {
    std::string text;
    std::optional<AuthOutcome> end;
};

Response decode_response(std::string_view line) {
    auto decoded = base64_decode(line);
    if (decoded) return {std::move(*decoded), {}};
    return {{}, ended(Kind::unusable, 501, "5.5.2", "this is not base64")};
}

awaitable<Response> ask(ServerChannel& channel, std::string challenge) {
    using Status = net::LineReader::Status;
    channel.say(make_reply(334, "", base64_encode(challenge)));
    co_await channel.flush();
    const auto line = co_await channel.read_line(max_auth_line);
    if (line.status == Status::end) co_return Response{{}, ended(Kind::gone, 421, "4.4.2", "")};
    if (line.status == Status::bare) {
        // The server session hangs up on bare line ends; so does the exchange within it.
        channel.say(make_reply(500, "5.5.2", "CR and LF may only stand together"));
        co_return Response{{}, ended(Kind::gone, 500, "5.5.2", "")};
    }
    if (line.status == Status::too_long) {
        co_return Response{{}, ended(Kind::unusable, 500, "5.5.6", "the response is too long")};
    }
    if (line.status == Status::line && line.text == "*") {
        co_return Response{{}, ended(Kind::unusable, 501, "5.7.0", "authentication cancelled")};
    }
    co_return decode_response(line.text);
}

/// One step, off the event loop: it may compute a PBKDF2. The work itself keeps the mechanism
/// alive, in case the session ends meanwhile.
awaitable<std::pair<State, std::string>> step(
    std::shared_ptr<sasl::ServerMechanism> mechanism, std::string response, asio::thread_pool& pool
) {
    auto work = [mechanism, response = std::move(response)] { return mechanism->step(response); };
    co_return co_await on_pool(pool, std::move(work));
}

/// SASL as a server speaks first in LOGIN, and the client in all others (RFC 4422 section 5).
bool server_speaks_first(const sasl::ServerMechanism& mechanism) {
    return mechanism.name() == "LOGIN";
}

/// The client's first words: with the command (RFC 4954 section 4: "=" is an empty response), or
/// asked for.
awaitable<Response> first_response(
    ServerChannel& channel, const Auth& command, std::string first_challenge
) {
    if (!command.initial) co_return co_await ask(channel, std::move(first_challenge));
    if (*command.initial == "=") co_return Response{};
    co_return decode_response(*command.initial);
}

AuthOutcome unknown_mechanism(const std::string& name, bool tls) {
    if (!tls && sasl::reveals_secret(name)) {
        return ended(Kind::unusable, 538, "5.7.11", "this mechanism wants TLS first");
    }
    return ended(Kind::unusable, 504, "5.5.4", "mechanism not available");
}

}  // namespace

sasl::ChannelBinding binding_of(const std::optional<tls::TlsFacts>& tls) {
    if (!tls) return {};
    return {tls->channel_binding_type, tls->channel_binding};
}

awaitable<AuthOutcome> authenticate(
    ServerChannel& channel, Auth command, const ServerClient& client,
    std::shared_ptr<ServerPolicy> policy, asio::thread_pool& pool
) {
    const bool tls = client.tls.has_value();
    sasl::Lookup lookup = [policy](const std::string& login) { return policy->credential(login); };
    std::shared_ptr<sasl::ServerMechanism> mechanism =
        sasl::make_server(command.mechanism, std::move(lookup), tls, binding_of(client.tls));
    if (!mechanism) co_return unknown_mechanism(command.mechanism, tls);

    std::string challenge;
    if (server_speaks_first(*mechanism)) {
        const auto greeting = co_await step(mechanism, {}, pool);
        challenge = greeting.second;
    }
    Response response = co_await first_response(channel, command, std::move(challenge));
    State state = State::need_response;
    while (!response.end) {
        auto answer = co_await step(mechanism, std::move(response.text), pool);
        state = answer.first;
        if (state == State::failed) co_return refused();
        // SCRAM's last message is sent as a challenge, to which the response is empty (RFC 4954
        // section 4).
        if (state == State::succeeded && answer.second.empty()) break;
        response = co_await ask(channel, std::move(answer.second));
        if (state == State::succeeded) break;
    }
    if (response.end) co_return std::move(*response.end);
    if (state == State::succeeded) {
        co_return AuthOutcome{
            Kind::succeeded, make_reply(235, "2.7.0", "authenticated"), mechanism->username()
        };
    }
    co_return refused();
}

}  // namespace outpost::smtp
