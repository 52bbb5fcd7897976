// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <set>

#include "core/intake/mailbox.hpp"
#include "core/intake/tls_report_intake.hpp"

namespace outpost::intake {

/// Addresses that TLS reports are sent to (RFC 8460 section 3).
class TlsReportMailbox final : public Mailbox {
  public:
    /// `addresses`: local parts count without regard to case. `intake` must outlive the mailbox.
    TlsReportMailbox(
        TlsReportIntake& intake, std::set<mail::Address> addresses,
        std::shared_ptr<const ReportScope> scope
    );

    bool takes(const mail::Address& recipient) const override;
    awaitable<smtp::Reply> take(Received message) override;

  private:
    TlsReportIntake& intake_;
    std::set<std::string> addresses_;  ///< in lower case
    std::shared_ptr<const ReportScope> scope_;
};

}  // namespace outpost::intake
