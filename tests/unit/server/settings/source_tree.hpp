// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace outpost::test {

/// The root of the source tree.
inline std::filesystem::path source_root() {
    return OUTPOST_SOURCE_DIR;
}

inline std::string read_text(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

/// The files of one folder with that extension, by name.
inline std::vector<std::filesystem::path> files_in(
    const std::filesystem::path& folder, const std::string& extension
) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(source_root() / folder)) {
        if (entry.path().extension() == extension) files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    return files;
}

inline std::vector<std::filesystem::path> example_files() {
    return files_in("deploy/examples", ".yaml");
}

}  // namespace outpost::test
