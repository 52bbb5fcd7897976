// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/db/session.hpp"
#include "core/tls_reports/draft.hpp"

namespace outpost::tls_reports {

/// Reads what a report for this record is made of.
Material load_material(
    db::Session& session, const tlsrpt::ReportKey& key, const tlsrpt::Record& record
);

}  // namespace outpost::tls_reports
