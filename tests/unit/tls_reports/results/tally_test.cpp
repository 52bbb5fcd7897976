// SPDX-License-Identifier: Apache-2.0
#include "core/tls_reports/results/tally.hpp"

#include <doctest/doctest.h>

#include "core/tls_reports/results/ability_news.hpp"
#include "tests/unit/tls_reports/results/samples.hpp"

using namespace outpost;
using namespace outpost::tls_results;
using namespace outpost::test;
using namespace std::chrono_literals;

namespace {

Tally tally_of(const std::vector<Learned>& all) {
    Tally tally({});
    for (const Learned& one : all) {
        tally.add_results(one);
        tally.add_abilities(one);
    }
    return tally;
}

}  // namespace

TEST_CASE("results of a day, a domain and a policy are summed, those of the next day apart") {
    auto tally = tally_of({
        learned({sts("example.org", 1, {expired()})}),
        learned({sts("example.org", 1, {expired()})}, {}, noon + 11h),
        learned({sts("example.org", 1)}, {}, noon + 12h),
        learned({sts("example.org", 1)}, {}, noon, "other.example"),
    });
    const Batch batch = tally.take(10);
    REQUIRE(batch.results.size() == 3);
    CHECK(batch.results[0].second.successes == 2);
    CHECK(batch.results[0].second.details.at(0).sessions == 2);
    CHECK(batch.results[1].first.day == batch.results[0].first.day + std::chrono::days(1));
    CHECK(batch.results[2].first.recipient_domain == "other.example");
    CHECK(tally.empty());
}

TEST_CASE("one message that is no TLS report is a reason for a report") {
    Learned report = learned({sts("example.org", 1)});
    report.causes_report = false;
    CHECK_FALSE(tally_of({report}).take(1).results.at(0).second.send_report);
    auto both = tally_of({report, learned({sts("example.org", 1)}), report});
    CHECK(both.take(1).results.at(0).second.send_report);
}

TEST_CASE("strangers' text is made fit for the database") {
    auto result =
        sts("example.org", 1, {expired(std::string("hi\0\xff", 4) + std::string(5000, 'x'))});
    result.policy.strings.push_back("mx: \x80");
    const Batch batch = tally_of({learned({result})}).take(1);
    const auto& [key, sum] = batch.results.at(0);
    CHECK(key.policy.strings.back() == "mx: ?");
    CHECK(sum.details.at(0).receiving_mx_helo.substr(0, 5) == "hi??x");
    CHECK(sum.details.at(0).receiving_mx_helo.size() <= 200);
}

TEST_CASE("a server with a new name in each session does not fill the memory") {
    Tally tally({});
    for (int i = 0; i < 1000; ++i)
        tally.add_results(learned({sts("example.org", 1, {expired("name " + std::to_string(i))})}));
    const Batch batch = tally.take(1);
    const auto& details = batch.results.at(0).second.details;
    CHECK(details.size() == 101);
    std::int64_t sessions = 0;
    for (const auto& detail : details)
        sessions += detail.sessions;
    CHECK(sessions == 1000);
}

TEST_CASE("beyond its bounds a tally lets go of the oldest") {
    Tally tally({.result_octets = 10'000, .ability_octets = 10'000});
    for (int i = 0; i < 100; ++i)
        tally.add_results(learned({sts("example.org", 1)}, {}, noon, std::to_string(i) + ".example")
        );
    CHECK(tally.lost() > 50);
    const Batch kept = tally.take(1000);
    CHECK(kept.results.size() + tally.lost() == 100);
    CHECK(kept.results.back().first.recipient_domain == "99.example");
}

TEST_CASE("a domain can do what the newest attempt saw; what that could not see stays") {
    delivery::DomainAbilities with_dane;
    with_dane.starttls = false;
    with_dane.policies["dane"] = true;
    auto tally = tally_of({
        learned({}, starttls(true), noon + 2s),
        learned({}, with_dane, noon + 1s),
    });
    const Batch batch = tally.take(1);
    const Abilities& known = batch.abilities.at(0).second;
    CHECK(known.abilities.starttls == true);
    CHECK(known.abilities.policy("dane") == true);
    CHECK(known.at == noon + 2s);
}

TEST_CASE("what a domain can do is news when it changed, or was told an hour ago") {
    AbilityNews news(100);
    CHECK_FALSE(news.is_news(learned({}, {})));
    CHECK(news.is_news(learned({}, starttls(true))));
    CHECK_FALSE(news.is_news(learned({}, starttls(true), noon + 59min)));
    CHECK(news.is_news(learned({}, starttls(true), noon + 60min)));
    CHECK(news.is_news(learned({}, starttls(false), noon + 61min)));
    Learned of_another = learned({}, starttls(false), noon + 62min);
    of_another.account = "other";
    CHECK(news.is_news(of_another));
}
