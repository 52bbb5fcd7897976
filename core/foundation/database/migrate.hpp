// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>

#include "core/foundation/database/schema.hpp"
#include "core/foundation/database/session.hpp"

namespace outpost::db {

/// What a migration did.
struct Migrated {
    std::size_t steps = 0;    ///< that ran
    std::size_t objects = 0;  ///< views, functions and triggers that were made, anew or at first
    bool from_0_1 = false;    ///< the database was one of release 0.1

    bool nothing() const { return steps == 0 && objects == 0; }
};

/// Brings the database to `schema`, while no other program does the same: the steps that it lacks,
/// then the objects that are not there or whose file has changed, all in one transaction. A
/// database of release 0.1 is taken over as it is. Throws Error, and changes nothing, when the
/// database is newer than `schema`, has a part of 0.1's steps, or refuses one of ours.
Migrated migrate(Session& session, const Schema& schema = embedded_schema());

/// Throws Error unless the database has the schema this program knows: for servers whose database
/// role may not change the schema.
void require_current(Session& session, const Schema& schema = embedded_schema());

}  // namespace outpost::db
