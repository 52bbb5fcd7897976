// SPDX-License-Identifier: Apache-2.0
#include "core/foundation/database/connection_string.hpp"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace outpost::db {

namespace {

using Option = std::pair<std::string_view, std::string>;

std::vector<Option> options_for(const Settings& settings) {
    const auto timeout =
        std::max<std::int64_t>(2, settings.connect_timeout.count());  // libpq's least is 2
    // A statement may rightly be silent for its whole timeout; a peer that acknowledges nothing for
    // this long is gone.
    constexpr int silent_ms = 20'000;
    return {
        {"connect_timeout", std::to_string(timeout)},
        {"keepalives_idle", "10"},
        {"keepalives_interval", "3"},
        {"keepalives_count", "3"},
        {"tcp_user_timeout", std::to_string(silent_ms)},
        {"application_name", "outpost"},
        {"target_session_attrs", "read-write"}
    };
}

bool is_url(std::string_view text) {
    return text.starts_with("postgresql://") || text.starts_with("postgres://");
}

}  // namespace

std::string complete_connection_string(const Settings& settings) {
    std::string text(settings.connection.reveal());
    const bool url = is_url(text);
    for (const auto& [name, value] : options_for(settings)) {
        if (text.find(fmt::format("{}=", name)) != std::string::npos) continue;
        const std::string_view before = !url                                  ? " "
                                        : text.find('?') == std::string::npos ? "?"
                                                                              : "&";
        text += fmt::format("{}{}={}", before, name, value);
    }
    return text;
}

}  // namespace outpost::db
