// SPDX-License-Identifier: Apache-2.0
#include "core/net/dns/upstream.hpp"

#include "core/net/dns/resolv_conf.hpp"

namespace outpost::dns {
namespace {

/// Why a response is not an answer; nullopt when it is one.
std::optional<Failure> failure_in(const Response& response, const net::Endpoint& server) {
    switch (response.code) {
        case ReplyCode::no_error:
        case ReplyCode::nxdomain:
            return std::nullopt;
        case ReplyCode::server_failure:
            return Failure{
                Failure::Kind::servfail, server.text() + " answered SERVFAIL",
                response.extended_error, response.extended_text
            };
        case ReplyCode::format_error:
        case ReplyCode::not_implemented:
        case ReplyCode::refused:
            break;
    }
    return Failure{
        Failure::Kind::refused, server.text() + " refused to answer", response.extended_error,
        response.extended_text
    };
}

bool may_pass(const Failure& failure) {
    return failure.kind == Failure::Kind::timeout || failure.kind == Failure::Kind::network;
}

}  // namespace

Upstream::Upstream(const Settings& settings)
    : servers_(settings.servers.empty() ? system_servers() : settings.servers),
      timeout_(settings.timeout),
      rounds_(settings.rounds) {}

awaitable<Result<Response, Failure>> Upstream::ask(Question question, Want want, Deadline deadline)
    const {
    std::vector<net::Endpoint> servers = servers_;
    Failure last{Failure::Kind::timeout, "no time was left to ask the DNS", -1};
    for (int round = 0; round < rounds_ && !servers.empty(); ++round) {
        std::vector<net::Endpoint> unheard;
        for (const net::Endpoint& server : servers) {
            if (deadline.passed()) co_return Err{last};
            auto response = co_await exchange(server, question, want, deadline.narrowed(timeout_));
            const auto failure =
                response ? failure_in(*response, server) : std::optional(response.error());
            if (!failure) co_return response;
            last = *failure;
            if (may_pass(*failure)) unheard.push_back(server);
        }
        servers = std::move(unheard);
    }
    co_return Err{last};
}

std::string Upstream::text() const {
    std::string out;
    for (const net::Endpoint& server : servers_)
        out += (out.empty() ? "" : ", ") + server.text();
    return out;
}

}  // namespace outpost::dns
