// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "core/foundation/base/safe_text.hpp"
#include "core/mail/message/mime.hpp"

using namespace outpost::mail;

TEST_CASE("quoted-printable") {
    const std::pair<std::string, std::string> cases[] = {
        {"", ""},
        {"plain\r\ntext\r\n", "plain\r\ntext\r\n"},
        {"gr\xc3\xbc\xc3\x9f = 1", "gr=C3=BC=C3=9F =3D 1"},
        {"blank \r\ntab\t", "blank=20\r\ntab=09"},
        {"bare\rand\nfeed", "bare=0Dand=0Afeed"},
        {std::string(1, '\0'), "=00"},
        {std::string(80, 'a'), std::string(75, 'a') + "=\r\n" + std::string(5, 'a')},
    };
    for (const auto& [plain, encoded] : cases)
        CHECK(quoted_printable(plain) == encoded);
}

TEST_CASE("what can travel everywhere as it is") {
    CHECK(is_seven_bit(""));
    CHECK(is_seven_bit("a\r\nb"));
    CHECK(is_seven_bit(std::string(998, 'a') + "\r\n" + std::string(998, 'b')));
    CHECK_FALSE(is_seven_bit(std::string(999, 'a') + "\r\n"));
    CHECK_FALSE(is_seven_bit("a\nb"));
    CHECK_FALSE(is_seven_bit("a\rb\r\n"));
    CHECK_FALSE(is_seven_bit("\x80"));
    CHECK_FALSE(is_seven_bit(std::string("\0", 1)));
}

TEST_CASE("a boundary does not occur in the contents, even when they know the seed") {
    const auto guessed = make_boundary("seed", "");
    const auto boundary = make_boundary("seed", "text with --" + guessed + " in it");
    CHECK(boundary != guessed);
    CHECK(boundary.size() <= 70);
}

TEST_CASE("strangers' text becomes one harmless line") {
    const std::pair<std::string, std::string> cases[] = {
        {"550 \x1b[2J %s%n ${jndi:x}", "550 ?[2J %s%n ${jndi:x}"},
        {"a\r\nb\tc", "a??b c"},
        {"gr\xc3\xbc", "gr\xc3\xbc"},
        {"\xc0\x27", "?'"},
        {"\xc2\x85\xe2\x80\xa8", "??"},
        {std::string("\0", 1), "?"},
    };
    for (const auto& [text, safe] : cases)
        CHECK(safe_text(text, outpost::Charset::utf8, 100) == safe);
    CHECK(safe_text("gr\xc3\xbc\xc3", outpost::Charset::ascii, 100) == "gr??");
    CHECK(safe_text("gr\xc3\xbc", outpost::Charset::utf8, 3) == "gr");
}
