// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <filesystem>

#include "tests/unit/server/settings/source_tree.hpp"

using namespace outpost;
using namespace outpost::test;

// It backtracks, and recurses once a character: strangers' text of 100 kB ends the program.
TEST_CASE("std::regex is used nowhere") {
    int files = 0;
    for (const char* folder : {"core", "transports", "policies", "plugins"}) {
        for (const auto& entry :
             std::filesystem::recursive_directory_iterator(source_root() / folder)) {
            const auto extension = entry.path().extension();
            if (extension != ".cpp" && extension != ".hpp") continue;
            ++files;
            CAPTURE(entry.path().string());
            CHECK(read_text(entry.path()).find("<regex>") == std::string::npos);
        }
    }
    CHECK(files > 100);
}
