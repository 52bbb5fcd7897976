// SPDX-License-Identifier: Apache-2.0
#pragma once
// The differences between libpqxx 6.4 (Debian 12) and 7.10 (Debian 13). Included by session.cpp,
// rows.cpp and listener.cpp only.
#include <pqxx/pqxx>

#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "core/db/parameter.hpp"

namespace outpost::db::shim {

#if PQXX_VERSION_MAJOR >= 7

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

}  // namespace outpost::db::shim
