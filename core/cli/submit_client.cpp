// SPDX-License-Identifier: Apache-2.0
#include "core/cli/submit_client.hpp"

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>

#include "core/delivery/smtp_client/endings.hpp"
#include "core/net/sockets/tcp_stream.hpp"

namespace outpost::cli {
namespace {

using delivery::DeliveryOutcome;
using delivery::Stage;
using delivery::Verdict;

/// A client holds no lease: it may always finish.
class OpenGate final : public delivery::DotGate {
  public:
    void reached(Stage) noexcept override {}
    awaitable<bool> may_finish(std::span<const std::int32_t>) override { co_return true; }
};

std::shared_ptr<const delivery::SessionSettings> settings_for(const SubmissionServer& server) {
    auto settings = std::make_shared<delivery::SessionSettings>();
    settings->ehlo_name = server.ehlo_name.empty() ? "localhost" : server.ehlo_name;
    settings->tls.mode = server.tls;
    settings->server_name = server.host;
    if (server.tls != delivery::TlsMode::none && server.verify)
        settings->tls.demand.enforced = tls::TlsRequirement::verified({server.host}, "client");
    return settings;
}

constexpr auto connect_timeout = std::chrono::seconds(10);

// A command has nothing else to do meanwhile, so the system's resolver may block.
awaitable<net::StreamPtr> dial(const SubmissionServer& server) {
    const auto executor = co_await asio::this_coro::executor;
    if (!server.socket.empty()) {
        const auto dialer = net::make_direct_dialer(nullptr);
        co_return co_await dialer->dial_unix(server.socket.string(), Deadline::in(connect_timeout));
    }
    asio::ip::tcp::resolver resolver(executor);
    const auto found = resolver.resolve(server.host, std::to_string(server.port));
    const auto dialer = net::make_direct_dialer(tls::make_client_context(server.tls_files));
    std::exception_ptr last;
    for (const auto& entry : found) {
        const net::Endpoint endpoint{entry.endpoint().address(), server.port};
        try {
            co_return co_await dialer->dial(endpoint, Deadline::in(connect_timeout));
        } catch (const std::system_error&) {
            last = std::current_exception();
        }
    }
    std::rethrow_exception(last);
}

awaitable<std::optional<Verdict>> log_in(
    delivery::SmtpSession& session, const SubmissionServer& server
) {
    delivery::Login login = *server.login;
    if (!std::holds_alternative<std::monostate>(server.token)) {
        const auto token = sasl::TokenSource(server.token).get();
        if (!token)
            co_return Verdict::deferred(
                Stage::auth, delivery::ErrorKind::auth, {4, 7, 8}, token.error()
            );
        login.credentials.bearer_token = *token;
    }
    co_return co_await session.authenticate(login);
}

awaitable<DeliveryOutcome> talk(const SubmissionServer& server, const delivery::DeliveryJob& job) {
    delivery::Transcript transcript;
    Connected connected = co_await connect(server, transcript);
    if (!connected.session)
        co_return DeliveryOutcome::all(job, *connected.refused, connected.unreachable);
    OpenGate gate;
    DeliveryOutcome outcome;
    outcome.verdicts = co_await connected.session->send(job, gate);
    co_await connected.session->quit();
    co_return outcome;
}

}  // namespace

awaitable<Connected> connect(const SubmissionServer& server, delivery::Transcript& transcript) {
    Connected connected;
    Stage stage = Stage::connect;
    std::exception_ptr broken;
    std::unique_ptr<delivery::SmtpSession> session;
    try {
        net::StreamPtr stream = co_await dial(server);
        session = std::make_unique<delivery::SmtpSession>(
            std::move(stream), settings_for(server), Deadline::in(std::chrono::minutes(10)),
            transcript
        );
        connected.refused = co_await session->open();
        if (!connected.refused && server.login)
            connected.refused = co_await log_in(*session, server);
    } catch (...) {
        broken = std::current_exception();
        if (session) stage = session->stage();
    }
    connected.unreachable = !session;
    if (broken) connected.refused = delivery::verdict_of(broken, stage);
    if (!connected.refused) connected.session = std::move(session);
    co_return connected;
}

DeliveryOutcome submit(const SubmissionServer& server, const delivery::DeliveryJob& job) {
    asio::io_context loop(1);
    DeliveryOutcome outcome;
    std::exception_ptr failed;
    asio::co_spawn(loop, talk(server, job), [&](std::exception_ptr error, DeliveryOutcome result) {
        failed = error;
        outcome = std::move(result);
    });
    loop.run();
    if (failed) std::rethrow_exception(failed);
    return outcome;
}

}  // namespace outpost::cli
