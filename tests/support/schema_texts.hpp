// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "core/foundation/database/session.hpp"

namespace outpost::test {

/// A file of the source tree.
std::string source_file(const std::string& path);

/// What schema/describe.sql says of a database.
std::string describe_schema(db::Session& session);

/// The texts of all views, functions and triggers, which describe_schema leaves out because
/// versions of PostgreSQL write them differently.
std::string schema_definitions(db::Session& session);

/// Makes a database as release 0.1 did, by its first steps (there are twenty).
void make_0_1(db::Session& session, int steps = 20);

}  // namespace outpost::test
