// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include "core/cli/commands.hpp"
#include "core/cli/story.hpp"

namespace outpost::cli {

int why(const server::Loaded& loaded, std::int64_t message) {
    db::Session session(loaded.settings.database);
    const std::string story = tell_story(session, message);
    if (story.empty()) {
        std::cerr << "there is no message " << message
                  << " (finished messages are kept for a while only)\n";
        return failed;
    }
    std::cout << story;
    return ok;
}

}  // namespace outpost::cli
