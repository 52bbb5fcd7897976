// SPDX-License-Identifier: Apache-2.0
#pragma once
// The differences between libpqxx 6.4 (Debian 12) and 7.10 (Debian 13), and COPY in its binary
// format, which neither has. Included by session.cpp, rows.cpp and listener.cpp only.
#include <libpq-fe.h>
#include <pqxx/pqxx>

#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/foundation/database/copy.hpp"
#include "core/foundation/database/parameter.hpp"

namespace outpost::db::shim {

#if PQXX_VERSION_MAJOR >= 7

/// A connection whose libpq handle is known.
class Connection {
  public:
    explicit Connection(const std::string& text)
        : raw_(::PQconnectdb(text.c_str())), pqxx_(take_over(raw_)) {}
    ::pqxx::connection& pqxx() noexcept { return pqxx_; }
    PGconn* raw() const noexcept { return raw_; }

  private:
    static ::pqxx::connection take_over(PGconn* raw) {
        if (::PQstatus(raw) == CONNECTION_OK) return ::pqxx::connection::seize_raw_connection(raw);
        const std::string why = ::PQerrorMessage(raw);
        ::PQfinish(raw);
        throw ::pqxx::broken_connection(why);
    }
    PGconn* const raw_;
    ::pqxx::connection pqxx_;
};

inline pqxx::result exec_prepared(
    pqxx::transaction_base& transaction, const std::string& name,
    const std::vector<Parameter>& parameters
) {
    pqxx::params all;
    for (const auto& one : parameters) {
        switch (one.form) {
            case Parameter::Form::null:
                all.append();
                break;
            case Parameter::Form::text:
                all.append(pqxx::zview(one.value));
                break;
            case Parameter::Form::binary:
                all.append(pqxx::binary_cast(one.value));
                break;
        }
    }
    return transaction.exec(pqxx::prepped{name}, all);
}

#else

/// A connection whose libpq handle is known.
class Connection {
  public:
    explicit Connection(const std::string& text) : pqxx_(text) {}
    ::pqxx::connection_base& pqxx() noexcept { return pqxx_; }
    PGconn* raw() const noexcept { return pqxx_.policy.raw; }

  private:
    struct Policy : ::pqxx::connect_direct {
        using connect_direct::connect_direct;
        handle do_startconnect(handle orig) override {
            return raw = connect_direct::do_startconnect(orig);
        }
        handle raw = nullptr;
    };
    struct Observed : ::pqxx::connection_base {
        explicit Observed(const std::string& text) : connection_base(policy), policy(text) {
            init();
        }
        ~Observed() noexcept { close(); }
        Policy policy;
    };
    Observed pqxx_;
};

/// 6.4 takes a list of one type only if its length is known at run time. Its own form of a list,
/// handed over ready-made, takes any.
inline pqxx::result exec_prepared(
    pqxx::transaction_base& transaction, const std::string& name,
    const std::vector<Parameter>& parameters
) {
    pqxx::internal::params all;
    for (const auto& one : parameters) {
        const bool is_null = one.form == Parameter::Form::null;
        const bool is_binary = one.form == Parameter::Form::binary;
        all.lengths.push_back(static_cast<int>(one.value.size()));
        all.nonnulls.push_back(!is_null);
        all.binaries.push_back(is_binary);
        if (is_binary) all.bin_strings.emplace_back(one.value);
        if (!is_null && !is_binary) all.strings.push_back(one.value);
    }
    return transaction.exec_prepared(name, std::move(all));
}

#endif

/// 6.4 knows the code of these errors, turns it into a class, and forgets it.
inline std::string sqlstate_of(const std::exception& error) {
    const auto* refusal = dynamic_cast<const pqxx::sql_error*>(&error);
    if (refusal && !refusal->sqlstate().empty()) return refusal->sqlstate();
    if (dynamic_cast<const pqxx::insufficient_privilege*>(&error)) return "42501";
    if (dynamic_cast<const pqxx::deadlock_detected*>(&error)) return "40P01";
    if (dynamic_cast<const pqxx::serialization_failure*>(&error)) return "40001";
    if (dynamic_cast<const pqxx::disk_full*>(&error)) return "53100";
    if (dynamic_cast<const pqxx::out_of_memory*>(&error)) return "53200";
    if (dynamic_cast<const pqxx::plpgsql_no_data_found*>(&error)) return "P0002";
    return {};
}

/// The result, if it is as expected; otherwise what libpqxx would throw.
inline void expect(PGconn* connection, PGresult* answer, ExecStatusType expected) {
    const std::unique_ptr<PGresult, decltype(&::PQclear)> result(answer, &::PQclear);
    if (::PQresultStatus(answer) == expected) return;
    if (::PQstatus(connection) != CONNECTION_OK)
        throw pqxx::broken_connection(::PQerrorMessage(connection));
    const char* sqlstate = ::PQresultErrorField(answer, PG_DIAG_SQLSTATE);
    const char* words = ::PQresultErrorField(answer, PG_DIAG_MESSAGE_PRIMARY);
    throw pqxx::sql_error(
        words ? words : ::PQerrorMessage(connection), "COPY", sqlstate ? sqlstate : ""
    );
}

/// Ends a COPY; a reason makes the server drop the rows. The connection is then as it was before.
inline void end_copy(PGconn* connection, const char* reason) {
    ::PQputCopyEnd(connection, reason);
    PGresult* first = ::PQgetResult(connection);
    while (PGresult* more = ::PQgetResult(connection))
        ::PQclear(more);
    expect(connection, first, PGRES_COMMAND_OK);
}

inline void copy(PGconn* connection, const char* sql, const FillRows& fill) {
    expect(connection, ::PQexec(connection, sql), PGRES_COPY_IN);
    CopyRows rows([connection](std::string_view octets) {
        // What the server has against them is said at the end.
        if (::PQputCopyData(connection, octets.data(), static_cast<int>(octets.size())) != 1)
            throw pqxx::broken_connection(::PQerrorMessage(connection));
    });
    try {
        fill(rows);
        rows.finish();
    } catch (...) {
        try {
            end_copy(connection, "given up");
        } catch (const std::exception&) {
            // As it must be.
        }
        throw;
    }
    end_copy(connection, nullptr);
}

}  // namespace outpost::db::shim
