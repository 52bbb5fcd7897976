// SPDX-License-Identifier: Apache-2.0
#include "core/mail/tlsrpt/gzip.hpp"

#include <doctest/doctest.h>

using namespace outpost::tlsrpt;

namespace {

GunzipFault fault(std::string_view bytes, std::size_t limit) {
    const auto content = gunzip(bytes, limit);
    REQUIRE_FALSE(content);
    return content.error();
}

}  // namespace

TEST_CASE("what is packed comes out again") {
    for (const std::size_t size : {0, 1, 32 * 1024, 300'001}) {
        std::string content;
        for (std::size_t i = 0; i < size; ++i)
            content += static_cast<char>(i * i >> 7);
        const auto packed = gzip(content);
        CHECK(packed.starts_with("\x1f\x8b"));
        CHECK(gunzip(packed, size).value_or("?") == content);
    }
}

TEST_CASE("the same content gives the same octets, without a time") {
    CHECK(gzip("{}") == gzip("{}"));
    CHECK(gzip("{}").substr(4, 4) == std::string(4, '\0'));
}

TEST_CASE("a bomb is refused at the limit") {
    const auto packed = gzip(std::string(10'000'000, ' '));
    CHECK(packed.size() < 20'000);
    CHECK(fault(packed, 9'999'999) == GunzipFault::too_large);
    CHECK(fault(packed, 0) == GunzipFault::too_large);
    CHECK(gunzip(packed, 10'000'000));
}

TEST_CASE("what is no gzip, is cut off or is damaged is refused") {
    const auto packed = gzip("a report of some length, a report of some length");
    CHECK(fault("", 100) == GunzipFault::broken);
    CHECK(fault("{\"policies\": []}", 100) == GunzipFault::broken);
    for (std::size_t length = 1; length < packed.size(); ++length)
        CHECK(fault(std::string_view(packed).substr(0, length), 100) == GunzipFault::broken);
    auto damaged = packed;
    damaged[packed.size() - 6] ^= 1;  // in the checksum
    CHECK(fault(damaged, 100) == GunzipFault::broken);
}

TEST_CASE("what follows the packed content does not matter") {
    CHECK(gunzip(gzip("{}") + "more", 10).value_or("?") == "{}");
}
