// SPDX-License-Identifier: Apache-2.0
#include "core/cli/tls_explanation.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

using namespace outpost;
using namespace outpost::cli;

namespace {

using nlohmann::json;

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != text.npos;
}

delivery::MxHost secure_host() {
    delivery::MxHost host;
    host.name = "mx.rcpt.test";
    host.expanded = host.name;
    host.preference = 10;
    host.secure = true;
    host.addresses_secure = true;
    return host;
}

/// One host at 192.0.2.1 of which DANE asks something.
TlsExplanation explained(tls::TlsDemand demand) {
    delivery::NextHops hops;
    hops.hosts.push_back(secure_host());
    hops.security = dns::Security::secure;
    constexpr auto mode = delivery::PolicyMode::enforce;
    TlsExplanation all{"rcpt.test", hops, mode, mode, {}, {}, false, {}, {}};
    delivery::HostAddresses addresses{{asio::ip::make_address("192.0.2.1")}, true, "mx.rcpt.test"};
    const auto plan = delivery::decide_tls(delivery::TlsWish::standard, demand);
    all.hosts.push_back({{secure_host(), addresses, plan, {}}, {}, "DANE is off", {}});
    return all;
}

tls::TlsDemand dane_demand() {
    tls::TlsDemand demand;
    demand.enforced = tls::TlsRequirement::encrypted("dane");
    demand.enforced.dane.push_back({"mx.rcpt.test", {{3, 1, 1, std::string(32, 'k')}}, {}});
    return demand;
}

TlsProbe reached(bool verified) {
    TlsProbe probe;
    probe.ip = "192.0.2.1";
    probe.seen.reached.emplace();
    probe.seen.reached->version = "TLSv1.3";
    probe.seen.reached->dane_verified = verified;
    probe.seen.reached->dane_record = verified ? "3 1 1 6b6b" : "";
    if (!verified)
        probe.seen.failure = tls::TlsFailure{tls::TlsFailure::Kind::dane, "DANE: no match", {}, 0};
    probe.chain.push_back({"CN=mx", "CN=ca\n", {}, {}, {"mx.rcpt.test"}, "ab12"});
    return probe;
}

}  // namespace

TEST_CASE("the decision is told for every wish that a message may have") {
    const json all = to_json(explained(dane_demand()));
    CHECK(all["deliverable"] == true);
    const json& decision = all["hosts"][0]["decision"];
    CHECK(decision["default"]["enforced"]["summary"] == "dane");
    CHECK(decision["default"]["policy"] == "dane");
    CHECK(decision["default"]["in_clear_if_tls_fails"] == false);
    CHECK(decision["requiretls"]["enforced"]["summary"] == "dane+requiretls");
    CHECK(decision["tls_required_no"]["in_clear_if_tls_fails"] == true);

    const json unverified = to_json(explained({}))["hosts"][0]["decision"];
    CHECK(unverified["requiretls"]["refused"]["status"] == "4.7.30");
    CHECK(unverified["default"]["refused"].is_null());
}

TEST_CASE("a domain is deliverable where a host may be used and reached what it must") {
    auto all = explained(dane_demand());
    all.hosts[0].probe = reached(true);
    CHECK(is_deliverable(all));
    all.hosts[0].probe = reached(false);
    CHECK_FALSE(is_deliverable(all));
    all.hosts[0].probe = TlsProbe{"192.0.2.1", "connection refused", {}, {}};
    CHECK_FALSE(is_deliverable(all));

    auto forbidden = explained({});
    forbidden.hosts[0].survey.plan.refused = delivery::Verdict::deferred(
        delivery::Stage::resolve, delivery::ErrorKind::dns, {4, 4, 3}, "bogus"
    );
    CHECK_FALSE(is_deliverable(forbidden));

    auto opportunistic = explained({});
    opportunistic.hosts[0].probe = TlsProbe{"192.0.2.1", {}, {}, {}};
    CHECK(is_deliverable(opportunistic));  // in clear, which nothing forbids
}

