// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <mutex>
#include <stdexcept>
#include <vector>

#include "core/tls_reports/receiving/tls_report_store.hpp"

namespace outpost::test {

/// Received TLS reports in memory. Duplicates are recognised; quotas are only noted. Thread-safe.
class MemoryTlsReportStore final : public tls_report_receiving::TlsReportStore {
  public:
    awaitable<tls_report_receiving::Kept> keep(
        tls_report_receiving::TlsReport report,
        std::vector<tls_report_receiving::ReportQuota> quotas
    ) override {
        const std::lock_guard lock(mutex_);
        if (away) throw std::runtime_error("the database is away");
        asked = std::move(quotas);
        if (full) co_return tls_report_receiving::Kept::over_quota;
        for (const auto& known : reports) {
            if (known.way == report.way && known.submitter == report.submitter &&
                known.report_id == report.report_id)
                co_return tls_report_receiving::Kept::duplicate;
        }
        reports.push_back(std::move(report));
        co_return tls_report_receiving::Kept::fresh;
    }

    bool away = false;  ///< every call throws
    bool full = false;  ///< everything is over its quota
    std::vector<tls_report_receiving::TlsReport> reports;
    std::vector<tls_report_receiving::ReportQuota> asked;  ///< of the last call

  private:
    std::mutex mutex_;
};

}  // namespace outpost::test
