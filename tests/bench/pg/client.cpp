// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/pg/client.hpp"

#include <endian.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace outpost::bench {
namespace {

void put32(std::string& out, std::uint32_t value) {
    value = htobe32(value);
    out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

}  // namespace

std::string binary(std::int64_t value) {
    const auto swapped = htobe64(static_cast<std::uint64_t>(value));
    return {reinterpret_cast<const char*>(&swapped), sizeof swapped};
}

Array::Array(std::uint32_t type, std::size_t count) {
    put32(octets_, 1);  // dimensions
    put32(octets_, 0);  // no nulls
    put32(octets_, type);
    put32(octets_, static_cast<std::uint32_t>(count));
    put32(octets_, 1);  // lower bound
}

void Array::add(std::int64_t value) {
    add(binary(value));
}

void Array::add_integer(std::int32_t value) {
    put32(octets_, sizeof value);
    put32(octets_, static_cast<std::uint32_t>(value));
}

void Array::add(std::string_view value) {
    put32(octets_, static_cast<std::uint32_t>(value.size()));
    octets_ += value;
}

Client::Client() : connection_(PQconnectdb(""), &PQfinish) {
    if (PQstatus(connection_.get()) == CONNECTION_OK) return;
    std::fprintf(stderr, "%s", PQerrorMessage(connection_.get()));
    std::exit(1);
}

Result Client::checked(PGresult* result) const {
    const auto status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        std::fprintf(stderr, "%s", PQerrorMessage(connection_.get()));
        std::exit(1);
    }
    return {result, &PQclear};
}

void Client::prepare(const char* name, const char* sql) {
    checked(PQprepare(connection_.get(), name, sql, 0, nullptr));
}

void Client::execute(const char* sql) {
    checked(PQexec(connection_.get(), sql));
}

Result Client::run(const char* name, const std::vector<const std::string*>& parameters) {
    std::vector<const char*> values;
    std::vector<int> lengths;
    for (const std::string* parameter : parameters) {
        values.push_back(parameter->data());
        lengths.push_back(static_cast<int>(parameter->size()));
    }
    const std::vector<int> formats(parameters.size(), 1);
    return checked(PQexecPrepared(
        connection_.get(), name, static_cast<int>(values.size()), values.data(), lengths.data(),
        formats.data(), 1
    ));
}

std::int64_t Client::number(const char* sql) {
    const auto result = checked(PQexec(connection_.get(), sql));
    return std::atoll(PQgetvalue(result.get(), 0, 0));
}

std::int64_t number_at(const Result& result, int row, int column) {
    std::uint64_t value = 0;
    std::memcpy(&value, PQgetvalue(result.get(), row, column), sizeof value);
    return static_cast<std::int64_t>(be64toh(value));
}

}  // namespace outpost::bench
