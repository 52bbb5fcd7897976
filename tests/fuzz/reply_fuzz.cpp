// SPDX-License-Identifier: Apache-2.0
// A server's replies, line by line: bounded, and nothing of one reply is found in the next.
#include <cstdlib>
#include <string_view>

#include "core/foundation/base/safe_text.hpp"
#include "core/mail/smtp/reply.hpp"

using namespace outpost::smtp;

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

void check(const Reply& reply) {
    require(reply.code >= 200 && reply.code < 600);
    require(!reply.lines.empty() && reply.lines.size() <= 128);
    require(!reply.enhanced || reply.enhanced->klass == reply.code / 100);
    require(outpost::is_clean_utf8(reply.text()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    std::string_view text(reinterpret_cast<const char*>(data), size);
    (void)EnhancedStatus::parse(text);
    ReplyParser parser;
    while (!text.empty()) {
        const auto end = text.find('\n');
        if (parser.feed(text.substr(0, end)) == ReplyParser::State::complete) {
            check(parser.take());
            require(parser.feed("250 ok") == ReplyParser::State::complete);
            const auto next = parser.take();
            require(next.code == 250 && !next.enhanced && next.lines.size() == 1);
        }
        if (end == text.npos) break;
        text.remove_prefix(end + 1);
    }
    return 0;
}
