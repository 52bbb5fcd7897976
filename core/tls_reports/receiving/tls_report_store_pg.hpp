// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>

#include "core/foundation/database/pool.hpp"
#include "core/tls_reports/receiving/tls_report_store.hpp"

namespace outpost::tls_report_receiving {

/// schema/steps/0107_received_tls_reports.sql.
class PgTlsReportStore final : public TlsReportStore {
  public:
    /// The pool must outlive the store.
    explicit PgTlsReportStore(db::Pool& pool) : pool_(pool) {}

    awaitable<Kept> keep(TlsReport report, std::vector<ReportQuota> quotas) override;

  private:
    db::Pool& pool_;
};

/// What PgTlsReportStore does on a thread of its pool.
Kept keep(db::Session& session, const TlsReport& report, const std::vector<ReportQuota>& quotas);

/// Deletes reports that were received so long ago, some at a time. True when there may be more.
bool expire_tls_reports(db::Session& session, std::chrono::seconds age);

}  // namespace outpost::tls_report_receiving
