// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <libpq-fe.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

/// A bare PostgreSQL client: libpq, binary parameters, nothing else. What it needs for a task is
/// what any program needs at least.
namespace outpost::bench {

/// A one-dimensional array as a binary parameter. It knows its number of elements beforehand.
class Array {
  public:
    static Array of_bigint(std::size_t count) { return {20, count}; }
    static Array of_integer(std::size_t count) { return {23, count}; }
    static Array of_text(std::size_t count) { return {25, count}; }
    static Array of_bytea(std::size_t count) { return {17, count}; }
    void add(std::int64_t value);
    void add(std::string_view value);
    void add_integer(std::int32_t value);
    const std::string& octets() const noexcept { return octets_; }

  private:
    Array(std::uint32_t type, std::size_t count);
    std::string octets_;
};
std::string binary(std::int64_t value);

using Result = std::unique_ptr<PGresult, decltype(&PQclear)>;

/// A connection as the environment says (PGHOST …). Any error ends the program with its text.
class Client {
  public:
    Client();
    void prepare(const char* name, const char* sql);
    void execute(const char* sql);
    /// A prepared statement with binary parameters, in a transaction of its own; binary results.
    Result run(const char* name, const std::vector<const std::string*>& parameters);
    std::int64_t number(const char* sql);

  private:
    Result checked(PGresult* result) const;
    std::unique_ptr<PGconn, decltype(&PQfinish)> connection_;
};
/// A bigint in a binary result.
std::int64_t number_at(const Result& result, int row, int column);

}  // namespace outpost::bench
