// SPDX-License-Identifier: Apache-2.0
#include "core/foundation/database/session.hpp"

#include <set>

#include <fmt/format.h>

#include "core/foundation/base/log.hpp"
#include "core/foundation/database/connection_string.hpp"
#include "core/foundation/database/pqxx_shim.hpp"
#include "core/foundation/database/socket_handle.hpp"
#include "core/foundation/database/statement_watch.hpp"

namespace outpost::db {

namespace {

/// The server is going away, starting or full, or (25006) it is a standby after a switch-over:
/// another connection, a little later, will do.
bool means_unavailable(std::string_view sqlstate) {
    return sqlstate.starts_with("08") || sqlstate == "57P01" || sqlstate == "57P02" ||
           sqlstate == "57P03" || sqlstate == "53300" || sqlstate == "25006";
}

/// Class 53 but for too many connections: its disk, its memory or a limit of its configuration.
bool means_no_room(std::string_view sqlstate) {
    return sqlstate.starts_with("53") && sqlstate != "53300";
}

/// The first line of the server's message: what follows is detail that may quote row contents.
std::string first_line(std::string_view text) {
    return std::string(text.substr(0, text.find('\n')));
}

/// Sets what our code relies on, whatever the role's or the database's defaults are.
std::string setup_script(const Settings& settings) {
    return fmt::format(
        "SET timezone = 'UTC'; SET datestyle = 'ISO'; SET bytea_output = 'hex'; "
        "SET client_encoding = 'UTF8'; SET standard_conforming_strings = on; "
        "SET client_min_messages = 'warning'; SET statement_timeout = {}; "
        // A client that was frozen or cut off in a transaction holds locks that others wait for;
        // the server would notice after two hours.
        "SET idle_in_transaction_session_timeout = '15s'; SET tcp_user_timeout = '15s'; "
        "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 3; "
        "SET tcp_keepalives_count = 3; "
        // Every statement of ours goes by index, in its order. Left to itself, the planner settles
        // for reading and sorting whole tables while they are small or not analysed yet, and keeps
        // to that in prepared statements as they grow.
        "SET jit = off; SET enable_seqscan = off; SET enable_bitmapscan = off; "
        "SET enable_hashjoin = off; SET enable_mergejoin = off",
        settings.statement_timeout.count()
    );
}

/// The server's notices and warnings belong into the log, not on the terminal.
class NoticeLog : public ::pqxx::errorhandler {
  public:
    using errorhandler::errorhandler;
    bool operator()(const char text[]) noexcept override {
        try {
            log::debug("db", "{}", first_line(text));
        } catch (const std::exception&) {
            return false;  // a notice is not worth more
        }
        return false;
    }
};

}  // namespace

struct Session::Connection {
    Connection(const std::string& text, std::chrono::milliseconds limit)
        : connection(text), notices(pqxx), socket(pqxx.sock()), hard_limit(limit) {}

    bool usable() const { return !lost && pqxx.is_open(); }

    shim::Connection connection;
    decltype(connection.pqxx()) pqxx = connection.pqxx();
    NoticeLog notices;
    const SocketHandle socket;
    const std::chrono::milliseconds hard_limit;
    std::set<std::string_view> prepared;
    bool lost = false;
    bool in_transaction = false;
    bool failed = false;  ///< the open transaction has met an error: it cannot commit
    bool touched = false;

