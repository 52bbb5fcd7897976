// SPDX-License-Identifier: Apache-2.0
#include "core/dns/stub_resolver.hpp"

#include <algorithm>

#include "core/dns/cache.hpp"
#include "core/dns/chain.hpp"
#include "core/dns/exchange.hpp"
#include "core/dns/resolv_conf.hpp"

namespace outpost::dns {
namespace {

using Outcome = Result<Answer, Failure>;

// RFC 9520: failures are remembered too, or a broken domain would be asked about without end.
constexpr std::chrono::seconds failure_memory{5};

/// What a response says, if it is no answer; nullopt when it is one.
std::optional<Failure> failure_in(const Response& response, const net::Endpoint& server) {
    switch (response.code) {
        case ReplyCode::no_error:
        case ReplyCode::nxdomain:
            return std::nullopt;
        case ReplyCode::server_failure:
            return Failure{
                Failure::Kind::servfail, server.text() + " answered SERVFAIL",
                response.extended_error
            };
        case ReplyCode::format_error:
        case ReplyCode::not_implemented:
        case ReplyCode::refused:
            break;
    }
    return Failure{
        Failure::Kind::refused, server.text() + " refused to answer", response.extended_error
    };
}

bool may_pass(const Failure& failure) {
    return failure.kind == Failure::Kind::timeout || failure.kind == Failure::Kind::network;
}

class StubResolver final : public Resolver {
  public:
    explicit StubResolver(Settings settings)
        : settings_(std::move(settings)), cache_(settings_.cache_entries) {
        if (settings_.servers.empty()) settings_.servers = system_servers();
    }

    awaitable<Outcome> query(Question question, Deadline deadline) override {
        if (auto known = cache_.find(question, SteadyClock::now())) co_return std::move(*known);
        auto outcome = co_await follow(question, deadline);
        remember(question, outcome, deadline);
        co_return outcome;
    }

  private:
    awaitable<Outcome> follow(Question question, Deadline deadline) {
        Chain chain(question);
        for (;;) {
            Question next{chain.name(), question.type};
            const auto response = co_await ask_servers(std::move(next), deadline);
            if (!response) co_return Err{response.error()};
            switch (chain.take(*response)) {
                case Chain::State::done:
                    co_return chain.answer();
                case Chain::State::broken:
                    co_return Err{Failure{
                        Failure::Kind::cname_loop, question.name + " is an alias without end", -1
                    }};
                case Chain::State::ask_next:
                    break;
            }
        }
    }

    /// The first answer of any server. One that fails by its own words is not asked again; one that
    /// was not heard is, in the next round.
    awaitable<Result<Response, Failure>> ask_servers(Question question, Deadline deadline) {
        std::vector<net::Endpoint> servers = settings_.servers;
        Failure last{Failure::Kind::timeout, "no time was left to ask the DNS", -1};
        for (int round = 0; round < settings_.rounds && !servers.empty(); ++round) {
            std::vector<net::Endpoint> unheard;
            for (const net::Endpoint& server : servers) {
                if (deadline.passed()) co_return Err{last};
                auto response =
                    co_await exchange(server, question, deadline.narrowed(settings_.timeout));
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

    void remember(const Question& question, const Outcome& outcome, Deadline deadline) {
        const auto now = SteadyClock::now();
        if (outcome) {
            const auto longest =
                outcome->records.empty() ? settings_.longest_negative_ttl : settings_.longest_ttl;
            cache_.store(question, outcome, std::min(outcome->ttl, longest), now);
        } else if (!deadline.passed()) {  // a caller in a hurry must not spoil it for others
            cache_.store(question, outcome, failure_memory, now);
        }
    }

    Settings settings_;
    Cache cache_;
};

}  // namespace

std::shared_ptr<Resolver> make_resolver(Settings settings) {
    return std::make_shared<StubResolver>(std::move(settings));
}

}  // namespace outpost::dns
