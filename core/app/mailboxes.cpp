// SPDX-License-Identifier: Apache-2.0
#include "core/app/mailboxes.hpp"

#include "core/app/received_reports.hpp"
#include "core/intake/bounce_mailbox.hpp"
#include "core/intake/tls_report_mailbox.hpp"

namespace outpost::app {
namespace {

std::shared_ptr<intake::Mailbox> bounce_mailbox(
    const BounceSettings& settings, queue::BounceStore& store
) {
    intake::BounceMailbox::Settings mailbox{{settings.domain, settings.secret}, {}};
    if (settings.suppress) mailbox.suppress_for = settings.suppress_for;
    return std::make_shared<intake::BounceMailbox>(std::move(mailbox), store);
}

}  // namespace

intake::Mailboxes make_mailboxes(
    const Settings& settings, Backend& backend, intake::TlsReportIntake& reports
) {
    intake::Mailboxes mailboxes;
    if (settings.bounces) mailboxes.push_back(bounce_mailbox(*settings.bounces, backend.bounces()));
    if (auto addresses = report_addresses(settings); !addresses.empty()) {
        mailboxes.push_back(std::make_shared<intake::TlsReportMailbox>(
            reports, std::move(addresses), report_scope(settings)
        ));
    }
    return mailboxes;
}

}  // namespace outpost::app
