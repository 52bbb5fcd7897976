// SPDX-License-Identifier: Apache-2.0
#include "core/server/node/public_site.hpp"

#include <utility>

#include "core/domains/records/mta_sts.hpp"
#include "core/foundation/base/log.hpp"
#include "core/server/node/received_reports.hpp"
#include "core/server/settings/publication.hpp"

namespace outpost::server {
namespace {

using http_server::Request;
using http_server::RequestHead;
using http_server::Response;
using Kind = tls_report_receiving::ReportOutcome::Kind;

constexpr const char* policy_path = "/.well-known/mta-sts.txt";

Response plain(int status, const std::string& sentence) {
    return {status, "text/plain; charset=utf-8", sentence + "\n"};
}

Response only(const std::string& methods) {
    Response response = plain(405, "only " + methods);
    response.allow = methods;
    return response;
}

int status_of(Kind kind) {
    switch (kind) {
        case Kind::stored:
            return 201;
        case Kind::duplicate:
            return 200;
        case Kind::too_large:
            return 413;
        case Kind::unreadable:
            return 400;
        case Kind::not_ours:
            return 422;
        case Kind::over_quota:
            return 429;
        case Kind::not_signed:
        case Kind::no_answer:
            break;  // of mail alone
    }
    return 500;
}

/// Who posts, though a web server of ours on this machine may stand in between.
net::IpAddress client_of(const Request& request, bool behind_web_server) {
    if (!behind_web_server || !request.client.is_loopback()) return request.client;
    asio::error_code fault;
    const auto forwarded = asio::ip::make_address(request.head.forwarded, fault);
    return fault ? request.client : forwarded;
}

}  // namespace

PublicSite::PublicSite(const Settings& settings, tls_report_receiving::TlsReportIntake& intake)
    : report_path_(settings.https->tls_report_path),
      behind_web_server_(settings.https->certificate.certificate.empty()),
      intake_(intake),
      scope_(report_scope(settings)) {
    for (const auto& [name, domain] : settings.domains) {
        const auto policy = published_policy(settings, domain);
        if (policy) policies_["mta-sts." + name] = domain_records::policy_text(*policy);
    }
}

bool PublicSite::is_report(const RequestHead& head) const {
    return !report_path_.empty() && head.path == report_path_;
}

std::size_t PublicSite::longest_body(const RequestHead& head) const {
    const bool wanted = is_report(head) && head.method == "POST" && !head.has_encoding &&
                        tlsrpt::is_report_type(head.media_type);
    return wanted ? tlsrpt::longest_message : 0;
}

awaitable<Response> PublicSite::answer(Request request) {
    const RequestHead& head = request.head;
    if (is_report(head)) co_return co_await take_report(std::move(request));
    if (head.path == policy_path) co_return policy(head);
    co_return plain(404, "there is nothing here");
}

Response PublicSite::policy(const RequestHead& head) const {
    const auto found = policies_.find(head.host);
    if (found == policies_.end()) return plain(404, "there is no policy for this host");
    if (head.method != "GET" && head.method != "HEAD") return only("GET, HEAD");
    return {200, "text/plain; charset=utf-8", found->second};
}

awaitable<Response> PublicSite::take_report(Request request) {
    if (request.head.method != "POST") co_return only("POST");
    if (longest_body(request.head) == 0) {
        co_return plain(
            415,
            "a report is application/tlsrpt+gzip or application/tlsrpt+json, without "
            "Content-Encoding"
        );
    }
    const auto client = client_of(request, behind_web_server_);
    tls_report_receiving::TlsReportIntake::Origin origin;
    origin.way = tls_report_receiving::ReportWay::https;
    origin.client = client.to_string();
    origin.quotas = tls_report_receiving::https_quotas(client);
    const auto body = std::make_shared<std::string>(std::move(request.body));
    tls_report_receiving::TlsReportIntake::Text text = [body] {
        return tlsrpt::unpack_report(std::move(*body));
    };
    const auto outcome = co_await intake_.take(std::move(text), std::move(origin), scope_);
    log::info(
        "intake", "TLS report by HTTPS from {}: {}: {}", client.to_string(),
        tls_report_receiving::text(outcome.kind), outcome.reason
    );
    co_return plain(status_of(outcome.kind), outcome.reason);
}

}  // namespace outpost::server
