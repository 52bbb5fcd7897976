// SPDX-License-Identifier: Apache-2.0
#include "core/mail/dsn/return_path.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <limits>
#include <string>

using namespace outpost;
using namespace outpost::dsn;

namespace {

const Secret secret(std::string("a secret that all nodes share"));
const auto domain = dns::Domain::parse("bounces.example.org").value();

mail::Address address(const std::string& text) {
    return mail::Address::parse(text).value();
}

std::string upper(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
        return static_cast<char>(std::toupper(c));
    });
    return text;
}

}  // namespace

TEST_CASE("a return path names the recipient that it was made for") {
    constexpr auto greatest_id = std::numeric_limits<std::int64_t>::max();
    constexpr auto greatest_number = std::numeric_limits<std::int32_t>::max();
    for (const RecipientKey key :
         {RecipientKey{MessageId{1}, 1}, RecipientKey{MessageId{1000}, 10000},
          RecipientKey{MessageId{greatest_id}, greatest_number}}) {
        const auto path = make_return_path(key, domain, secret);
        CHECK(path.domain() == domain);
        CHECK(path.local().size() <= 64);
        CHECK(parse_return_path(path, secret) == key);
        CHECK(make_return_path(key, domain, secret) == path);
    }
}

TEST_CASE("the form of a return path stays: mail that is under way comes back to it") {
    const auto path = make_return_path({MessageId{123456789}, 7}, domain, secret);
    CHECK(path.wire() == "bounce-aaaaaaahlpgrkaaaaadqh3vmmc2crzldoj22joq2@bounces.example.org");
}

TEST_CASE("a return path is read in whatever case it comes back") {
    const RecipientKey key{MessageId{77001}, 3};
    const auto path = make_return_path(key, domain, secret).wire();
    CHECK(parse_return_path(address(upper(path)), secret) == key);
}

TEST_CASE("a return path with any character changed names nobody") {
    const auto path = make_return_path({MessageId{77001}, 3}, domain, secret);
    for (std::size_t at = 0; at < path.local().size(); ++at) {
        auto local = path.local();
        local[at] = local[at] == 'a' ? 'b' : 'a';
        CHECK_FALSE(parse_return_path(address(local + "@bounces.example.org"), secret));
    }
}

TEST_CASE("a return path holds for its own secret and domain only") {
    const auto path = make_return_path({MessageId{77001}, 3}, domain, secret);
    CHECK_FALSE(parse_return_path(path, Secret(std::string("another secret"))));
    CHECK_FALSE(parse_return_path(path, Secret()));
    CHECK_FALSE(parse_return_path(address(path.local() + "@example.org"), secret));
}

TEST_CASE("an address of another form is no return path") {
    const auto local = make_return_path({MessageId{77001}, 3}, domain, secret).local();
    for (const auto& other :
         {std::string("postmaster"), std::string("bounce-"), local + "a", local.substr(7),
          local.substr(0, local.size() - 1), "x" + local, local + "+tag", std::string(47, 'a'),
          "bounce-" + std::string(40, '1'), "bounce-" + std::string(40, 'a')}) {
        CHECK_FALSE(parse_return_path(address(other + "@bounces.example.org"), secret));
    }
    CHECK_FALSE(parse_return_path(mail::Address(), secret));
}

TEST_CASE("return paths of different recipients differ") {
    CHECK(
        make_return_path({MessageId{1}, 2}, domain, secret) !=
        make_return_path({MessageId{2}, 1}, domain, secret)
    );
}
