// SPDX-License-Identifier: Apache-2.0
#include "policies/mta_sts/directory.hpp"

#include <doctest/doctest.h>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>

#include "policies/mta_sts/mta_sts.hpp"
#include "tests/support/memory_policy_store.hpp"
#include "tests/support/run.hpp"

using namespace outpost;
using namespace outpost::mta_sts;
using namespace std::chrono_literals;
using Kind = Trouble::Kind;

namespace {

/// Answers each TXT question alike.
class OneRecord final : public dns::Resolver {
  public:
    awaitable<Result<dns::Answer, dns::Failure>> query(dns::Question question, Deadline) override {
        asked.push_back(question.name);
        if (failing) co_return Err{dns::Failure{dns::Failure::Kind::servfail, "SERVFAIL"}};
        dns::Answer answer;
        if (!id.empty()) answer.records.push_back({dns::Type::txt, 0, "v=STSv1; id=" + id});
        co_return answer;
    }
    std::string id;
    bool failing = false;
    std::vector<std::string> asked;
};

/// Serves one policy to all, once it may.
class OnePolicy final : public Fetcher {
  public:
    awaitable<Result<Policy, Trouble>> fetch(std::string, Deadline) override {
        ++fetches;
        asio::steady_timer timer(co_await asio::this_coro::executor);
        while (held && !stopped) {
            timer.expires_after(1ms);
            co_await timer.async_wait(use_awaitable);
        }
        if (stopped) co_return Err{Trouble{Kind::cannot_fetch, "stopping"}};
        if (trouble) co_return Err{*trouble};
        co_return policy;
    }
    void stop() override { stopped = true; }

    Policy policy{Mode::enforce, 86400s, {"mx.example"}, "first"};
    std::optional<Trouble> trouble;
    int fetches = 0;
    bool held = false, stopped = false;
};

/// One node; several may share a store.
struct Node {
    explicit Node(asio::io_context& on, test::MemoryPolicyStore& store)
        : loop(on),
          directory(
              store, resolver, fetcher, tasks, on.get_executor(),
              FetchTimes{60s, 90s, 300s, std::chrono::milliseconds(2)}
          ) {}

    Standing ask(
        const std::string& domain = "rcpt.example", Deadline deadline = Deadline::in(20s)
    ) {
        return test::run(loop, directory.standing(domain, *resolver, deadline));
    }
    void sync() { test::run(loop, directory.sync_round()); }
    bool refresh() { return test::run(loop, directory.refresh_round()); }

    asio::io_context& loop;
    std::shared_ptr<OneRecord> resolver = std::make_shared<OneRecord>();
    std::shared_ptr<OnePolicy> fetcher = std::make_shared<OnePolicy>();
    TaskGroup tasks;
    Directory directory;
};

struct World {
    asio::io_context loop;
    test::MemoryPolicyStore store;
    Node node{loop, store};
    World() { node.sync(); }
};

std::string brief(const Standing& standing) {
    std::string out = standing.policy ? standing.policy->text
                                      : std::string(standing.unknown ? "unknown" : "nothing");
    if (standing.trouble) out += " " + std::string(text(standing.trouble->kind));
    return out;
}

void run_until(asio::io_context& loop, const std::function<bool()>& condition) {
    const auto limit = SteadyClock::now() + 20s;
    loop.restart();
    while (!condition()) {
        REQUIRE(SteadyClock::now() < limit);
        loop.run_one_for(100ms);
    }
}

}  // namespace

TEST_CASE_FIXTURE(World, "a domain without a record costs nothing but its lookup") {
    const int calls = store.calls;
    CHECK(brief(node.ask()) == "nothing");
    CHECK(node.resolver->asked == std::vector<std::string>{"_mta-sts.rcpt.example"});
    CHECK(store.calls == calls);
    CHECK(node.fetcher->fetches == 0);
}

TEST_CASE_FIXTURE(World, "a domain too long to have a record has none") {
    node.resolver->failing = true;
    const std::string label(61, 'a');
    const auto domain = label + "." + label + "." + label + "." + label;
    CHECK(brief(node.ask(domain)) == "nothing");
    CHECK(brief(node.ask(domain.substr(4))) == "unknown dns-lookup");
}

TEST_CASE_FIXTURE(World, "a policy is fetched once, and then known without the database") {
    node.resolver->id = "1";
    CHECK(brief(node.ask()) == "first");
    const int calls = store.calls;
    CHECK(brief(node.ask()) == "first");
    CHECK(node.fetcher->fetches == 1);
    CHECK(store.calls == calls);
    CHECK(store.at("rcpt.example").record_id == "1");
}

