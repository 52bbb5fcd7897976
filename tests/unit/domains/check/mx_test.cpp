// SPDX-License-Identifier: Apache-2.0
#include "core/domains/check/mx.hpp"

#include <doctest/doctest.h>

#include "tests/unit/domains/check/lookups.hpp"

using namespace outpost;
using namespace outpost::domain_check;
using dns::Type;
using Said = std::vector<std::string>;

namespace {

AddressLookup addresses(
    const std::vector<std::string>& v4, const std::vector<std::string>& v6 = {}
) {
    return {test::found(Type::a, v4), test::found(Type::aaaa, v6)};
}

AddressLookup an_alias() {
    auto answer = test::found(Type::a, {"192.0.2.1"}).value();
    answer.followed_cname = true;
    return {answer, test::found(Type::aaaa, {})};
}

}  // namespace

TEST_CASE("a domain's MX records name the hosts that receive, and no others") {
    const auto judge = [](const Lookup& answer) {
        return test::said(judge_mx("a.example", {"mx1.a.example", "mx2.a.example"}, answer));
    };
    CHECK(
        judge(test::found(Type::mx, {"mx2.a.example", "MX1.a.example"})) ==
        Said{"ok: 10 mx2.a.example., 10 MX1.a.example."}
    );
    CHECK(
        judge(test::found(Type::mx, {"mx1.a.example"})) ==
        Said{"missing: mx2.a.example is to receive: the MX records name others"}
    );
    CHECK(
        judge(test::found(Type::mx, {"mx1.a.example", "mx2.a.example", "old.example"})) ==
        Said{"wrong: old.example would receive, too"}
    );
    CHECK(judge(test::found(Type::mx, {""})).front().starts_with("wrong: a null MX"));
    CHECK(
        judge(test::no_such_name()).front() ==
        "missing: mx1.a.example is to receive: the name does not exist"
    );
    CHECK(judge(test::failed()) == Said{"unknown: no answer: the server failed"});
}

TEST_CASE("a mail exchanger has an address and is no alias") {
    const auto judge = [](const AddressLookup& found) {
        return test::grades(judge_mx_host("mx.a.example", found));
    };
    CHECK(judge(addresses({"192.0.2.1"}, {"2001:db8::1"})) == "ok");
    CHECK(judge(addresses({}, {"2001:db8::1"})) == "ok");
    CHECK(judge(addresses({})) == "missing");
    CHECK(judge(an_alias()) == "wrong");
    CHECK(judge({test::failed(), test::found(Type::aaaa, {"2001:db8::1"})}) == "unknown");
}

TEST_CASE("our mail exchanger leads to us alone") {
    const std::vector ours{test::ip("192.0.2.1"), test::ip("45.10.20.30")};
    const auto judge = [&](const std::vector<std::string>& found) {
        return test::said(judge_own_mx_host("mx.a.example", addresses(found), ours));
    };
    CHECK(judge({"45.10.20.30", "192.0.2.1"}) == Said{"ok: 45.10.20.30, 192.0.2.1: ours"});
    CHECK(
        judge({"45.10.20.30", "198.51.100.9"}) ==
        Said{"wrong: 198.51.100.9 is not known to be an address of ours"}
    );
    CHECK(judge({}).size() == 1);
}

TEST_CASE("behind a translation of addresses nobody knows which are ours") {
    const std::vector ours{test::ip("10.0.0.2"), test::ip("127.0.0.1")};
    CHECK(
        test::grades(judge_own_mx_host("mx.a.example", addresses({"45.10.20.30"}), ours)) ==
        "warning"
    );
}

TEST_CASE("the answer about a name's addresses is as secure as the weaker one") {
    AddressLookup found{
        test::found(Type::a, {"192.0.2.1"}, dns::Security::secure),
        test::found(Type::aaaa, {}, dns::Security::insecure)
    };
    CHECK(found.security() == dns::Security::insecure);
    found.v6 = test::failed();
    CHECK(found.security() == dns::Security::secure);
    CHECK(found.failure() != nullptr);
}