    /// Runs `work` on an autocommit transaction object (BEGIN and COMMIT are ours to send) and
    /// translates what goes wrong.
    template <class F>
    ::pqxx::result run(F work) {
        if (!usable()) throw Unavailable("the connection to the database was lost");
        try {
            const StatementWatch::Guard watched(socket.get(), hard_limit);
            ::pqxx::nontransaction transaction(pqxx);
            return work(transaction);
        } catch (const ::pqxx::broken_connection& error) {
            lost = true;
            throw Unavailable(first_line(error.what()));
        } catch (const std::exception& error) {
            failed = true;
            const std::string sqlstate = shim::sqlstate_of(error);
            if (!pqxx.is_open() || means_unavailable(sqlstate)) {
                lost = true;
                throw Unavailable(first_line(error.what()));
            }
            if (means_no_room(sqlstate)) throw NoRoom(first_line(error.what()));
            throw Error(first_line(error.what()), sqlstate);
        }
    }
};

Session::Session(const Settings& settings) {
    try {
        connection_ =
            std::make_unique<Connection>(complete_connection_string(settings), settings.hard_limit);
    } catch (const std::exception& error) {
        throw Unavailable(
            fmt::format("cannot connect to the database: {}", first_line(error.what()))
        );
    }
    exec_script(setup_script(settings));
    forget_history();
}

Session::~Session() = default;

Rows Session::exec_encoded(const Statement& statement, const std::vector<Parameter>& parameters) {
    auto result = connection_->run([&](pqxx::transaction_base& transaction) {
        if (!connection_->prepared.contains(statement.name)) {
            connection_->pqxx.prepare(statement.name, statement.sql);
            connection_->prepared.insert(statement.name);
        }
        return shim::exec_prepared(transaction, statement.name, parameters);
    });
    return Rows(std::make_shared<const pqxx::result>(std::move(result)));
}

void Session::copy(const char* sql, const FillRows& fill) {
    connection_->run([&](pqxx::transaction_base&) {
        shim::copy(connection_->connection.raw(), sql, fill);
        return pqxx::result();
    });
}

Rows Session::exec_script(std::string_view sql) {
    auto result = connection_->run([&](pqxx::transaction_base& transaction) {
        return transaction.exec(std::string(sql));
    });
    return Rows(std::make_shared<const pqxx::result>(std::move(result)));
}

bool Session::alive() const noexcept {
    return connection_->usable();
}
bool Session::still_open() const noexcept {
    return connection_->usable() && connection_->socket.is_silent();
}
void Session::interrupt() noexcept {
    connection_->socket.shut_down();
}
bool Session::in_transaction() const noexcept {
    return connection_->in_transaction;
}
bool Session::touched() const noexcept {
    return connection_->touched;
}
void Session::forget_history() noexcept {
    connection_->touched = false;
}

void Session::begin(Durability durability) {
    if (connection_->in_transaction)
        throw Error("a transaction is open on this connection already");
    exec_script(
        durability == Durability::synchronous ? "BEGIN"
                                              : "BEGIN; SET LOCAL synchronous_commit = off"
    );
    connection_->in_transaction = true;
    connection_->failed = false;
    connection_->touched = true;
}

void Session::commit() {
    // The server would answer COMMIT with ROLLBACK, and no error.
    if (connection_->failed)
        throw Error("a transaction with a failed statement cannot be committed");
    if (!alive()) throw Unavailable("the connection to the database was lost before the commit");
    connection_->in_transaction = false;
    try {
        exec_script("COMMIT");
    } catch (const NoRoom&) {
        throw;  // an answer: the server has rolled back
    } catch (const Unavailable& error) {
        throw InDoubt(fmt::format("the answer to a commit was lost: {}", error.what()));
    }
}

void Session::rollback() noexcept {
    const bool needed = connection_->in_transaction;
    connection_->in_transaction = false;
    if (!needed || !alive()) return;
    try {
        exec_script("ROLLBACK");
    } catch (const std::exception& error) {
        connection_->lost = true;  // of unknown state: not to be used again
        log::warning("db", "rolling back failed: {}", error.what());
    }
}

Transaction::Transaction(Session& session, Durability durability) : session_(session) {
    session_.begin(durability);
}

Transaction::~Transaction() {
    if (open_) session_.rollback();
}

void Transaction::commit() {
    session_.commit();
    open_ = false;
}

void Transaction::rollback() noexcept {
    if (open_) session_.rollback();
    open_ = false;
}

}  // namespace outpost::db
