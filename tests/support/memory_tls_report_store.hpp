// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <mutex>
#include <stdexcept>
#include <vector>

#include "core/intake/tls_report_store.hpp"

namespace outpost::test {

/// Received TLS reports in memory. Duplicates are recognised; quotas are only noted. Thread-safe.
class MemoryTlsReportStore final : public intake::TlsReportStore {
  public:
    awaitable<intake::Kept> keep(intake::TlsReport report, std::vector<intake::ReportQuota> quotas)
        override {
        const std::lock_guard lock(mutex_);
        if (away) throw std::runtime_error("the database is away");
        asked = std::move(quotas);
        if (full) co_return intake::Kept::over_quota;
        for (const auto& known : reports) {
            if (known.way == report.way && known.submitter == report.submitter &&
                known.report_id == report.report_id)
                co_return intake::Kept::duplicate;
        }
        reports.push_back(std::move(report));
        co_return intake::Kept::fresh;
    }

    bool away = false;  ///< every call throws
    bool full = false;  ///< everything is over its quota
    std::vector<intake::TlsReport> reports;
    std::vector<intake::ReportQuota> asked;  ///< of the last call

  private:
    std::mutex mutex_;
};

}  // namespace outpost::test
