// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <set>

#include "core/reception/inbound/mailbox.hpp"
#include "core/tls_reports/receiving/tls_report_intake.hpp"

namespace outpost::tls_report_receiving {

/// Addresses that TLS reports are sent to (RFC 8460 section 3).
class TlsReportMailbox final : public inbound::Mailbox {
  public:
    /// `addresses`: local parts count without regard to case. `intake` must outlive the mailbox.
    TlsReportMailbox(
        TlsReportIntake& intake, std::set<mail::Address> addresses,
        std::shared_ptr<const ReportScope> scope
    );

    bool takes(const mail::Address& recipient) const override;
    awaitable<smtp::Reply> take(inbound::Received message) override;

  private:
    TlsReportIntake& intake_;
    std::set<std::string> addresses_;  ///< in lower case
    std::shared_ptr<const ReportScope> scope_;
};

}  // namespace outpost::tls_report_receiving
