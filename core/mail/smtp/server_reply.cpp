// SPDX-License-Identifier: Apache-2.0
#include "core/mail/smtp/server_reply.hpp"

#include <fmt/format.h>

#include "core/foundation/base/safe_text.hpp"

namespace outpost::smtp {

Reply make_reply(int code, std::string_view enhanced, std::string text) {
    Reply reply;
    reply.code = code;
    if (!enhanced.empty()) reply.enhanced = EnhancedStatus::parse(enhanced);
    reply.lines.push_back(std::move(text));
    return reply;
}

std::string wire(const Reply& reply) {
    // RFC 5321 section 4.5.3.1.5: a reply line has at most 512 octets.
    constexpr std::size_t max_text = 480;
    const std::string status = reply.enhanced ? reply.enhanced->text() + ' ' : std::string();
    std::string out;
    for (std::size_t i = 0; i < reply.lines.size(); ++i) {
        const char separator = i + 1 == reply.lines.size() ? ' ' : '-';
        const auto text = safe_text(reply.lines[i], Charset::utf8, max_text);
        out += fmt::format("{}{}{}{}\r\n", reply.code, separator, status, text);
    }
    return out;
}

}  // namespace outpost::smtp
