// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstdint>

#include "core/foundation/database/session.hpp"
#include "core/tls_reports/results/tally.hpp"

/// What has been learned, in PostgreSQL (schema/steps/: 0104_tls_results, 0105_domain_abilities).
namespace outpost::tls_results {

/// Adds a batch to what is there, in one transaction. `node` counts its batches in `number`: one
/// that has been written already, because the answer to its COMMIT was lost, changes nothing.
void write(db::Session& session, std::int64_t node, std::int64_t number, const Batch& batch);

/// How long it is kept.
struct Keep {
    std::chrono::days results{30};
    std::chrono::days abilities{365};
};
/// Deletes what is older, some at a time. True when there may be more.
bool expire(db::Session& session, const Keep& keep);

}  // namespace outpost::tls_results
