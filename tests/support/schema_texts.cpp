// SPDX-License-Identifier: Apache-2.0
#include "tests/support/schema_texts.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <vector>

#include "core/foundation/base/crypto.hpp"
#include "core/foundation/base/encoding.hpp"

namespace outpost::test {

namespace {

std::string lines(const db::Rows& rows) {
    std::string all;
    for (const auto row : rows)
        all += row.text(0) + "\n";
    return all;
}

}  // namespace

std::string source_file(const std::string& path) {
    std::ifstream file(std::string(OUTPOST_SOURCE_DIR "/") + path);
    if (!file) throw std::runtime_error("cannot read " + path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

std::string describe_schema(db::Session& session) {
    return lines(session.exec_script(source_file("schema/describe.sql")));
}

std::string schema_definitions(db::Session& session) {
    return lines(session.exec_script(R"(
        WITH ours AS (SELECT oid FROM pg_namespace WHERE nspname IN ('outpost', 'outpost_private'))
        SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace IN (SELECT oid FROM ours)
        UNION ALL
        SELECT oid::regclass || pg_get_viewdef(oid) FROM pg_class
        WHERE relkind = 'v' AND relnamespace IN (SELECT oid FROM ours)
        ORDER BY 1)"));
}

void make_0_1(db::Session& session, int steps) {
    session.exec_script(R"(
        CREATE SCHEMA IF NOT EXISTS outpost_private;
        CREATE TABLE IF NOT EXISTS outpost_private.migration (
            version    integer PRIMARY KEY,
            name       text NOT NULL,
            checksum   text NOT NULL,
            applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
        ))");
    std::vector<std::string> names;
    for (const auto& entry :
         std::filesystem::directory_iterator(OUTPOST_SOURCE_DIR "/tests/data/schema-0.1"))
        names.push_back(entry.path().filename().string());
    std::ranges::sort(names);
    names.resize(static_cast<std::size_t>(steps));
    for (const std::string& name : names) {
        const std::string sql = source_file("tests/data/schema-0.1/" + name);
        int version = 0;
        std::from_chars(name.data(), name.data() + 4, version);
        db::Transaction transaction(session);
        session.exec_script(sql);
        session.exec(
            {"record_0_1",
             "INSERT INTO outpost_private.migration (version, name, checksum) VALUES ($1, $2, $3)"},
            version, name.substr(5, name.size() - 9),
            hex_encode(crypto::digest(crypto::Hash::sha256, sql))
        );
        transaction.commit();
    }
}

}  // namespace outpost::test
