// SPDX-License-Identifier: Apache-2.0
#include "core/domains/check/dmarc.hpp"

#include <doctest/doctest.h>

#include "core/domains/check/tls_reports.hpp"
#include "tests/unit/domains/check/lookups.hpp"

using namespace outpost;
using namespace outpost::domain_check;
using dns::Type;
using Said = std::vector<std::string>;
using Policy = authentication::DmarcPolicy;

namespace {

Said judge(const std::vector<std::string>& records, Policy policy = Policy::reject) {
    domain_records::Sender sender;
    sender.domain = "a.example";
    sender.dmarc = {policy, mail::Address::parse("d!r@a.example").value()};
    return test::said(judge_dmarc(sender, test::found(Type::txt, records), "v=DMARC1; ..."));
}

}  // namespace

TEST_CASE("the policy is the configured one, and our address gets the reports") {
    const std::string good =
        "v=DMARC1; p=reject; rua=mailto:x@b.example!10m, MAILTO:d%21r@a.example!5k; pct=100";
    CHECK(judge({"site=1", good}) == Said{"ok: " + good});
    CHECK(
        judge({"v=DMARC1; p=quarantine; rua=mailto:d%21r@a.example"}) ==
        Said{"wrong: the policy is quarantine, and reject is configured"}
    );
    for (const std::string without :
         {"v=DMARC1; p=reject", "v=DMARC1; p=reject; rua=mailto:x@b.example"}) {
        CHECK(judge({without}) == Said{"ok: " + without, "wrong: d!r@a.example gets no reports"});
    }
}

TEST_CASE("none, several and broken records are told apart") {
    CHECK(judge({"site=1"}) == Said{"missing: there is no such record"});
    CHECK(judge({"v=DMARC1; p=reject", "v=DMARC1; p=none"}).front().starts_with("wrong: there are")
    );
    CHECK(judge({"v=DMARC1; p=refuse"}).front().starts_with("wrong: the record is malformed"));
}

TEST_CASE("a policy that asks for little is warned about") {
    CHECK(judge({"v=DMARC1; p=none; rua=mailto:d%21r@a.example"}, Policy::none)
              .front()
              .starts_with("warning: p=none"));
    CHECK(
        judge({"v=DMARC1; p=reject; pct=20; rua=mailto:d%21r@a.example"}) ==
        Said{"warning: the policy is for 20% of the mail"}
    );
}

TEST_CASE("another organization that gets the reports says that it takes them") {
    const auto judge = [](const Lookup& answer) {
        return judge_consent("a.example._report._dmarc.b.example", answer).grade;
    };
    CHECK(judge(test::found(Type::txt, {"v=DMARC1"})) == Grade::ok);
    CHECK(judge(test::found(Type::txt, {"v=spf1 -all"})) == Grade::missing);
    CHECK(judge(test::no_such_name()) == Grade::missing);
    CHECK(judge(test::failed()) == Grade::unknown);
}

TEST_CASE("TLS reports are asked for, to our address among others") {
    const auto judge = [](const std::vector<std::string>& records) {
        return test::said(judge_tls_reports(
            "a.example", mail::Address::parse("tls@a.example").value(),
            test::found(Type::txt, records), "v=TLSRPTv1; ..."
        ));
    };
    CHECK(
        judge({"v=TLSRPTv1; rua=https://b.example/r,mailto:tls@A.example"}) ==
        "ok: tls@a.example gets the reports"
    );
    CHECK(judge({"v=TLSRPTv1; rua=mailto:x@a.example"}) == "wrong: tls@a.example gets no reports");
    CHECK(judge({"v=TLSRPTv1; rua"}) == "wrong: the record is malformed");
    CHECK(judge({"v=TLSRPTv1; rua=mailto:tls@a.example", "v=TLSRPTv1; rua=mailto:x@a.example"})
              .starts_with("wrong: there are several"));
    CHECK(judge({}) == "missing: there is no such record");
}
