// SPDX-License-Identifier: Apache-2.0
#include "core/server/node/mailboxes.hpp"

#include "core/reception/inbound/bounce_mailbox.hpp"
#include "core/server/node/received_reports.hpp"
#include "core/tls_reports/receiving/tls_report_mailbox.hpp"

namespace outpost::server {
namespace {

std::shared_ptr<inbound::Mailbox> bounce_mailbox(
    const BounceSettings& settings, queue::BounceStore& store
) {
    inbound::BounceMailbox::Settings mailbox{{settings.domain, settings.secret}, {}};
    if (settings.suppress) mailbox.suppress_for = settings.suppress_for;
    return std::make_shared<inbound::BounceMailbox>(std::move(mailbox), store);
}

}  // namespace

inbound::Mailboxes make_mailboxes(
    const Settings& settings, queue::BounceStore& bounces,
    tls_report_receiving::TlsReportIntake& reports
) {
    inbound::Mailboxes mailboxes;
    if (settings.bounces) mailboxes.push_back(bounce_mailbox(*settings.bounces, bounces));
    if (auto addresses = report_addresses(settings); !addresses.empty()) {
        mailboxes.push_back(std::make_shared<tls_report_receiving::TlsReportMailbox>(
            reports, std::move(addresses), report_scope(settings)
        ));
    }
    return mailboxes;
}

}  // namespace outpost::server
