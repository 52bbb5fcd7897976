// SPDX-License-Identifier: Apache-2.0
#include "core/tls_reports/receiving/tls_report.hpp"

namespace outpost::tls_report_receiving {

std::string_view text(ReportWay way) noexcept {
    return way == ReportWay::mail ? "mail" : "https";
}

}  // namespace outpost::tls_report_receiving
