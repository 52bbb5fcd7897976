// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/foundation/database/copy.hpp"
#include "core/foundation/database/errors.hpp"
#include "core/foundation/database/parameter.hpp"
#include "core/foundation/database/settings.hpp"

namespace outpost::db {

/// A statement that is prepared once a connection. `name` must be unique in the program; both
/// strings must live as long as the program.
struct Statement {
    const char* name;
    const char* sql;
};

/// One row of a result. Columns are counted from 0. A getter throws Error when the value is NULL
/// or not of its kind; those named `optional_` return nothing for NULL.
class Row {
  public:
    bool is_null(int column) const;
    /// Valid while the Rows it came from live.
    std::string_view view(int column) const;
    std::string text(int column) const { return std::string(view(column)); }
    std::int64_t number(int column) const;
    bool flag(int column) const;
    double real(int column) const;
    /// A bytea column.
    std::string bytes(int column) const;
    /// A timestamptz column, to the microsecond.
    WallTime time(int column) const;
    std::optional<std::string> optional_text(int column) const;
    std::optional<std::int64_t> optional_number(int column) const;
    std::optional<WallTime> optional_time(int column) const;

  private:
    friend class Rows;
    Row(const void* result, std::size_t index) : result_(result), index_(index) {}
    const void* result_;
    std::size_t index_;
};

/// The rows a statement returned, with the number of rows it touched.
class Rows {
  public:
    class Iterator {
      public:
        Iterator(const Rows& rows, std::size_t index) : rows_(&rows), index_(index) {}
        Row operator*() const { return rows_->at(index_); }
        Iterator& operator++() {
            ++index_;
            return *this;
        }
        bool operator==(const Iterator&) const = default;

      private:
        const Rows* rows_;
        std::size_t index_;
    };

    std::size_t size() const;
    bool empty() const { return size() == 0; }
    /// Throws Error when there is no such row.
    Row at(std::size_t row) const;
    /// Rows inserted, updated, deleted or selected.
    std::size_t affected() const;
    Iterator begin() const { return {*this, 0}; }
    Iterator end() const { return {*this, size()}; }

  private:
    friend class Session;
    explicit Rows(std::shared_ptr<const void> result) : result_(std::move(result)) {}
    std::shared_ptr<const void> result_;
};

enum class Durability {
    synchronous,  ///< commit returns when the change is on stable storage
    asynchronous  ///< a crash of the database may lose the last moments (not consistency)
};

/// One connection. Belongs to one thread at a time. Outside a Transaction each statement is its
/// own transaction.
class Session {
  public:
    /// Connects. Throws Unavailable when the server cannot be reached or refuses for now.
    explicit Session(const Settings& settings);
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    /// Runs a statement with its parameters; see parameter.hpp for the casts it must write. Throws
    /// Unavailable when the connection is lost, Error when the server refuses.
    template <class... A>
    Rows exec(const Statement& statement, const A&... arguments) {
        std::vector<Parameter> parameters;
        parameters.reserve(sizeof...(arguments));
        (parameters.push_back(encode(arguments)), ...);
        return exec_encoded(statement, parameters);
    }
    /// Writes rows by COPY … FROM STDIN (FORMAT binary); throws as `exec` does. What `fill` throws
    /// comes as Error, and no row is written.
    void copy(const char* sql, const FillRows& fill);
    /// Runs SQL as it stands, several statements if need be: for migrations and settings.
    Rows exec_script(std::string_view sql);

    /// False once the connection was lost: no statement can succeed any more.
    bool alive() const noexcept;
    /// Whether an idle connection still is one, as far as it can be told without asking the server.
    bool still_open() const noexcept;
    /// Shuts the connection down, so that a statement that waits ends as Unavailable (a COMMIT as
    /// InDoubt). For any thread.
    void interrupt() noexcept;
    bool in_transaction() const noexcept;
    /// Whether a transaction has begun since the last call of `forget_history`: then work that
    /// failed may not simply be repeated.
    bool touched() const noexcept;
    void forget_history() noexcept;

  private:
    friend class Transaction;
    Rows exec_encoded(const Statement& statement, const std::vector<Parameter>& parameters);
    void begin(Durability durability);
    void commit();
    void rollback() noexcept;

    struct Connection;
    std::unique_ptr<Connection> connection_;
};

/// A transaction on a session; rolled back unless committed. One at a time.
class Transaction {
  public:
    explicit Transaction(Session& session, Durability durability = Durability::synchronous);
    ~Transaction();
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;

    /// Throws InDoubt when the connection is lost before the answer.
    void commit();
    void rollback() noexcept;

  private:
    Session& session_;
    bool open_ = true;
};

}  // namespace outpost::db
