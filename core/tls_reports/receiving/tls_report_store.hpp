// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/foundation/async/awaitable.hpp"
#include "core/tls_reports/receiving/tls_report.hpp"

namespace outpost::tls_report_receiving {

/// How much some senders together may have kept in a day (UTC).
struct ReportQuota {
    std::string whom;  ///< "mail:example.org", "https:192.0.2.0/24", "https"
    std::int64_t reports = 0;
    std::int64_t octets = 0;  ///< of JSON text
    bool operator==(const ReportQuota&) const = default;
};

enum class Kept {
    fresh,
    duplicate,  ///< it was there already, which is noted
    over_quota  ///< nothing was kept
};

/// Reports that others sent to us, where they stay.
class TlsReportStore {
  public:
    virtual ~TlsReportStore() = default;
    /// Committed when it returns. A report that came by HTTPS and comes by mail, too, is kept as
    /// the mail; the other way about it is a duplicate. Throws when the database is away.
    virtual awaitable<Kept> keep(TlsReport report, std::vector<ReportQuota> quotas) = 0;
};

}  // namespace outpost::tls_report_receiving