TEST_CASE_FIXTURE(
    World, "an enforced policy holds while DNS and HTTPS fail, until its time is over"
) {
    node.resolver->id = "1";
    node.ask();
    node.resolver->failing = true;
    CHECK(brief(node.ask()) == "first dns-lookup");
    node.resolver->failing = false;
    node.resolver->id = "";
    CHECK(brief(node.ask()) == "first no-mta-sts-record");
    node.resolver->id = "2";
    node.fetcher->trouble = Trouble{Kind::bad_certificate, "expired"};
    CHECK(brief(node.ask()) == "first certificate-not-trusted");
    CHECK(brief(node.ask()) == "first back-off-after-recent-fetch-error");
    store.clock += 2 * 86400s;
    CHECK(brief(node.ask()) == "nothing certificate-not-trusted");
    node.resolver->failing = true;
    CHECK(brief(node.ask()) == "unknown dns-lookup");
}

TEST_CASE_FIXTURE(World, "a new id brings the new policy, with its text") {
    node.resolver->id = "1";
    node.ask();
    node.resolver->id = "2";
    node.fetcher->policy.text = "second";
    node.fetcher->policy.mode = Mode::testing;
    CHECK(brief(node.ask()) == "second");
    CHECK(store.at("rcpt.example").record_id == "2");
    CHECK(store.at("rcpt.example").policy->mode == Mode::testing);
}

TEST_CASE_FIXTURE(World, "a failed fetch is remembered for a while, and stops no mail") {
    node.resolver->id = "1";
    node.fetcher->trouble = Trouble{Kind::no_policy_served, "404"};
    CHECK(brief(node.ask()) == "nothing no-policy-served");
    CHECK(brief(node.ask()) == "nothing back-off-after-recent-fetch-error");
    CHECK(node.fetcher->fetches == 1);
    store.clock += 301s;
    node.fetcher->trouble.reset();
    CHECK(brief(node.ask()) == "first");
    CHECK(node.fetcher->fetches == 2);
}

TEST_CASE_FIXTURE(World, "deliveries at the same time wait for one fetch") {
    node.resolver->id = "1";
    node.fetcher->held = true;
    int done = 0;
    for (int n = 0; n < 10; ++n) {
        asio::co_spawn(
            loop, node.directory.standing("rcpt.example", *node.resolver, Deadline::in(20s)),
            [&](std::exception_ptr error, const Standing& standing) {
                CHECK_FALSE(error);
                CHECK(brief(standing) == "first");
                ++done;
            }
        );
    }
    run_until(loop, [&] {
        return node.fetcher->fetches == 1 && node.resolver->asked.size() == 10;
    });
    node.fetcher->held = false;
    run_until(loop, [&] { return done == 10; });
    CHECK(node.fetcher->fetches == 1);
    CHECK(store.turns_asked == 1);
}

TEST_CASE_FIXTURE(World, "what another node fetches is waited for, and not fetched again") {
    node.resolver->id = "1";
    store.take_turn_elsewhere("rcpt.example");
    int done = 0;
    asio::co_spawn(
        loop, node.directory.standing("rcpt.example", *node.resolver, Deadline::in(20s)),
        [&](std::exception_ptr, const Standing& standing) {
            CHECK(brief(standing) == "theirs");
            ++done;
        }
    );
    run_until(loop, [&] { return store.turns_asked >= 3; });
    Entry entry;
    entry.record_id = "1";
    entry.policy = Policy{Mode::enforce, 60s, {"mx.example"}, "theirs"};
    entry.valid_until = store.clock + 60s;
    store.put("rcpt.example", entry);
    run_until(loop, [&] { return done == 1; });
    CHECK(node.fetcher->fetches == 0);
    CHECK(brief(node.ask()) == "theirs");
}

TEST_CASE_FIXTURE(World, "what others store is known here once it was told") {
    Entry entry;
    entry.record_id = "1";
    entry.policy = Policy{Mode::enforce, 60s, {"mx.example"}, "theirs"};
    entry.valid_until = store.clock + 60s;
    store.put("rcpt.example", entry);
    node.directory.changed("rcpt.example");
    node.sync();
    CHECK(brief(node.ask()) == "theirs no-mta-sts-record");

    test::run(loop, store.forget("rcpt.example"));
    node.directory.changed("");  // something may have been missed
    node.sync();
    CHECK(brief(node.ask()) == "nothing");
}

TEST_CASE_FIXTURE(
    World, "a stored policy that this node has not heard of holds, whatever failed since"
) {
    Entry entry;
    entry.record_id = "1";
    entry.policy = Policy{Mode::enforce, 60s, {"mx.example"}, "theirs"};
    entry.valid_until = store.clock + 60s;
    entry.setback = Setback{{Kind::cannot_fetch, "no answer"}, store.clock + 60s};
    store.put("rcpt.example", entry);
    node.resolver->id = "1";
    CHECK(brief(node.ask()) == "theirs cannot-fetch-policy");
    CHECK(node.fetcher->fetches == 0);
}

TEST_CASE_FIXTURE(World, "what others stored and is over does not keep this node from fetching") {
    Entry entry;
    entry.record_id = "1";
    entry.policy = Policy{Mode::enforce, 60s, {"mx.example"}, "theirs"};
    entry.valid_until = store.clock;
    entry.setback = Setback{{Kind::cannot_fetch, "no answer"}, store.clock};
    store.put("rcpt.example", entry);
    node.resolver->id = "1";
    CHECK(brief(node.ask()) == "first");
    CHECK(node.fetcher->fetches == 1);
}

