// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "core/foundation/base/encoding.hpp"
#include "core/net/dns/wire.hpp"

using namespace outpost;
using dns::Type;

namespace {

const dns::Question question{"a.test", Type::mx};
const std::string asked =
    "01610474657374000"
    "00f0001";  // a.test MX IN

/// A response with id 1234 that repeats the question; the rest in hexadecimal digits.
std::optional<Result<dns::Response, dns::Failure>> decode(
    const std::string& flags_and_counts, const std::string& rest
) {
    const auto packet = hex_decode("1234" + flags_and_counts + asked + rest);
    REQUIRE(packet);
    return dns::decode_response(*packet, 0x1234, question);
}

}  // namespace

TEST_CASE("a query announces EDNS only when told to") {
    const auto with = dns::encode_query(question, 0x1234, true);
    const auto without = dns::encode_query(question, 0x1234, false);
    CHECK(hex_encode(*without) == "123401000001000000000000" + asked);
    CHECK(hex_encode(*with) == "123401000001000000000001" + asked + "00002904d0000000000000");
}

TEST_CASE("names that no packet can carry are refused") {
    for (const std::string& name :
         {std::string("a..b"), std::string(64, 'a'), std::string("a\0b", 3),
          std::string(300, 'a') + ".b"}) {
        CHECK_FALSE(dns::encode_query({name, Type::a}, 1, true).has_value());
    }
}

TEST_CASE("packets that answer something else are passed over") {
    const auto packet = *hex_decode(
        "1234818000010000"
        "00000000" +
        asked
    );
    CHECK(dns::decode_response(packet, 0x1234, question));
    CHECK_FALSE(dns::decode_response(packet, 0x1235, question));
    CHECK_FALSE(dns::decode_response(packet, 0x1234, {"b.test", Type::mx}));
    CHECK_FALSE(dns::decode_response(packet, 0x1234, {"a.test", Type::a}));
    CHECK_FALSE(dns::decode_response(packet.substr(0, 11), 0x1234, question));
    const auto not_a_response = *hex_decode(
        "1234010000010000"
        "00000000" +
        asked
    );
    CHECK_FALSE(dns::decode_response(not_a_response, 0x1234, question));
}

TEST_CASE("hostile answers are malformed or empty, never a crash") {
    struct Case {
        std::string what;
        const char* counts;
        const char* rest;
    };
    const Case cases[] = {
        {"record cut off", "81800001000100000000", "c00c000f00010000"},
        {"name that points to itself", "81800001000100000000", "c00c000f0001000000010004000ac026"},
        {"owner that points to itself", "81800001000100000000", "c018000f000100000001000400 0a c00c"
        },
        {"MX of one octet", "81800001000100000000",
         "c00c000f0001000000010001"
         "00"},
        {"MX without data", "81800001000100000000", "c00c000f0001000000010000"},
        {"data longer than the packet", "81800001000100000000", "c00c000f000100000001ffff000a00"},
        {"label over 63", "81800001000100000000", "c00c000f000100000001000400 0a 7f00"},
        {"65535 answers", "81800001ffff00000000", ""},
        {"EDNS option longer than its data", "81800001000000000001",
         "00002904d00000000000"
         "04000fffff"},
    };
    for (const Case& each : cases) {
        CAPTURE(std::string(each.what));
        std::string digits;
        for (const char c : std::string_view(each.rest))
            if (c != ' ') digits += c;
        const auto response = decode(each.counts, digits);
        const bool harmless = !response || !*response || (*response)->answers.empty();
        CHECK(harmless);
    }
}

TEST_CASE("every prefix and every one-octet change of an answer is survived") {
    const auto whole = *hex_decode(
        "123481800001000100000001" + asked +
        "c00c000f00010000000a0006000a016dc00e"
        "00002904d0000000000006000f00020009"
    );
    const auto good = dns::decode_response(whole, 0x1234, question);
    REQUIRE(good);
    REQUIRE(*good);
    REQUIRE((*good)->answers.size() == 1);
    CHECK((*good)->answers[0].record.text == "m.test");
    CHECK((*good)->extended_error == 9);
    for (std::size_t i = 0; i < whole.size(); ++i) {
        (void)dns::decode_response(whole.substr(0, i), 0x1234, question);
        for (int value = 0; value < 256; ++value) {
            std::string changed = whole;
            changed[i] = static_cast<char>(value);
            (void)dns::decode_response(changed, 0x1234, question);
        }
    }
}

TEST_CASE("octets that no name should have come out escaped") {
    // MX 10 "a\n b" (one label with a line feed in it)
    const auto response = decode(
        "81800001000100000000",
        "c00c000f00010000000a0006000a02610a00"
        ""
    );
    REQUIRE(response);
    REQUIRE(*response);
    for (const char c : (*response)->answers.at(0).record.text)
        CHECK(c > ' ');
}
