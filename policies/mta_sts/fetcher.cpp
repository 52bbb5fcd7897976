// SPDX-License-Identifier: Apache-2.0
#include "policies/mta_sts/fetcher.hpp"

#include "core/foundation/base/encoding.hpp"
#include "core/foundation/base/safe_text.hpp"

namespace outpost::mta_sts {
namespace {

using Kind = Trouble::Kind;
using Outcome = Result<Policy, Trouble>;

constexpr std::size_t longest_policy = 64 * 1024;
constexpr std::size_t longest_reason = 300;

/// Reasons may hold what a stranger wrote, and are stored and shown.
Err<Trouble> trouble(Kind kind, std::string_view text, std::string code = {}) {
    return {Trouble{kind, safe_text(text, Charset::utf8, longest_reason), std::move(code)}};
}

Outcome judge_failure(const http_client::Failure& failure) {
    switch (failure.kind) {
        case http_client::Failure::Kind::no_address:
            return trouble(Kind::no_policy_served, failure.text);
        case http_client::Failure::Kind::certificate:
            return trouble(Kind::bad_certificate, failure.text, failure.certificate_fault);
        case http_client::Failure::Kind::url:
        case http_client::Failure::Kind::dns:
        case http_client::Failure::Kind::forbidden:
        case http_client::Failure::Kind::connect:
        case http_client::Failure::Kind::tls:
        case http_client::Failure::Kind::timeout:
        case http_client::Failure::Kind::too_large:
        case http_client::Failure::Kind::protocol:
        case http_client::Failure::Kind::stopped:
            break;
    }
    return trouble(Kind::cannot_fetch, failure.text);
}

/// A web server that lets its users put files there does not serve them as text/plain: section 3.3.
bool is_plain_text(std::string_view content_type) {
    return iequals(trim(content_type.substr(0, content_type.find(';'))), "text/plain");
}

std::string status_text(int status) {
    const std::string text = "the policy host answered with HTTP status " + std::to_string(status);
    return status >= 300 && status < 400 ? text + ": redirects are not followed" : text;
}

class HttpsFetcher final : public Fetcher {
  public:
    explicit HttpsFetcher(std::shared_ptr<http_client::Client> client)
        : client_(std::move(client)) {}

    awaitable<Outcome> fetch(std::string domain, Deadline deadline) override {
        auto request = request_of(domain);
        const auto answer = co_await client_->send(std::move(request), deadline);
        co_return judge(answer);
    }

    void stop() override { client_->stop(); }

  private:
    const std::shared_ptr<http_client::Client> client_;
};

}  // namespace

http_client::Request request_of(const std::string& domain) {
    http_client::Request request;
    request.url = "https://mta-sts." + domain + "/.well-known/mta-sts.txt";
    request.longest_body = longest_policy;
    return request;
}

Outcome judge(const Result<http_client::Response, http_client::Failure>& answer) {
    if (!answer) return judge_failure(answer.error());
    const http_client::Response& response = *answer;
    if (response.status == 404 || response.status == 410)
        return trouble(Kind::no_policy_served, status_text(response.status));
    if (response.status != 200) return trouble(Kind::cannot_fetch, status_text(response.status));
    if (!is_plain_text(response.content_type)) {
        return trouble(
            Kind::cannot_fetch,
            "the policy is served as \"" + response.content_type + "\", not as text/plain"
        );
    }
    auto policy = parse_policy(response.body);
    if (!policy) return trouble(Kind::bad_policy, policy.error());
    return std::move(*policy);
}

std::shared_ptr<Fetcher> make_fetcher(std::shared_ptr<http_client::Client> client) {
    return std::make_shared<HttpsFetcher>(std::move(client));
}

}  // namespace outpost::mta_sts
