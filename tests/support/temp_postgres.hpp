// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "core/foundation/database/local_cluster.hpp"
#include "core/foundation/database/settings.hpp"

namespace outpost::test {

/// This program's own PostgreSQL, started when first asked for, in a temporary folder that is
/// removed when the program ends. Not durable.
db::LocalCluster& temp_postgres();

/// The settings of a new, empty database in it.
db::Settings fresh_database();

}  // namespace outpost::test
