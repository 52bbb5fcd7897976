// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "core/server/settings/load.hpp"
#include "tests/unit/server/settings/source_tree.hpp"

using namespace outpost;
using namespace outpost::test;

namespace {

/// What stands between "```yaml" and "```", one text a block.
std::vector<std::string> yaml_blocks(const std::string& markdown) {
    std::vector<std::string> blocks;
    std::istringstream lines(markdown);
    bool inside = false;
    for (std::string line; std::getline(lines, line);) {
        if (!inside && line == "```yaml") {
            blocks.emplace_back();
            inside = true;
        } else if (line == "```") {
            inside = false;
        } else if (inside) {
            blocks.back() += line + "\n";
        }
    }
    return blocks;
}

}  // namespace

TEST_CASE("every configuration in the README passes the check without a warning") {
    const auto blocks = yaml_blocks(read_text(source_root() / "README.md"));
    CHECK(blocks.size() >= 10);
    for (const auto& block : blocks) {
        const auto loaded =
            server::load_text(block, "README.md", config::Environment::assumed("/etc/outpost"));
        CHECK_MESSAGE(loaded, block, "\n", loaded ? "" : loaded.error().text());
        if (loaded) CHECK_MESSAGE(loaded->warnings.empty(), block, "\n", loaded->warnings.text());
    }
}
