// SPDX-License-Identifier: Apache-2.0
#include "core/intake/tls_report.hpp"

namespace outpost::intake {

std::string_view text(ReportWay way) noexcept {
    return way == ReportWay::mail ? "mail" : "https";
}

}  // namespace outpost::intake
