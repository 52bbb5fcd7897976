// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iostream>

#include "core/cli/commands.hpp"

namespace outpost::cli {

int psql(const server::Settings& settings, const std::vector<std::string>& arguments) {
    std::string connection(settings.database.connection.reveal());
    std::vector<std::string> words{"psql"};
    if (!connection.empty()) words.insert(words.end(), {"-d", connection});
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> raw;
    for (std::string& word : words)
        raw.push_back(word.data());
    raw.push_back(nullptr);
    execvp("psql", raw.data());
    std::cerr << "outpost psql: cannot run psql (" << std::strerror(errno)
              << "): install the package postgresql-client\n";
    return os_error;
}

}  // namespace outpost::cli
