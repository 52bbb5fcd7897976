// SPDX-License-Identifier: Apache-2.0
#include "core/net/http_client/client.hpp"

#include <algorithm>
#include <utility>

#include "core/net/http_client/public_address.hpp"
#include "core/net/http_client/transfers.hpp"

namespace outpost::http_client {
namespace {

constexpr std::size_t most_addresses = 8;

using Addresses = std::vector<net::IpAddress>;

/// What both lookups found, and the first failure.
struct Found {
    Addresses addresses;
    std::optional<dns::Failure> failure;

    void take(const Result<dns::Answer, dns::Failure>& answer) {
        if (!answer) {
            if (!failure) failure = answer.error();
            return;
        }
        for (const dns::Record& record : answer->records) {
            asio::error_code error;
            const auto address = asio::ip::make_address(record.text, error);
            if (!error && addresses.size() < most_addresses) addresses.push_back(address);
        }
    }
};

class HttpsClient final : public Client {
  public:
    explicit HttpsClient(ClientSettings settings) : settings_(std::move(settings)) {}

    awaitable<Outcome> send(Request request, Deadline deadline) override {
        const auto url = parse_https_url(request.url);
        if (!url) co_return Err{Failure{Failure::Kind::url, "not an https URL with a host name"}};
        auto addresses = co_await reachable_addresses(url->host, deadline);
        if (!addresses) co_return Err{addresses.error()};
        auto transfer = std::make_unique<Transfer>(
            std::move(request), *url, std::move(*addresses), settings_.roots, settings_.user_agent,
            deadline
        );
        Promise<Outcome> promise = transfer->promise();
        transfers_.add(std::move(transfer));
        co_return co_await promise.wait();
    }

    void stop() override { transfers_.stop(); }

  private:
    awaitable<Result<Addresses, Failure>> reachable_addresses(
        const std::string& host, Deadline deadline
    ) {
        Found found;
        for (const dns::Type type : {dns::Type::aaaa, dns::Type::a}) {
            dns::Question question{host, type};
            const auto answer = co_await settings_.resolver->query(std::move(question), deadline);
            found.take(answer);
        }
        if (found.addresses.empty() && found.failure) {
            Failure failure{Failure::Kind::dns, host + ": " + found.failure->text};
            failure.lookup = std::move(found.failure);
            co_return Err{std::move(failure)};
        }
        if (found.addresses.empty())
            co_return Err{Failure{Failure::Kind::no_address, host + " has no address"}};
        std::erase_if(found.addresses, [&](const auto& address) { return !may_reach(address); });
        if (found.addresses.empty()) {
            co_return Err{
                Failure{Failure::Kind::forbidden, host + " has no address of the public internet"}
            };
        }
        co_return std::move(found.addresses);
    }

    bool may_reach(const net::IpAddress& address) const {
        const auto& allowed = settings_.allow_networks;
        return is_public(address) ||
               std::any_of(allowed.begin(), allowed.end(), [&](const net::Cidr& network) {
                   return network.contains(address);
               });
    }

    const ClientSettings settings_;
    Transfers transfers_;
};

}  // namespace

std::shared_ptr<Client> make_https_client(ClientSettings settings) {
    return std::make_shared<HttpsClient>(std::move(settings));
}

}  // namespace outpost::http_client
