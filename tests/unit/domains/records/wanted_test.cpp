// SPDX-License-Identifier: Apache-2.0
#include "core/domains/records/wanted.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/domains/records/spf.hpp"
#include "core/net/dns/type_name.hpp"

using namespace outpost;
using namespace outpost::domain_records;

namespace {

net::IpAddress ip(const char* text) {
    return asio::ip::make_address(text);
}

mail::Address address(const char* text) {
    return mail::Address::parse(text).value();
}

Host a_host() {
    Host host;
    host.name = "mx.example.org";
    host.ehlo = {{"mx.example.org", {ip("192.0.2.1"), ip("2001:db8::1")}, {}}};
    host.receives = {"mx.example.org"};
    return host;
}

Sender a_sender() {
    Sender sender;
    sender.domain = "example.org";
    sender.dmarc.policy = authentication::DmarcPolicy::reject;
    return sender;
}

/// "NAME TYPE VALUE" of each.
std::vector<std::string> lines(const Records& records) {
    std::vector<std::string> all;
    for (const auto& record : records)
        all.push_back(fmt::format("{} {} {}", record.name, dns::text(record.type), record.value));
    return all;
}

bool has(const Records& records, const std::string& line) {
    const auto all = lines(records);
    return std::find(all.begin(), all.end(), line) != all.end();
}

std::size_t count(const Records& records, const std::string& name, const std::string& begin) {
    return static_cast<std::size_t>(std::count_if(
        records.begin(), records.end(),
        [&](const Record& record) { return record.name == name && record.value.starts_with(begin); }
    ));
}

}  // namespace

TEST_CASE("a domain without anything special publishes SPF and DMARC") {
    CHECK(
        lines(records_of(a_sender(), a_host())) ==
        std::vector<std::string>{
            "example.org TXT v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 ~all",
            "_dmarc.example.org TXT v=DMARC1; p=reject"
        }
    );
}

TEST_CASE("each mail exchanger gets a preference, the most wanted one the lowest") {
    auto sender = a_sender();
    sender.mx = {"mx.example.org", "mx2.example.net"};
    const auto records = records_of(sender, a_host());
    CHECK(has(records, "example.org MX 10 mx.example.org."));
    CHECK(has(records, "example.org MX 20 mx2.example.net."));
}

TEST_CASE("SPF has the addresses of hosts and proxies and what is configured, each once") {
    auto host = a_host();
    host.ehlo[0].proxies = {ip("198.51.100.7"), ip("192.0.2.1")};
    host.ehlo.push_back({"out.example.org", {ip("::ffff:192.0.2.9")}, {}});
    CHECK(
        spf_of_domain({{"include:_spf.relay.example", "ip4:192.0.2.9"}, true}, host) ==
        "v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 ip4:198.51.100.7 ip4:192.0.2.9 "
        "include:_spf.relay.example -all"
    );
}

TEST_CASE("SPF names the host where its addresses are not configured") {
    auto host = a_host();
    host.ehlo[0] = {"mx.example.org", {}, {ip("198.51.100.7")}};
    CHECK(spf_of_domain({}, host) == "v=spf1 a:mx.example.org ip4:198.51.100.7 ~all");
}

TEST_CASE("the SPF record of a name in EHLO covers what says EHLO with it") {
    auto host = a_host();
    CHECK(spf_of_ehlo(host.ehlo[0], host) == "v=spf1 a -all");
    host.ehlo[0].proxies = {ip("198.51.100.7")};
    CHECK(spf_of_ehlo(host.ehlo[0], host) == "v=spf1 a ip4:198.51.100.7 -all");
    // A transport with a name of its own, and no address of its own.
    CHECK(spf_of_ehlo({"out.example.org", {}, {}}, host) == "v=spf1 a:mx.example.org -all");
}

TEST_CASE("each DKIM key is published, and told apart by whether it signs") {
    auto sender = a_sender();
    sender.dkim = {
        {"2026a", {"v=DKIM1; k=rsa; p=AAAA", true}},
        {"2026b", {"v=DKIM1; k=ed25519; p=BBBB", false}}
    };
    const auto records = records_of(sender, a_host());
    CHECK(has(records, "2026a._domainkey.example.org TXT v=DKIM1; k=rsa; p=AAAA"));
    CHECK(has(records, "2026b._domainkey.example.org TXT v=DKIM1; k=ed25519; p=BBBB"));
    std::set<std::string> reasons;
    for (const auto& record : records) {
        if (record.name.find("_domainkey") != record.name.npos) reasons.insert(record.reason);
    }
    CHECK(reasons.size() == 2);
}

TEST_CASE("a domain that takes DMARC reports says so, unless it is of the same organization") {
    auto sender = a_sender();
    sender.dmarc.reports = address("dmarc@example.org");
    CHECK(records_of(sender, a_host()).size() == 2);
    sender.dmarc.reports = address("dmarc@reports.example.org");
    CHECK(records_of(sender, a_host()).size() == 2);
    sender.domain = "news.example.org";
    CHECK(consent_name(sender).empty());
    sender.domain = "example.org";
    sender.dmarc.reports = address("dmarc@example.net");
    const auto records = records_of(sender, a_host());
    CHECK(has(records, "_dmarc.example.org TXT v=DMARC1; p=reject; rua=mailto:dmarc@example.net"));
    CHECK(has(records, "example.org._report._dmarc.example.net TXT v=DMARC1"));
}

