// SPDX-License-Identifier: Apache-2.0
// Command lines: parsed without a crash, and nothing that could break a line gets through. The DATA
// decoder: its result does not depend on how the octets are cut.
#include <cstdint>
#include <cstdlib>
#include <numeric>
#include <string>

#include "core/mail/smtp/command_parser.hpp"
#include "core/mail/smtp/data_decoder.hpp"
#include "core/mail/smtp/server_reply.hpp"

using namespace outpost::smtp;

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

bool is_one_line(std::string_view text) {
    return text.find_first_of(std::string_view("\r\n\0", 3)) == text.npos;
}

void check_command(std::string_view line) {
    const auto command = parse_command(line, "mx.example.org");
    if (!command) {
        const auto text = wire(command.error());
        require(text.ends_with("\r\n") && is_one_line(text.substr(0, text.size() - 2)));
        require(command.error().permanent());
    } else if (const auto* mail = std::get_if<MailFrom>(&*command)) {
        require(is_one_line(mail->from.unicode()) && is_one_line(mail->envid));
    } else if (const auto* rcpt = std::get_if<RcptTo>(&*command)) {
        require(
            is_one_line(rcpt->recipient.address.unicode()) && is_one_line(rcpt->recipient.orcpt)
        );
        require(!rcpt->recipient.address.is_null());
    }
}

struct Decoded {
    bool ended;
    ContentFault fault;
    std::size_t used;
    std::string content;
    bool operator==(const Decoded&) const = default;
};

/// `step` 0: all at once.
Decoded decode(std::string_view input, std::size_t step) {
    DataDecoder decoder(ContentLimits{.max_size = 500, .max_line = 40});
    std::size_t used = 0;
    while (used < input.size() && !decoder.ended()) {
        used += decoder.feed(step == 0 ? input.substr(used) : input.substr(used, step));
    }
    const auto chunks = decoder.content().take();
    return {
        decoder.ended(), decoder.content().fault(), used,
        std::accumulate(chunks.begin(), chunks.end(), std::string())
    };
}

void check_data(std::string_view input) {
    const auto whole = decode(input, 0);
    for (const std::size_t step : {1, 2, 3, 7})
        require(decode(input, step) == whole);
    const bool at_start = whole.used == 3 && input.starts_with(".\r\n");
    if (whole.ended) require(at_start || input.substr(0, whole.used).ends_with("\r\n.\r\n"));
    if (whole.fault != ContentFault::none) require(whole.content.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    check_command(input);
    check_data(input);
    return 0;
}
