// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <stdexcept>
#include <string>
#include <utility>

namespace outpost::db {

/// The database is away, starting, stopping or full of connections: nothing was done. A client
/// hears 451 and comes again.
class Unavailable : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// The database has no room: its disk or memory is full. Nothing was done; it may heal by itself. A
/// client hears 452 and comes again.
class NoRoom : public Unavailable {
  public:
    using Unavailable::Unavailable;
};

/// The connection was lost while a COMMIT was under way: the work may or may not have been done.
class InDoubt : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// The database understood and refused: bad data, a broken constraint, a bug in a statement.
class Error : public std::runtime_error {
  public:
    explicit Error(const std::string& what, std::string sqlstate = {})
        : std::runtime_error(what), sqlstate_(std::move(sqlstate)) {}
    /// The five characters of PostgreSQL's appendix A; empty when the error is not the server's.
    const std::string& sqlstate() const noexcept { return sqlstate_; }

  private:
    std::string sqlstate_;
};

}  // namespace outpost::db