TEST_CASE("addresses in URIs hide what the records' own grammars use") {
    auto sender = a_sender();
    sender.tls_reports = address("\"a;b,c\"@example.org");
    CHECK(
        has(records_of(sender, a_host()),
            "_smtp._tls.example.org TXT v=TLSRPTv1; rua=mailto:%22a%3Bb%2Cc%22@example.org")
    );
    sender.tls_reports = address("tls+a!d%e@example.org");
    CHECK(
        has(records_of(sender, a_host()),
            "_smtp._tls.example.org TXT v=TLSRPTv1; rua=mailto:tls+a%21d%25e@example.org")
    );
}

TEST_CASE("MTA-STS has a record, whose id changes with the policy, and a host for the policy") {
    auto sender = a_sender();
    sender.mta_sts =
        MtaStsPolicy{MtaStsPolicy::Mode::enforce, {"mx.example.org"}, std::chrono::hours(24)};
    const auto text = policy_text(*sender.mta_sts);
    CHECK(text == "version: STSv1\r\nmode: enforce\r\nmx: mx.example.org\r\nmax_age: 86400\r\n");
    const auto records = records_of(sender, a_host());
    CHECK(has(records, "_mta-sts.example.org TXT " + mta_sts_record(text)));
    CHECK(has(records, "mta-sts.example.org CNAME mx.example.org."));

    const auto record = mta_sts_record(text);
    REQUIRE(record.starts_with("v=STSv1; id="));
    const auto id = record.substr(12);
    CHECK(id.size() <= 32);
    CHECK(id.find_first_not_of("0123456789abcdef") == id.npos);
    CHECK(mta_sts_record(text) == record);
    CHECK(mta_sts_record(text + "mx: other.example\r\n") != record);
}

TEST_CASE("each key of a host has a TLSA record at each name that it receives with") {
    auto host = a_host();
    host.receives = {"mx.example.org", "in.example.org"};
    host.keys = {{3, 1, 1, std::string(32, '\x01')}, {3, 1, 1, std::string(32, '\x02')}};
    const auto records = records_of(host);
    std::string one, two;
    for (int i = 0; i < 32; ++i)
        one += "01", two += "02";
    CHECK(has(records, "_25._tcp.mx.example.org TLSA 3 1 1 " + one));
    CHECK(has(records, "_25._tcp.mx.example.org TLSA 3 1 1 " + two));
    CHECK(has(records, "_25._tcp.in.example.org TLSA 3 1 1 " + one));
    CHECK(has(records, "_25._tcp.in.example.org TLSA 3 1 1 " + two));
    host.receives.clear();
    CHECK(count(records_of(host), "_25._tcp.mx.example.org", "3") == 0);
}

TEST_CASE("names and addresses in EHLO lead to each other, proxies' only from the address") {
    auto host = a_host();
    host.ehlo[0].proxies = {ip("198.51.100.7")};
    host.ehlo.push_back({"proxy.example.org", {}, {ip("198.51.100.8")}});
    const auto records = records_of(host);
    CHECK(has(records, "mx.example.org A 192.0.2.1"));
    CHECK(has(records, "mx.example.org AAAA 2001:db8::1"));
    CHECK_FALSE(has(records, "mx.example.org A 198.51.100.7"));
    CHECK(has(records, "proxy.example.org A 198.51.100.8"));
    CHECK(has(records, "1.2.0.192.in-addr.arpa PTR mx.example.org."));
    CHECK(has(records, "7.100.51.198.in-addr.arpa PTR mx.example.org."));
    CHECK(has(records, "8.100.51.198.in-addr.arpa PTR proxy.example.org."));
}

TEST_CASE("bounces come back to this host, and may leave from wherever mail does") {
    auto host = a_host();
    host.bounce_domain = "bounces.example.org";
    host.bounce_spf = {{"include:relay.example"}, false};
    const auto records = records_of(host);
    CHECK(has(records, "bounces.example.org MX 10 mx.example.org."));
    CHECK(
        has(records,
            "bounces.example.org TXT v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 include:relay.example "
            "~all")
    );
    host.receives.clear();
    CHECK(has(records_of(host), "bounces.example.org MX 10 mx.example.org."));
}

TEST_CASE("a name that is domain, host and bounce domain has one record for each purpose") {
    auto host = a_host();
    host.bounce_domain = host.name;
    host.tls_reports = address("host@mx.example.org");
    auto sender = a_sender();
    sender.domain = host.name;
    sender.mx = {"mx.example.org", "mx2.example.org"};
    sender.tls_reports = address("domain@mx.example.org");
    const auto records = all_records(sender, host);
    CHECK(count(records, host.name, "v=spf1") == 1);
    CHECK(count(records, host.name, "10 ") == 1);
    CHECK(count(records, host.name, "20 ") == 1);
    CHECK(count(records, "_smtp._tls.mx.example.org", "v=TLSRPTv1") == 1);
    CHECK(has(records, "_smtp._tls.mx.example.org TXT v=TLSRPTv1; rua=mailto:domain@mx.example.org")
    );
}

TEST_CASE("the host and the domain both ask for TLS reports, each to its own address") {
    auto host = a_host();
    host.tls_reports = address("host@example.org");
    auto sender = a_sender();
    sender.tls_reports = address("domain@example.org");
    const auto records = all_records(sender, host);
    CHECK(has(records, "_smtp._tls.example.org TXT v=TLSRPTv1; rua=mailto:domain@example.org"));
    CHECK(has(records, "_smtp._tls.mx.example.org TXT v=TLSRPTv1; rua=mailto:host@example.org"));
}
