// SPDX-License-Identifier: Apache-2.0
#include "core/domains/check/names.hpp"

#include <doctest/doctest.h>

#include "core/domains/check/omissions.hpp"
#include "tests/unit/domains/check/lookups.hpp"

using namespace outpost;
using namespace outpost::domain_check;
using dns::Type;

namespace {

std::string ehlo(const AddressLookup& found) {
    return test::grades(judge_ehlo("mx.a.example", {test::ip("192.0.2.1")}, found));
}

Finding pointer(const Lookup& pointers, const dns::ConfirmedNames& confirmed) {
    return judge_pointer(test::ip("192.0.2.1"), "mx.a.example", pointers, confirmed);
}

}  // namespace

TEST_CASE("a name in EHLO leads to one of the addresses that say it") {
    const auto none = test::found(Type::aaaa, {});
    CHECK(ehlo({test::found(Type::a, {"198.51.100.1", "192.0.2.1"}), none}) == "ok");
    CHECK(ehlo({test::found(Type::a, {"198.51.100.1"}), none}) == "wrong");
    CHECK(ehlo({test::no_such_name(), test::no_such_name()}) == "missing");
    CHECK(ehlo({test::failed(), none}) == "unknown");
    auto alias = test::found(Type::a, {"192.0.2.1"}).value();
    alias.followed_cname = true;
    CHECK(ehlo({alias, none}) == "warning");
}

TEST_CASE("an address has a name that leads back, and is the one in EHLO") {
    const auto names = [](const std::vector<std::string>& all) {
        return test::found(Type::ptr, all);
    };
    CHECK(pointer(names({"mx.a.example"}), {{"mx.a.example"}, true, {}}).grade == Grade::ok);
    CHECK(
        pointer(
            names({"x.example", "MX.a.example"}), {{"x.example", "mx.a.example"}, true, {}}
        ).grade == Grade::ok
    );
    CHECK(pointer(names({"x.example"}), {{"x.example"}, true, {}}).grade == Grade::warning);
    CHECK(pointer(names({"mx.a.example"}), {{}, true, {}}).grade == Grade::wrong);
    CHECK(pointer(test::no_such_name(), {}).grade == Grade::missing);
    CHECK(pointer(test::failed(), {}).grade == Grade::unknown);
    const dns::Failure failure{dns::Failure::Kind::timeout, "silence"};
    CHECK(pointer(names({"mx.a.example"}), {{}, true, failure}).grade == Grade::unknown);
}

TEST_CASE("a name that was made up from the address looks like that of a customer") {
    const auto v4 = test::ip("192.0.2.17"), v6 = test::ip("2001:db8::17");
    CHECK(is_generic("192-0-2-17.pool.example", v4));
    CHECK(is_generic("ip17.2.0.192.example", v4));
    CHECK(!is_generic("mx17.a.example", v4));
    CHECK(!is_generic("mx2-17.a.example", v4));
    CHECK(is_generic("2001-0db8-0000-0000-0000-0000-0000-0017.example", v6));
    CHECK(!is_generic("mx17.a.example", v6));
    const auto finding = judge_pointer(
        v4, "192-0-2-17.pool.example", test::found(Type::ptr, {"192-0-2-17.pool.example"}),
        {{"192-0-2-17.pool.example"}, true, {}}
    );
    CHECK(finding.grade == Grade::warning);
}

TEST_CASE("what a configuration leaves out though it would do good is pointed out") {
    domain_records::Host host;
    host.ehlo = {{"mx.a.example", {test::ip("192.0.2.1")}, {}}};
    CHECK(judge_omissions(host).empty());
    host.ehlo.front().addresses.clear();
    host.receives = {"mx.a.example"};
    CHECK(test::grades(judge_omissions(host)) == "warning warning");
    domain_records::Sender sender;
    sender.domain = "a.example";
    CHECK(test::grades(judge_omissions(sender)) == "warning");
    sender.mx = {"mx.a.example"};
    sender.dkim["s"] = {"v=DKIM1; p=AAAA", true};
    CHECK(test::grades(judge_omissions(sender)) == "warning warning");
    sender.mta_sts.emplace();
    sender.tls_reports = mail::Address::parse("t@a.example").value();
    CHECK(judge_omissions(sender).empty());
}
