// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/next_hop/survey.hpp"

#include <doctest/doctest.h>

#include <map>

#include "tests/support/delivery_job.hpp"
#include "tests/support/run.hpp"

using namespace outpost;
using namespace outpost::delivery;
using dns::Security;
using dns::Type;
using Names = std::vector<std::string>;

namespace {

constexpr auto secure = Security::secure, insecure = Security::insecure;

/// Answers from a table; what is not in it securely has no records.
struct Zone : dns::Resolver {
    void add(const std::string& name, dns::Record record, Security security = secure) {
        dns::Answer& answer = answers[{name, record.type}];
        answer.records.push_back(std::move(record));
        answer.security = security;
        answer.canonical_name = name;
    }
    void fail(const std::string& name, Type type, int extended_error = -1) {
        failures[{name, type}] = {dns::Failure::Kind::servfail, "no answer", extended_error};
    }
    awaitable<Result<dns::Answer, dns::Failure>> query(dns::Question question, Deadline) override {
        const auto failure = failures.find({question.name, question.type});
        if (failure != failures.end()) co_return Err{failure->second};
        const auto known = answers.find({question.name, question.type});
        if (known != answers.end()) co_return known->second;
        dns::Answer nothing;
        nothing.security = secure;
        nothing.canonical_name = question.name;
        co_return nothing;
    }
    std::map<std::pair<std::string, Type>, dns::Answer> answers;
    std::map<std::pair<std::string, Type>, dns::Failure> failures;
};

/// Asks for a certificate of the hosts that the DNS vouches for, and says which it was asked about.
class ForSecureHosts final : public SecurityPolicy {
  public:
    explicit ForSecureHosts(std::string source) : source_(std::move(source)) {}
    std::string_view name() const noexcept override { return source_; }
    awaitable<std::unique_ptr<Assessment>> assess(
        const dns::Domain&, const DeliveryJob&, dns::Resolver&, Deadline
    ) override {
        co_return std::make_unique<View>(*this);
    }
    std::vector<MxHost> asked;

  private:
    struct View final : Assessment {
        explicit View(ForSecureHosts& policy) : owner(policy) {}
        awaitable<tls::TlsDemand> require(const MxHost& host, Deadline) override {
            owner.asked.push_back(host);
            if (!host.secure || !host.addresses_secure) co_return tls::TlsDemand{};
            co_return tls::TlsDemand{tls::TlsRequirement::verified({host.name}, owner.source_), {}};
        }
        ForSecureHosts& owner;
    };
    std::string source_;
};

/// A policy that is off.
struct Off final : SecurityPolicy {
    std::string_view name() const noexcept override { return "off"; }
    awaitable<std::unique_ptr<Assessment>> assess(
        const dns::Domain&, const DeliveryJob&, dns::Resolver&, Deadline
    ) override {
        co_return nullptr;
    }
};

awaitable<void> look(
    Zone& zone, const SecurityPolicies& policies, const DeliveryJob& job,
    std::optional<DomainSurvey>& into
) {
    const NextHopOptions options;
    into = co_await survey(zone, policies, job, options, Deadline::in(std::chrono::seconds(5)));
}

DomainSurvey survey_of(
    Zone& zone, const SecurityPolicies& policies, TlsWish tls_wish = TlsWish::standard
) {
    delivery::Message message = test::small_message();
    message.tls_wish = tls_wish;
    const auto job = test::job_for(std::move(message), {"a@rcpt.test"});
    std::optional<DomainSurvey> found;
    asio::io_context loop;
    test::run(loop, look(zone, policies, job, found));
    return *found;
}

Zone one_host() {
    Zone zone;
    zone.add("rcpt.test", {Type::mx, 10, "mx.test"});
    zone.add("mx.test", {Type::a, 0, "192.0.2.1"});
    return zone;
}

}  // namespace

