// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <optional>

#include "core/smtp/data_encoder.hpp"

using namespace outpost::smtp;

namespace {

/// The encoded text in chunks of `size` octets, nothing when it is refused.
std::optional<std::string> encoded(std::string_view text, std::size_t size) {
    DataEncoder encoder;
    std::string out;
    for (; !text.empty(); text.remove_prefix(std::min(size, text.size()))) {
        if (!encoder.encode(text.substr(0, size), out)) return std::nullopt;
    }
    if (!encoder.finish(out)) return std::nullopt;
    return out;
}

bool only_crlf(std::string_view text, std::size_t size) {
    LineEndCheck check;
    for (; !text.empty(); text.remove_prefix(std::min(size, text.size()))) {
        if (!check.feed(text.substr(0, size))) return false;
    }
    return check.finish();
}

constexpr std::size_t sizes[] = {1, 2, 3, 5, 1000};

}  // namespace

TEST_CASE("dots at line starts are doubled, however the text is cut") {
    struct Case {
        const char* text;
        const char* wire;
    };
    const Case cases[] = {
        {"", ".\r\n"}, {"a\r\n", "a\r\n.\r\n"}, {"a", "a\r\n.\r\n"}, {".", "..\r\n.\r\n"}, {".\r\n", "..\r\n.\r\n"},
        {"\r\n.\r\n", "\r\n..\r\n.\r\n"}, {"a.b\r\n..c\r\n", "a.b\r\n...c\r\n.\r\n"}, {"a\r\n\r\n.b", "a\r\n\r\n..b\r\n.\r\n"},
    };
    for (const Case& test : cases) {
        for (const std::size_t size : sizes) {
            CAPTURE(std::string(test.text));
            CAPTURE(size);
            CHECK(encoded(test.text, size) == std::string(test.wire));
            CHECK(only_crlf(test.text, size));
        }
    }
}

TEST_CASE("a bare CR or LF is refused wherever it stands: no smuggling") {
    for (const char* text : {"\n", "\r", "a\n", "a\r", "a\nb", "a\rb", "\r\r\n", "\n\r\n", "\r\n\n", "a\n.\nb", "a\n.\r\nb", "a\r\n.\nb", "a\r.\r\nb", "a\r.\rb", "a\r\n.\r\r\n", "a\r\r\n.\r\r\n", "a\r\n.\r"}) {
        for (const std::size_t size : sizes) {
            CAPTURE(std::string(text));
            CAPTURE(size);
            CHECK_FALSE(encoded(text, size));
            CHECK_FALSE(only_crlf(text, size));
        }
    }
    const std::string_view with_nul("a\r\n\0.\r\nb\r\n", 10);  // a NUL is no line end
    CHECK(encoded(with_nul, 3) == std::string(with_nul) + ".\r\n");
}
