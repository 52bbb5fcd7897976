// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

#include "core/mail/smtp/data_encoder.hpp"

using namespace outpost::smtp;
using namespace std::string_literals;

namespace {

/// What the encoder makes of the chunks and the end; nothing when it refuses.
std::optional<std::string> encoded(const std::vector<std::string>& chunks) {
    DataEncoder encoder;
    std::string out;
    for (const std::string& chunk : chunks) {
        if (!encoder.encode(chunk, out)) return std::nullopt;
    }
    if (!encoder.finish(out)) return std::nullopt;
    return out;
}

bool passes_check(const std::vector<std::string>& chunks) {
    LineEndCheck check;
    for (const std::string& chunk : chunks) {
        if (!check.feed(chunk)) return false;
    }
    return check.finish();
}

/// All the ways to cut `text` in two, and octet by octet.
std::vector<std::vector<std::string>> cuts(const std::string& text) {
    std::vector<std::vector<std::string>> all;
    for (std::size_t at = 0; at <= text.size(); ++at)
        all.push_back({text.substr(0, at), text.substr(at)});
    std::vector<std::string> octets;
    for (const char c : text)
        octets.emplace_back(1, c);
    all.push_back(octets);
    return all;
}

}  // namespace

TEST_CASE("dots are stuffed, however the message is cut") {
    struct Case {
        std::string content, wire;
    };
    const Case cases[] = {
        {"", ".\r\n"},
        {".", "..\r\n.\r\n"},
        {".\r\n", "..\r\n.\r\n"},
        {"a", "a\r\n.\r\n"},
        {"a\r\n", "a\r\n.\r\n"},
        {"\r\n", "\r\n.\r\n"},
        {"a.b\r\n.c\r\n..d\r\n", "a.b\r\n..c\r\n...d\r\n.\r\n"},
        {"a\r\n.\r\nMAIL FROM:<x>\r\n", "a\r\n..\r\nMAIL FROM:<x>\r\n.\r\n"},
        {"\r\n\r\n.\r\n\r\n", "\r\n\r\n..\r\n\r\n.\r\n"},
        {"a\r\n.", "a\r\n..\r\n.\r\n"},
        {"nul \0 and 8-bit \xff\r\n"s, "nul \0 and 8-bit \xff\r\n.\r\n"s},
    };
    for (const Case& test : cases) {
        CAPTURE(test.content);
        for (const auto& chunks : cuts(test.content)) {
            CHECK(encoded(chunks) == test.wire);
            CHECK(passes_check(chunks));
        }
    }
}

TEST_CASE("what goes out ends only where we end it, and decodes to what went in") {
    const std::string content = "..\r\n.\r\n.\r\n\r\n.x\r\n. \r\n";
    const std::string wire = *encoded({content});
    CHECK(("\r\n" + wire).find("\r\n.\r\n") == wire.size() + 2 - 5);
    std::string decoded;
    for (std::size_t at = 0; at < wire.size() - 3;) {
        const auto end = wire.find("\r\n", at) + 2;
        decoded += wire.substr(wire[at] == '.' ? at + 1 : at, end - at - (wire[at] == '.' ? 1 : 0));
        at = end;
    }
    CHECK(decoded == content);
}

TEST_CASE("no smuggling sequence gets through, wherever it stands and however it is cut") {
    // Each passes for the end of data with some server; of them all only CRLF.CRLF has whole line
    // ends.
    const std::string sequences[] = {
        "\n.\n",       "\n.\r",         "\r.\n",   "\r.\r",   "\n.\r\n",    "\r.\r\n",
        "\r\n.\r\r\n", "\r\r\n.\r\r\n", "\r\n.\n", "\r\n.\r", "\r\n\0.\n"s, "\n\0.\r\n"s,
        "\r\r\n.\r\n", "\r\n.\r\n\r",   "\n",      "\r",
    };
    for (const std::string& sequence : sequences) {
        for (const char* before : {"", "text", "text\r\n"}) {
            for (const char* after : {"", "text", "MAIL FROM:<x@y>\r\n"}) {
                const std::string content = before + sequence + after;
                // A CR at the very end of a sequence may find its LF in what follows: none here
                // does.
                CAPTURE(content);
                for (const auto& chunks : cuts(content)) {
                    CHECK(encoded(chunks) == std::nullopt);
                    CHECK_FALSE(passes_check(chunks));
                }
            }
        }
    }
    // The control: a whole CRLF.CRLF is taken, and stuffed.
    CHECK(encoded({"\r\n.\r\n"}) == "\r\n..\r\n.\r\n");
    // A NUL beside the dot is content like any other.
    CHECK(encoded({"\r\n\0.\r\n"s}) == "\r\n\0.\r\n.\r\n"s);
    CHECK(encoded({"\r\n.\0\r\n"s}) == "\r\n..\0\r\n.\r\n"s);
}

TEST_CASE("the end of the last line can be had without the dot") {
    DataEncoder encoder;
    std::string out;
    CHECK(encoder.encode("a", out));
    CHECK(encoder.finish_line(out));
    CHECK(out == "a\r\n");
    CHECK(encoder.finish(out));
    CHECK(out == "a\r\n.\r\n");
}
