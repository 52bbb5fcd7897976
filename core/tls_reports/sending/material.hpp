// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/foundation/database/session.hpp"
#include "core/tls_reports/sending/draft.hpp"

namespace outpost::tls_reports {

/// Reads what a report for this record is made of.
Material load_material(
    db::Session& session, const tlsrpt::ReportKey& key, const tlsrpt::Record& record
);

}  // namespace outpost::tls_reports
