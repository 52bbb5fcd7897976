// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <set>

#include "tests/unit/server/settings/source_tree.hpp"
#include "tests/unit/tls_reports/results/evidence_database.hpp"

using namespace outpost;
using namespace outpost::test;

namespace {

/// The lines between "```sql" and "```", without comments. Blocks with an ellipsis only illustrate.
std::vector<std::string> sql_blocks(const std::string& markdown) {
    std::vector<std::string> blocks;
    std::istringstream lines(markdown);
    bool inside = false;
    for (std::string line; std::getline(lines, line);) {
        if (!inside && line == "```sql") {
            blocks.emplace_back();
            inside = true;
        } else if (line == "```") {
            inside = false;
        } else if (inside) {
            blocks.back() += line.substr(0, line.find("--")) + "\n";
        }
    }
    std::erase_if(blocks, [](const std::string& block) {
        return block.find("…") != std::string::npos;
    });
    return blocks;
}

std::vector<std::string> statements(const std::string& block) {
    std::vector<std::string> found;
    std::istringstream rest(block);
    for (std::string statement; std::getline(rest, statement, ';');)
        if (statement.find("SELECT") != std::string::npos) found.push_back(statement);
    return found;
}

}  // namespace

TEST_CASE("every statement of the manual is one that the database understands") {
    const std::set<std::string> understood{"", "P0002"};  // actions: there is no message 1000
    EvidenceDatabase database;
    std::size_t count = 0;
    for (const auto& page : files_in("deploy/manual", ".md")) {
        for (const auto& block : sql_blocks(read_text(page))) {
            for (const auto& statement : statements(block)) {
                CHECK_MESSAGE(understood.contains(database.refusal(statement)), page, statement);
                ++count;
            }
        }
    }
    CHECK(count >= 30);
}