TEST_CASE_FIXTURE(World, "a request to refresh is passed on when it is read") {
    bool told = false;
    node.directory.on_refresh_due([&] { told = true; });
    Entry entry;
    entry.refresh_is_due = true;
    store.put("rcpt.example", entry);
    node.directory.changed("rcpt.example");
    node.sync();
    CHECK(told);
}

TEST_CASE_FIXTURE(
    World, "a refresh gets the policy anew, forgets what asks for nothing and is gone"
) {
    node.resolver->id = "1";
    node.ask();
    CHECK_FALSE(node.refresh());

    node.fetcher->policy.text = "second";
    store.due = {"rcpt.example"};
    CHECK(node.refresh());
    CHECK(brief(node.ask()) == "second");

    node.resolver->id = "";
    store.due = {"rcpt.example"};
    CHECK(node.refresh());
    CHECK(brief(node.ask()) == "second no-mta-sts-record");

    node.resolver->id = "2";
    node.fetcher->policy.mode = Mode::none;
    node.ask();
    node.resolver->id = "";
    store.due = {"rcpt.example"};
    CHECK(node.refresh());
    CHECK_FALSE(store.has("rcpt.example"));
    CHECK(brief(node.ask()) == "nothing");
}

TEST_CASE_FIXTURE(World, "what is used is noted at the next upkeep, and only once") {
    node.resolver->id = "1";
    node.ask();
    node.ask();
    test::run(loop, node.directory.upkeep_round());
    CHECK(store.used == std::set<std::string>{"rcpt.example"});
    store.used.clear();
    test::run(loop, node.directory.upkeep_round());
    CHECK(store.used.empty());
}

TEST_CASE_FIXTURE(World, "while the database is away nothing new is taken for absent") {
    node.resolver->id = "1";
    node.ask();
    store.away = true;
    CHECK(brief(node.ask()) == "first");
    CHECK(brief(node.ask("other.example")) == "unknown");
    node.resolver->id = "2";
    CHECK(brief(node.ask()) == "first");

    node.directory.changed("rcpt.example");
    CHECK_THROWS(node.sync());
    store.away = false;
    Entry entry;
    entry.policy = Policy{Mode::testing, 60s, {"mx.example"}, "theirs"};
    entry.record_id = "2";
    entry.valid_until = store.clock + 60s;
    store.put("rcpt.example", entry);
    node.sync();  // what was not read the first time
    CHECK(brief(node.ask()) == "theirs");
}

TEST_CASE("a node that has read nothing yet asks the database for one domain") {
    asio::io_context loop;
    test::MemoryPolicyStore store;
    Entry entry;
    entry.policy = Policy{Mode::enforce, 60s, {"mx.example"}, "theirs"};
    entry.record_id = "1";
    entry.valid_until = store.clock + 60s;
    store.put("rcpt.example", entry);
    Node node(loop, store);
    CHECK(brief(node.ask()) == "theirs no-mta-sts-record");
}

TEST_CASE_FIXTURE(
    World, "a delivery whose time is up, or a server that stops, waits for no fetch"
) {
    node.resolver->id = "1";
    node.fetcher->held = true;
    CHECK(brief(node.ask("rcpt.example", Deadline::in(20ms))) == "unknown");
    CHECK(store.is_being_fetched("rcpt.example"));
    node.directory.stop();
    run_until(loop, [&] { return node.tasks.running() == 0; });
    CHECK_FALSE(store.is_being_fetched("rcpt.example"));
    CHECK_FALSE(store.has("rcpt.example"));
    CHECK(brief(node.ask()) == "unknown");
}

TEST_CASE_FIXTURE(World, "a route's mode comes first, and off asks nobody") {
    node.resolver->id = "1";
    const auto policy = make_policy(node.directory, delivery::PolicyMode::enforce);
    CHECK(policy->name() == "mta-sts");
    const auto domain = dns::Domain::parse("rcpt.example").value();
    delivery::DeliveryJob job;
    delivery::MxHost other;
    other.name = "mx.evil.example";
    const auto demand = [&] {
        auto view = test::run(loop, policy->assess(domain, job, *node.resolver, Deadline::in(20s)));
        REQUIRE(view);
        CHECK(view->of_domain()->policy.type == tlsrpt::PolicyType::sts);
        CHECK_FALSE(view->of_host(other));
        return test::run(loop, view->require(other, Deadline::in(20s)));
    };
    CHECK(demand().enforced.forbidden.size() == 1);
    job.policies.set("mta_sts", delivery::PolicyMode::watch);
    CHECK(demand().enforced.forbidden.empty());
    CHECK(demand().watched.forbidden.size() == 1);

    const auto asked = node.resolver->asked.size();
    job.policies.set("mta_sts", delivery::PolicyMode::off);
    CHECK_FALSE(test::run(loop, policy->assess(domain, job, *node.resolver, Deadline::in(20s))));
    CHECK(node.resolver->asked.size() == asked);
}
