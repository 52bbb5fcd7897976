// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/tools/sink_dialogue.hpp"

#include <strings.h>

namespace outpost::bench {
namespace {

bool begins_with(std::string_view line, std::string_view verb) {
    return line.size() >= verb.size() && strncasecmp(line.data(), verb.data(), verb.size()) == 0;
}

std::string_view path_of(std::string_view line) {
    const auto begin = line.find('<'), end = line.find('>');
    if (begin == line.npos || end == line.npos || end < begin) return {};
    return line.substr(begin + 1, end - begin - 1);
}

}  // namespace

std::optional<std::string_view> SinkDialogue::next_reply() {
    if (ended_) return std::nullopt;
    if (in_content_) return content_reply();
    const auto end = rest().find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    const auto reply = command_reply(rest().substr(0, end));
    use(end + 1);
    return reply;
}

std::optional<std::string_view> SinkDialogue::content_reply() {
    constexpr std::string_view end_of_data = "\r\n.\r\n";
    const auto end = rest().find(end_of_data, scanned_);
    if (end == std::string_view::npos) {
        const auto kept = end_of_data.size() - 1;
        scanned_ = rest().size() > kept ? rest().size() - kept : 0;
        return std::nullopt;
    }
    ledger_.add(rest().substr(0, end + 2), recipients_);
    use(end + end_of_data.size());
    recipients_.clear();
    in_content_ = false;
    return "250 2.0.0 kept\r\n";
}

std::string_view SinkDialogue::command_reply(std::string_view line) {
    if (begins_with(line, "EHLO")) {
        return "250-sink.bench.test\r\n250-PIPELINING\r\n250-SIZE 104857600\r\n"
               "250-ENHANCEDSTATUSCODES\r\n250 8BITMIME\r\n";
    }
    if (begins_with(line, "MAIL FROM:")) {
        recipients_.clear();
        return "250 2.1.0 ok\r\n";
    }
    if (begins_with(line, "RCPT TO:")) {
        recipients_.emplace_back(path_of(line));
        return "250 2.1.5 ok\r\n";
    }
    if (begins_with(line, "DATA")) {
        if (recipients_.empty()) return "503 5.5.1 no recipients\r\n";
        in_content_ = true;
        return "354 go on\r\n";
    }
    if (begins_with(line, "QUIT")) {
        ended_ = true;
        return "221 2.0.0 bye\r\n";
    }
    if (begins_with(line, "RSET") || begins_with(line, "NOOP") || begins_with(line, "HELO")) {
        recipients_.clear();
        return "250 2.0.0 ok\r\n";
    }
    return "502 5.5.2 unknown command\r\n";
}

void SinkDialogue::use(std::size_t octets) {
    used_ += octets;
    scanned_ = 0;
    constexpr std::size_t worth_moving = 65536;
    if (used_ < input_.size() && used_ < worth_moving) return;
    input_.erase(0, used_);
    used_ = 0;
}

}  // namespace outpost::bench
