// SPDX-License-Identifier: Apache-2.0
#include "plugins/lmtp/transport.hpp"

#include <system_error>

#include "plugins/lmtp/delivery.hpp"

namespace outpost::lmtp {

using delivery::DeliveryOutcome;
using delivery::ErrorKind;
using delivery::Stage;
using delivery::Verdict;

namespace {

Verdict lost(Stage stage, const std::system_error& error) {
    const bool timeout = error.code() == std::errc::timed_out;
    if (timeout)
        return Verdict::deferred(
            stage, ErrorKind::timeout, {4, 4, 2}, "the store did not answer in time"
        );
    return Verdict::deferred(
        stage, ErrorKind::connect, {4, 4, 2},
        std::string("connection lost: ") + error.code().message()
    );
}

Verdict unreachable(const std::system_error& error) {
    const bool timeout = error.code() == std::errc::timed_out;
    return Verdict::deferred(
        Stage::connect, timeout ? ErrorKind::timeout : ErrorKind::connect, {4, 4, 1},
        "the store cannot be reached: " + error.code().message()
    );
}

}  // namespace

std::shared_ptr<delivery::RemoteFacts> Transport::where() const {
    auto facts = std::make_shared<delivery::RemoteFacts>();
    // The store is the final destination: whoever asked for a success report gets it from us.
    facts->success = delivery::RemoteFacts::Success::delivered;
    if (!settings_.socket.empty()) {
        facts->host = settings_.socket;
        return facts;
    }
    facts->ip = settings_.endpoint.address.to_string();
    facts->port = settings_.endpoint.port;
    return facts;
}

awaitable<DeliveryOutcome> Transport::deliver(
    const delivery::DeliveryJob& job, delivery::AttemptContext& context
) {
    const auto remote = where();
    context.gate.reached(Stage::connect);
    const Deadline by = context.deadline.narrowed(settings_.connect_timeout);
    net::StreamPtr stream;
    std::optional<Verdict> no_stream;
    try {
        if (settings_.socket.empty())
            stream = co_await context.dialer.dial(settings_.endpoint, by);
        else
            stream = co_await context.dialer.dial_unix(settings_.socket, by);
    } catch (const std::system_error& error) {
        no_stream = unreachable(error);
    }
    if (no_stream) {
        no_stream->remote = remote;
        co_return DeliveryOutcome::all(job, *no_stream, true);
    }

    Delivery session(settings_, job, context, remote);
    Verdict rest = Verdict::deferred(
        Stage::connect, ErrorKind::protocol, {4, 5, 0}, "the session ended early"
    );
    try {
        co_await session.run(std::move(stream));
    } catch (const std::system_error& error) {
        rest = lost(session.stage(), error);
    } catch (const smtp::ProtocolError& error) {
        rest = Verdict::deferred(session.stage(), ErrorKind::protocol, {4, 5, 0}, error.what());
    }
    co_return DeliveryOutcome{session.outcome(rest), false};
}

}  // namespace outpost::lmtp
