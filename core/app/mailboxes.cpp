// SPDX-License-Identifier: Apache-2.0
#include "core/app/mailboxes.hpp"

#include "core/app/received_reports.hpp"
#include "core/intake/tls_report_mailbox.hpp"

namespace outpost::app {

intake::Mailboxes make_mailboxes(
    const Settings& settings, Backend&, intake::TlsReportIntake& reports
) {
    intake::Mailboxes mailboxes;
    if (auto addresses = report_addresses(settings); !addresses.empty()) {
        mailboxes.push_back(std::make_shared<intake::TlsReportMailbox>(
            reports, std::move(addresses), report_scope(settings)
        ));
    }
    return mailboxes;
}

}  // namespace outpost::app
