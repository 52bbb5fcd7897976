// SPDX-License-Identifier: Apache-2.0
#include "core/tls_reports/receiving/tls_report_mailbox.hpp"

#include <utility>

#include "core/foundation/base/encoding.hpp"
#include "core/mail/smtp/server_reply.hpp"

namespace outpost::tls_report_receiving {
namespace {

using Kind = ReportOutcome::Kind;

constexpr std::size_t longest_header = 64 * 1024;  // that is kept

int code_of(Kind kind) {
    switch (kind) {
        case Kind::stored:
        case Kind::duplicate:
            return 250;
        case Kind::no_answer:
        case Kind::over_quota:
            return 451;
        case Kind::too_large:
            return 552;
        case Kind::not_signed:
        case Kind::unreadable:
        case Kind::not_ours:
            return 550;
    }
    return 451;
}

smtp::Reply reply(const ReportOutcome& outcome) {
    return smtp::make_reply(code_of(outcome.kind), outcome.status, outcome.reason);
}

TlsReportIntake::Origin origin_of(const inbound::Received& message, const dns::Domain& author) {
    TlsReportIntake::Origin origin;
    origin.way = ReportWay::mail;
    origin.from_domain = author.ascii();
    origin.mail_from = message.mail_from.wire();
    origin.client = message.client;
    origin.header = message.content->header().substr(0, longest_header);
    origin.quotas = mail_quotas(author);
    return origin;
}

}  // namespace

TlsReportMailbox::TlsReportMailbox(
    TlsReportIntake& intake, std::set<mail::Address> addresses,
    std::shared_ptr<const ReportScope> scope
)
    : intake_(intake), scope_(std::move(scope)) {
    for (const auto& address : addresses)
        addresses_.insert(to_lower(address.wire()));
}

bool TlsReportMailbox::takes(const mail::Address& recipient) const {
    return addresses_.contains(to_lower(recipient.wire()));
}

awaitable<smtp::Reply> TlsReportMailbox::take(inbound::Received message) {
    const auto author = report_author(message.verdicts);
    if (!author) {
        intake_.count(ReportWay::mail, author.error().kind);
        co_return reply(author.error());
    }
    auto origin = origin_of(message, *author);
    TlsReportIntake::Text text = [content = message.content] {
        return tlsrpt::report_text(*content);
    };
    const auto outcome = co_await intake_.take(std::move(text), std::move(origin), scope_);
    co_return reply(outcome);
}

}  // namespace outpost::tls_report_receiving
