// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <filesystem>
#include <regex>

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

/// The README and the pages of the manual.
std::vector<std::filesystem::path> pages_of_the_manual() {
    auto pages = files_in("deploy/manual", ".md");
    pages.push_back(source_root() / "README.md");
    return pages;
}

/// Every Markdown file of the source tree; builds and hidden folders are no part of it.
std::vector<std::filesystem::path> all_pages() {
    auto pages = files_in(".", ".md");
    for (const char* folder :
         {"core", "deploy", "plugins", "policies", "schema", "tests", "transports"}) {
        for (const auto& entry :
             std::filesystem::recursive_directory_iterator(source_root() / folder)) {
            if (entry.path().extension() == ".md") pages.push_back(entry.path());
        }
    }
    return pages;
}

/// Where "[text](target)" points, but for links to the world and within a page.
std::vector<std::string> links_to_files(const std::string& markdown) {
    static const std::regex link(R"(\]\(([^)#:\s]+)(#[^)\s]*)?\))");
    std::vector<std::string> targets;
    for (std::sregex_iterator at(markdown.begin(), markdown.end(), link), end; at != end; ++at)
        targets.push_back((*at)[1]);
    return targets;
}

}  // namespace

TEST_CASE("every configuration in README and manual passes the check without a warning") {
    std::size_t blocks = 0;
    for (const auto& page : pages_of_the_manual()) {
        for (const auto& block : yaml_blocks(read_text(page))) {
            const auto name = page.filename().string();
            const auto loaded =
                server::load_text(block, name, config::Environment::assumed("/etc/outpost"));
            CHECK_MESSAGE(loaded, name, "\n", block, "\n", loaded ? "" : loaded.error().text());
            if (loaded)
                CHECK_MESSAGE(loaded->warnings.empty(), block, "\n", loaded->warnings.text());
            ++blocks;
        }
    }
    CHECK(blocks >= 17);
}

TEST_CASE("every link between pages leads to a file") {
    std::size_t links = 0;
    for (const auto& page : all_pages()) {
        for (const auto& target : links_to_files(read_text(page))) {
            CHECK_MESSAGE(
                std::filesystem::exists(page.parent_path() / target), page, " links to ", target
            );
            ++links;
        }
    }
    CHECK(links >= 50);
}
