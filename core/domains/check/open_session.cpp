// SPDX-License-Identifier: Apache-2.0
#include "core/domains/check/open_session.hpp"

#include <asio/error.hpp>

#include <memory>
#include <optional>
#include <system_error>

#include "core/delivery/smtp_client/endings.hpp"
#include "core/delivery/smtp_client/smtp_session.hpp"

namespace outpost::domain_check {
namespace {

constexpr std::uint16_t smtp_port = 25;
constexpr std::chrono::seconds connect_time{10}, session_time{20};

std::shared_ptr<const delivery::SessionSettings> settings_for(
    const std::string& host, std::string ehlo_name, std::vector<tls::TlsaRecord> tlsa
) {
    auto settings = std::make_shared<delivery::SessionSettings>();
    settings->ehlo_name = std::move(ehlo_name);
    settings->server_name = host;
    if (!tlsa.empty()) settings->tls.demand.watched.dane = {{host, std::move(tlsa), {host}}};
    return settings;
}

bool nobody_listens(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const std::system_error& failure) {
        return failure.code() == asio::error::connection_refused;
    } catch (...) {
        return false;
    }
}

}  // namespace

awaitable<Session> open_session(
    net::Dialer& dialer, net::IpAddress address, std::string host, std::string ehlo_name,
    std::vector<tls::TlsaRecord> tlsa
) {
    Session result;
    result.address = address;
    delivery::Transcript transcript;
    std::unique_ptr<delivery::SmtpSession> session;
    std::optional<delivery::Verdict> refused;
    std::exception_ptr broken;
    try {
        const net::Endpoint to{address, smtp_port};
        auto stream = co_await dialer.dial(to, Deadline::in(connect_time));
        session = std::make_unique<delivery::SmtpSession>(
            std::move(stream), settings_for(host, std::move(ehlo_name), std::move(tlsa)),
            Deadline::in(session_time), transcript
        );
        refused = co_await session->open();
    } catch (...) {
        broken = std::current_exception();
    }
    const auto stage = session ? session->stage() : delivery::Stage::connect;
    if (broken) refused = delivery::verdict_of(broken, stage);
    if (refused) {
        result.trouble = refused->words();
        const bool for_good = refused->reply() && refused->reply()->code >= 500;
        result.lasting = for_good || (broken && nobody_listens(broken));
    }
    if (session) {
        result.seen = *session->observed();
        result.chain = session->stream().peer_chain();
        if (!refused) co_await session->quit();
    }
    co_return result;
}

}  // namespace outpost::domain_check
