// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/foundation/database/schema.hpp"
#include "core/foundation/database/session.hpp"

namespace outpost::db {

/// The views, functions and triggers of schemas outpost and outpost_private that the database has,
/// by name as in SchemaObject. Of a function all signatures; of others one empty text.
using PresentObjects = std::map<std::string, std::set<std::string>>;
PresentObjects present_objects(Session& session);

/// An object that CREATE OR REPLACE cannot make of what is there: a view that loses a column, a
/// function with another result. The transaction has failed; begin again, with it among those to be
/// dropped first.
class NotReplaceable : public std::runtime_error {
  public:
    NotReplaceable(std::string name, const std::string& what)
        : std::runtime_error(what), name_(std::move(name)) {}
    const std::string& name() const noexcept { return name_; }

  private:
    std::string name_;
};

/// Applies what has changed, and drops what `schema` has no longer, in the caller's transaction;
/// `dropped_first` are dropped before, with all that needs them. Returns how many were applied.
std::size_t apply_objects(
    Session& session, const Schema& schema, const std::set<std::string>& dropped_first,
    bool steps_ran
);

/// The first object that the database lacks or has of another file; empty when there is none.
std::string first_outdated(Session& session, const Schema& schema);

/// Notes all that is there, without a checksum: so what is not in `schema` will be dropped, and the
/// rest be applied.
void note_present(Session& session);

}  // namespace outpost::db
