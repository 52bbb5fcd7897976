// SPDX-License-Identifier: Apache-2.0
#include "core/domains/check/spf.hpp"

#include <doctest/doctest.h>

#include "tests/support/run.hpp"
#include "tests/support/zone_resolver.hpp"
#include "tests/unit/domains/check/lookups.hpp"

using namespace outpost;
using namespace outpost::domain_check;
using dns::Type;
using Said = std::vector<std::string>;

namespace {

awaitable<std::optional<Lookup>> record_in(test::ZoneResolver& zone) {
    dns::Question question{"a.example", Type::txt};
    co_return co_await zone.query(std::move(question), Deadline());
}

/// Judges "a.example" for mail from 192.0.2.1, by what receivers would find out there.
Findings judge(test::ZoneResolver& zone) {
    asio::io_context loop;
    const auto evaluate = [&](const net::IpAddress& address) {
        return test::run(
            loop, spf::check_mail_from(
                      {address, "mx.a.example"}, mail::Address::parse("p@a.example").value(), zone,
                      Deadline::in(std::chrono::seconds(5))
                  )
        );
    };
    const auto answer = test::run(loop, record_in(zone)).value();
    const auto ours = test::ip("192.0.2.1");
    return judge_spf(
        "a.example", answer, evaluate(nobodys_address()), {{ours, evaluate(ours)}},
        "v=spf1 ip4:192.0.2.1 ~all"
    );
}

Findings judge(const std::vector<std::string>& texts) {
    test::ZoneResolver zone;
    zone.add("a.example", Type::txt, texts);
    return judge(zone);
}

}  // namespace

TEST_CASE("a record that permits our address by whatever way will do") {
    CHECK(
        test::said(judge({"site=1", "v=spf1 ip4:192.0.2.0/24 -all"})) ==
        Said{
            "ok: v=spf1 ip4:192.0.2.0/24 -all (0 of 10 look-ups, 0 of 2 without an answer)",
            "ok: 192.0.2.1 passes by ip4:192.0.2.0/24 (0 of 10 look-ups, 0 of 2 without an answer)"
        }
    );
    test::ZoneResolver zone;
    zone.add("a.example", Type::txt, {"v=spf1 include:b.example ~all"});
    zone.add("b.example", Type::txt, {"v=spf1 a:mx.a.example -all"});
    zone.add("mx.a.example", Type::a, {"192.0.2.1"});
    const auto findings = judge(zone);
    CHECK(test::grades(findings) == "ok ok");
    CHECK(findings[1].summary.find("(2 of 10 look-ups") != std::string::npos);
}

TEST_CASE("a record that does not permit our address is wrong, and says what to add") {
    const auto findings = judge({"v=spf1 ip4:198.51.100.1 ~all"});
    CHECK(test::grades(findings) == "ok wrong");
    CHECK(findings[1].summary == "mail from 192.0.2.1 does not pass: softfail (~all)");
    CHECK(findings[1].advice == "add ip4:192.0.2.1");
}

TEST_CASE("no record, several, and one that is none") {
    CHECK(test::said(judge({"site=1"})) == Said{"missing: there is no such record"});
    CHECK(test::grades(judge({"v=spf1 ~all", "v=spf1 ip4:192.0.2.1 ~all"})) == "wrong");
    CHECK(test::grades(judge({"v=spf1 ip4:192.0.2.1.5 ~all"})) == "wrong");
}

TEST_CASE("a record that lets everybody, or says nothing of others, is warned about") {
    CHECK(test::grades(judge({"v=spf1 +all"})) == "warning ok");
    CHECK(test::grades(judge({"v=spf1 ip4:192.0.2.1 ip4:0.0.0.0/0 -all"})) == "warning ok");
    CHECK(test::grades(judge({"v=spf1 ip4:192.0.2.1"})) == "warning ok");
    CHECK(test::grades(judge({"v=spf1 ip4:192.0.2.1 ?all"})) == "warning ok");
}

TEST_CASE("more look-ups than receivers make are wrong though our address comes before them") {
    test::ZoneResolver zone;
    std::string record = "v=spf1 ip4:192.0.2.1";
    for (int i = 0; i < 11; ++i) {
        const auto name = fmt::format("h{}.example", i);
        record += " a:" + name;
        zone.add(name, Type::a, {"198.51.100.1"});
    }
    zone.add("a.example", Type::txt, {record + " -all"});
    const auto findings = judge(zone);
    CHECK(test::grades(findings) == "wrong ok");
    CHECK(findings[0].summary.find("more than 10 terms ask the DNS") != std::string::npos);
}

TEST_CASE("more names that do not exist than receivers put up with are wrong") {
    const auto findings = judge({"v=spf1 a:x.example a:y.example a:z.example ip4:192.0.2.1 -all"});
    CHECK(test::grades(findings) == "wrong wrong");
    CHECK(findings[1].summary.find("more than 2 look-ups find nothing") != std::string::npos);
}

TEST_CASE("what cannot be looked up is not known") {
    test::ZoneResolver zone;
    zone.add("a.example", Type::txt, {"v=spf1 include:b.example ~all"})
        .fail("b.example", Type::txt);
    CHECK(test::grades(judge(zone)) == "unknown unknown");
    zone.fail("a.example", Type::txt);
    CHECK(test::grades(judge(zone)) == "unknown");
}
