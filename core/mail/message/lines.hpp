// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string_view>

namespace outpost::mail {

/// The next line with its end, taken off `rest`.
inline std::string_view take_line(std::string_view& rest) {
    const auto end = rest.find('\n');
    const auto line = rest.substr(0, end == rest.npos ? end : end + 1);
    rest.remove_prefix(line.size());
    return line;
}

/// The line without its LF or CRLF.
inline std::string_view without_line_end(std::string_view line) {
    if (line.ends_with('\n')) line.remove_suffix(1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

}  // namespace outpost::mail
