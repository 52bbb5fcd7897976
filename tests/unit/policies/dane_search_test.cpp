// SPDX-License-Identifier: Apache-2.0
#include "policies/dane/search.hpp"

#include <doctest/doctest.h>

#include <map>

#include "policies/dane/dane.hpp"
#include "tests/support/run.hpp"

using namespace outpost;
using Names = std::vector<std::string>;

namespace {

constexpr auto secure = dns::Security::secure;
const std::string by_key = std::string("\3\1\1", 3) + std::string(32, 'k');
const std::string by_pkix = std::string("\1\1\1", 3) + std::string(32, 'k');

/// A resolver that knows some answers, and remembers what it was asked. Anything else is a secure
/// NXDOMAIN.
class Known final : public dns::Resolver {
  public:
    void tlsa(const std::string& base, std::string data, dns::Security security = secure) {
        dns::Answer& answer = answers[{"_25._tcp." + base, dns::Type::tlsa}];
        answer.records.push_back({dns::Type::tlsa, 0, std::move(data)});
        answer.security = security;
    }
    void alias(const std::string& name, const std::string& target, dns::Security security) {
        dns::Answer& answer = answers[{name, dns::Type::cname}];
        answer.records.push_back({dns::Type::cname, 0, target});
        answer.security = security;
    }
    awaitable<Result<dns::Answer, dns::Failure>> query(dns::Question question, Deadline) override {
        asked.push_back(question.name);
        const auto broken = failures.find(question.name);
        if (broken != failures.end()) co_return Err{broken->second};
        const auto known = answers.find({question.name, question.type});
        if (known != answers.end()) co_return known->second;
        dns::Answer nothing;
        nothing.nxdomain = true;
        nothing.security = secure;
        co_return nothing;
    }
    std::map<std::pair<std::string, dns::Type>, dns::Answer> answers;
    std::map<std::string, dns::Failure> failures;
    Names asked;
};

delivery::MxHost secure_host(const std::string& expanded = "mx.test") {
    delivery::MxHost host;
    host.name = "mx.test";
    host.expanded = expanded;
    host.secure = true;
    host.addresses_secure = true;
    host.mail_domain = "rcpt.test";
    return host;
}

dane::Finding search(Known& resolver, const delivery::MxHost& host) {
    asio::io_context loop;
    return test::run(
        loop, dane::search(resolver, host, "rcpt.test", Deadline::in(std::chrono::seconds(5)))
    );
}

}  // namespace

TEST_CASE("records are found at the host's name, and the usable ones kept") {
    Known resolver;
    resolver.tlsa("mx.test", by_pkix);
    resolver.tlsa("mx.test", by_key);
    resolver.tlsa("mx.test", "x");
    const auto found = search(resolver, secure_host());
    CHECK(found.base_domain == "mx.test");
    REQUIRE(found.usable.size() == 1);
    CHECK(found.usable[0].usage == 3);
    CHECK(found.names == Names{"mx.test", "rcpt.test"});
}

TEST_CASE("records of which none can be used are still records") {
    Known resolver;
    resolver.tlsa("mx.test", by_pkix);
    const auto found = search(resolver, secure_host());
    CHECK(found.base_domain == "mx.test");
    CHECK(found.usable.empty());
    CHECK_FALSE(found.failure);
    CHECK_FALSE(requirement(found).plaintext_allowed());
    CHECK_FALSE(requirement(found).needs_verification());
}

TEST_CASE("hosts that the DNS does not vouch for are not asked for records") {
    for (const bool mx_secure : {false, true}) {
        Known resolver;
        resolver.tlsa("mx.test", by_key);
        delivery::MxHost host = secure_host();
        host.secure = mx_secure;
        host.addresses_secure = !mx_secure;
        CHECK(search(resolver, host).base_domain.empty());
        CHECK(resolver.asked.empty());
    }
}

TEST_CASE("an answer without DNSSEC is no record, and a suppressed one forbids the host") {
    Known resolver;
    resolver.tlsa("mx.test", by_key, dns::Security::insecure);
    CHECK(search(resolver, secure_host()).base_domain.empty());

    for (const auto kind :
         {dns::Failure::Kind::servfail, dns::Failure::Kind::timeout, dns::Failure::Kind::bogus,
          dns::Failure::Kind::refused}) {
        Known broken;
        broken.failures["_25._tcp.mx.test"] = {kind, "no answer"};
        const auto found = search(broken, secure_host());
        REQUIRE(found.failure);
        CHECK_FALSE(requirement(found).forbidden.empty());
        CHECK_FALSE(requirement(found).plaintext_allowed());
    }
}