TEST_CASE("a host is as secure as the weakest answer that led to it") {
    struct Case {
        const char* what;
        Security mx, v4, v6;
        bool host_secure, addresses_secure;
    };
    const Case cases[] = {
        {"all secure", secure, secure, secure, true, true},
        {"MX unsigned", insecure, secure, secure, false, true},
        {"one family unsigned", secure, secure, insecure, true, false},
        {"nobody has looked", Security::indeterminate, secure, secure, false, true},
        {"nobody has looked at addresses", secure, Security::indeterminate, secure, true, false},
    };
    for (const Case& each : cases) {
        CAPTURE(std::string(each.what));
        Zone zone;
        zone.add("rcpt.test", {Type::mx, 10, "mx.test"}, each.mx);
        zone.add("mx.test", {Type::a, 0, "192.0.2.1"}, each.v4);
        zone.add("mx.test", {Type::aaaa, 0, "2001:db8::1"}, each.v6);
        const auto found = survey_of(zone, {});
        REQUIRE(found.hosts.size() == 1);
        CHECK(found.hosts[0].host.secure == each.host_secure);
        CHECK(found.hosts[0].host.addresses_secure == each.addresses_secure);
    }
}

TEST_CASE("aliases of a host are known to the policies, and where they end") {
    Zone zone = one_host();
    zone.answers[{"mx.test", Type::a}].canonical_name = "real.test";
    zone.answers[{"mx.test", Type::aaaa}].canonical_name = "real.test";
    zone.answers[{"mx.test", Type::aaaa}].security = secure;
    const auto policy = std::make_shared<ForSecureHosts>("test");
    survey_of(zone, {policy});
    REQUIRE(policy->asked.size() == 1);
    CHECK(policy->asked[0].name == "mx.test");
    CHECK(policy->asked[0].expanded == "real.test");
    CHECK(policy->asked[0].mail_domain == "rcpt.test");
    CHECK_FALSE(policy->asked[0].implicit);
}

TEST_CASE("one family that DNSSEC refuses takes the host away, one that is merely silent does not"
) {
    Zone bogus = one_host();
    bogus.fail("mx.test", Type::aaaa, 6);  // DNSSEC Bogus
    const auto refused = survey_of(bogus, {});
    REQUIRE(refused.hosts.size() == 1);
    REQUIRE_FALSE(refused.hosts[0].addresses);
    CHECK(refused.hosts[0].addresses.error().verdict.status().text() == "4.4.3");
    CHECK(refused.hosts[0].addresses.error().failure->is_dnssec());

    Zone silent = one_host();
    silent.fail("mx.test", Type::aaaa);
    const auto found = survey_of(silent, {});
    REQUIRE(found.hosts[0].addresses);
    CHECK(found.hosts[0].host.addresses_secure);
}

TEST_CASE("each host has a plan of its own, by all policies and the message's wish") {
    Zone zone = one_host();
    zone.add("rcpt.test", {Type::mx, 20, "unsigned.test"});
    zone.add("rcpt.test", {Type::mx, 30, "gone.test"});
    zone.add("unsigned.test", {Type::a, 0, "192.0.2.2"}, insecure);
    const auto one = std::make_shared<ForSecureHosts>("one"),
               other = std::make_shared<ForSecureHosts>("other");
    const SecurityPolicies policies{one, std::make_shared<Off>(), other};
    const auto found = survey_of(zone, policies);
    REQUIRE(found.hosts.size() == 3);
    CHECK(found.hosts[0].plan.policy == "one, other");
    CHECK(found.hosts[0].plan.mode == TlsMode::required);
    CHECK_FALSE(found.hosts[0].plan.may_fall_back());
    CHECK(found.hosts[1].plan.policy.empty());
    CHECK(found.hosts[1].plan.may_fall_back());
    CHECK_FALSE(found.hosts[2].addresses);
    CHECK(one->asked.size() == 2);  // nobody asks about a host without addresses

    const auto with_requiretls = survey_of(zone, policies, TlsWish::required);
    CHECK_FALSE(with_requiretls.hosts[0].plan.refused);
    REQUIRE(with_requiretls.hosts[1].plan.refused);
    CHECK(with_requiretls.hosts[1].plan.refused->status().text() == "4.7.30");
    CHECK(survey_of(zone, policies, TlsWish::not_required).hosts[0].plan.may_fall_back());
}

TEST_CASE("a domain without hosts has a survey, too, and no policy is asked") {
    Zone zone;
    zone.fail("rcpt.test", Type::mx);
    const auto policy = std::make_shared<ForSecureHosts>("test");
    const auto found = survey_of(zone, {policy});
    REQUIRE_FALSE(found.hops);
    CHECK(found.hops.error().failure.has_value());
    CHECK(found.hosts.empty());
    CHECK(policy->asked.empty());
}
