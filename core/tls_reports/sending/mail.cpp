// SPDX-License-Identifier: Apache-2.0
#include "core/tls_reports/sending/mail.hpp"

#include "core/mail/message/header.hpp"
#include "core/mail/message/submission.hpp"
#include "core/mail/tlsrpt/report_mail.hpp"

namespace outpost::tls_reports {
namespace {

/// RFC 8460 section 5.3 has both fields signed; that nobody adds another one, too.
dkim::DomainSettings with_report_fields(dkim::DomainSettings signing) {
    for (const char* name : {"TLS-Report-Domain", "TLS-Report-Submitter"})
        signing.oversigned.emplace_back(name);
    return signing;
}

mail::ContentPtr signed_mail(const Draft& draft, const Submitter& submitter, WallTime now) {
    tlsrpt::ReportMail about;
    about.domain = dns::Domain::parse(draft.key.domain).value_or(dns::Domain());
    about.submitter = submitter.domain;
    about.from = submitter.postmaster();
    about.to = draft.mail;
    about.now = now;
    const mail::Content report = tlsrpt::compose_report_mail(draft.report, about);
    const mail::Header header(report.header());
    const std::string signatures = dkim::sign_as(
        submitter.domain, with_report_fields(submitter.signing), header, report.body(), now
    );
    return std::make_shared<const mail::Content>(signatures + report.header(), report.body());
}

}  // namespace

queue::NewMessage report_message(const Draft& draft, const Submitter& submitter, WallTime now) {
    queue::NewMessage message;
    message.mail_from = submitter.postmaster();
    delivery::Notify never;
    never.never = true;
    for (const mail::Address& address : draft.mail)
        message.recipients.push_back({address, never, {}});
    message.content = signed_mail(draft, submitter, now);
    message.signed_by = dkim::signed_by(submitter.domain, submitter.signing);
    message.smtputf8 = mail::has_eightbit(message.content->header());
    message.eightbit = mail::has_eightbit(*message.content);
    message.tls_wish =
        delivery::TlsWish::not_required;  // RFC 8689 section 5, as its TLS-Required field says
    message.source = "tlsrpt";
    message.client = "report " + draft.report.report_id;
    const auto id = mail::find_field(message.content->header(), "Message-ID");
    if (id) message.message_id = id->value();
    return message;
}

}  // namespace outpost::tls_reports