TEST_CASE("aliases that are secure to the end are followed first, then the name itself counts") {
    Known at_end;
    at_end.tlsa("real.test", by_key);
    at_end.tlsa("mx.test", by_key);
    const auto found = search(at_end, secure_host("real.test"));
    CHECK(found.base_domain == "real.test");
    CHECK(found.names == Names{"real.test", "mx.test", "rcpt.test"});

    Known at_name;
    at_name.tlsa("mx.test", by_key);
    CHECK(search(at_name, secure_host("real.test")).base_domain == "mx.test");
    CHECK(at_name.asked == Names{"_25._tcp.real.test", "_25._tcp.mx.test"});

    Known broken;
    broken.failures["_25._tcp.real.test"] = {dns::Failure::Kind::servfail, "SERVFAIL"};
    broken.tlsa("mx.test", by_key);
    CHECK(search(broken, secure_host("real.test")).failure);
    CHECK(broken.asked.size() == 1);
}

TEST_CASE("a secure alias into what is not signed leaves the name itself") {
    delivery::MxHost host = secure_host("real.test");
    host.addresses_secure = false;
    Known resolver;
    resolver.alias("mx.test", "real.test", secure);
    resolver.tlsa("mx.test", by_key);
    resolver.tlsa("real.test", by_key);
    const auto found = search(resolver, host);
    CHECK(found.base_domain == "mx.test");
    CHECK(found.names.front() == "mx.test");

    Known unsigned_alias;
    unsigned_alias.alias("mx.test", "real.test", dns::Security::insecure);
    unsigned_alias.tlsa("mx.test", by_key);
    CHECK(search(unsigned_alias, host).base_domain.empty());
}

TEST_CASE("an alias that cannot be looked up may hide records: the host is not used") {
    delivery::MxHost host = secure_host("real.test");
    host.addresses_secure = false;
    Known resolver;
    resolver.failures["mx.test"] = {dns::Failure::Kind::servfail, "SERVFAIL"};
    resolver.tlsa("mx.test", by_key);
    const auto found = search(resolver, host);
    REQUIRE(found.failure);
    CHECK(found.base_domain == "mx.test");
    CHECK_FALSE(requirement(found).plaintext_allowed());
    CHECK(resolver.asked == Names{"mx.test"});
}

TEST_CASE("a host whose name leaves no room for the prefix of its records has none") {
    delivery::MxHost host = secure_host();
    host.name = host.expanded = std::string(63, 'a') + "." + std::string(63, 'b') + "." +
                                std::string(63, 'c') + "." + std::string(56, 'd');
    Known resolver;
    REQUIRE(("_25._tcp." + host.name).size() == 257);
    CHECK(requirement(search(resolver, host)) == tls::TlsRequirement::opportunistic());
    CHECK(resolver.asked.empty());
}

TEST_CASE("a domain without MX may have records at its own name, before its aliases") {
    delivery::MxHost host = secure_host();
    host.implicit = true;
    CHECK(dane::base_domains(host, "rcpt.test", false) == Names{"mx.test", "rcpt.test"});
    host.addresses_secure = false;
    CHECK(dane::base_domains(host, "rcpt.test", false).empty());
}

TEST_CASE("what reports are told: records, what is wrong with them, or why there are none") {
    using tlsrpt::PolicyType;
    using tlsrpt::ResultType;
    CHECK(dane::report({}, "mx.test").policy.type == PolicyType::no_policy_found);
    CHECK(dane::report({}, "mx.test").policy.domain == "mx.test");

    Known resolver;
    resolver.tlsa("mx.test", by_key);
    const auto records = dane::report(search(resolver, secure_host()), "mx.test");
    CHECK(records.policy.type == PolicyType::tlsa);
    REQUIRE(records.policy.strings.size() == 1);
    CHECK(records.policy.strings[0].starts_with("3 1 1 6b6b"));
    CHECK(records.details.empty());

    const auto unusable = dane::report({"mx.test", {}, {}, {}}, "mx.test");
    CHECK(unusable.policy.type == PolicyType::tlsa);
    REQUIRE(unusable.details.size() == 1);
    CHECK(unusable.details[0].type == ResultType::tlsa_invalid);
    CHECK(unusable.details[0].failure_reason_code == "all-unusable-records+ignored");

    const dns::Failure bogus{dns::Failure::Kind::bogus, "bogus", 6};
    const auto unsafe = dane::report({"mx.test", {}, bogus, {}}, "mx.test");
    REQUIRE(unsafe.details.size() == 1);
    CHECK(unsafe.details[0].type == ResultType::dnssec_invalid);
    const dns::Failure silent{dns::Failure::Kind::timeout, "no answer"};
    CHECK(
        dane::report({"mx.test", {}, silent, {}}, "mx.test").details[0].type ==
        ResultType::tlsa_invalid
    );
}