TEST_CASE("a probe shows the chain, and the verdicts by DANE and PKIX, to people and programs") {
    auto all = explained(dane_demand());
    all.hosts[0].probe = reached(true);
    const std::string text = to_text(all);
    CHECK(has(text, "matched 3 1 1 6b6b"));
    CHECK(has(text, "CN=mx"));
    CHECK(has(text, "good enough"));
    CHECK_FALSE(has(text, "ca\n\n"));  // what a certificate says cannot break a line
    const json probe = to_json(all)["hosts"][0]["probe"];
    CHECK(probe["tls"]["dane"]["record"] == "3 1 1 6b6b");
    CHECK(probe["tls"]["chain"][0]["public_key_sha256"] == "ab12");
    CHECK(probe["good_enough"] == true);

    all.hosts[0].probe = reached(false);
    CHECK(has(to_text(all), "not good enough: DANE: no match"));
    CHECK(to_json(all)["hosts"][0]["probe"]["why_not"] == "DANE: no match");
}

TEST_CASE("records are told with whether SMTP can use them") {
    auto all = explained(dane_demand());
    dns::Answer answer;
    answer.security = dns::Security::secure;
    answer.records = {
        {dns::Type::tlsa, 0, std::string("\3\1\1", 3) + std::string(32, 'k')},
        {dns::Type::tlsa, 0, std::string("\1\1\1", 3) + std::string(32, 'k')},
        {dns::Type::tlsa, 0, "x"}
    };
    all.hosts[0].tlsa_name = "_25._tcp.mx.rcpt.test";
    all.hosts[0].tlsa = Result<dns::Answer, dns::Failure>(answer);
    const json tlsa = to_json(all)["hosts"][0]["tlsa"];
    CHECK(tlsa["security"] == "secure");
    REQUIRE(tlsa["records"].size() == 3);
    CHECK(tlsa["records"][0]["usable"] == true);
    CHECK(tlsa["records"][1]["usable"] == false);
    CHECK(tlsa["records"][2]["record"] == "78");
    CHECK(has(to_text(all), "(not usable in SMTP)"));

    all.hosts[0].tlsa =
        Result<dns::Answer, dns::Failure>(Err{dns::Failure{dns::Failure::Kind::bogus, "bogus", 6}});
    CHECK(to_json(all)["hosts"][0]["tlsa"]["error"]["dnssec"] == true);
}

TEST_CASE("where the policy of MTA-STS comes from is told") {
    auto all = explained({});
    all.sts_found.push_back(
        {{tlsrpt::PolicyType::sts, {"version: STSv1", "mode: enforce"}, "rcpt.test", {"*.rcpt.test"}
         },
         {tlsrpt::detail(tlsrpt::ResultType::sts_policy_fetch_error, "cannot-fetch-policy")}}
    );
    CHECK(to_json(all)["mta_sts"]["policy"]["from"] == "cache");
    CHECK(to_json(all)["mta_sts"]["trouble"][0]["reason_code"] == "cannot-fetch-policy");
    CHECK(has(to_text(all), "from the cache"));
    all.sts_fetched = true;
    CHECK(to_json(all)["mta_sts"]["policy"]["from"] == "fetched");
    all.sts_found.clear();
    CHECK(to_json(all)["mta_sts"]["policy"].is_null());
    CHECK(has(to_text(all), "none in force"));
}

TEST_CASE("a domain that nothing leads to says why") {
    delivery::NoNextHop none{
        delivery::Verdict::failed(
            delivery::Stage::resolve, delivery::ErrorKind::dns, {5, 1, 10}, "null MX"
        ),
        std::nullopt
    };
    TlsExplanation all{"null.test", Err{none}, {}, {}, {}, {}, false, {}, {}};
    CHECK_FALSE(is_deliverable(all));
    CHECK(to_json(all)["mx"]["error"]["status"] == "5.1.10");
    CHECK(has(to_text(all), "null MX"));
}
