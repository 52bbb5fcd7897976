// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/dispatch/dispatcher.hpp"

#include <doctest/doctest.h>

#include <asio/co_spawn.hpp>
#include <asio/use_future.hpp>

#include <chrono>
#include <mutex>
#include <set>
#include <thread>

#include "tests/support/memory_limit_store.hpp"
#include "tests/support/memory_queue_store.hpp"
#include "tests/support/memory_suppressions.hpp"
#include "tests/unit/delivery/dispatch/fixtures.hpp"

using namespace outpost;
using namespace outpost::dispatch;
using namespace std::chrono_literals;
using delivery::DeliveryOutcome;
using delivery::ErrorKind;
using delivery::Stage;
using delivery::Verdict;
using queue::RecipientState;

namespace {

class FakeResolver final : public dns::Resolver {
  public:
    std::map<std::string, std::string> mx;
    std::string broken;  ///< a domain whose lookups fail for now

    awaitable<Result<dns::Answer, dns::Failure>> query(dns::Question question, Deadline) override {
        dns::Answer answer;
        if (question.name == broken) co_return Err{dns::Failure{}};
        const auto found = mx.find(question.name);
        if (found != mx.end()) answer.records.push_back({dns::Type::mx, 10, found->second});
        co_return answer;
    }
};

class NoDialer final : public net::Dialer {
  public:
    awaitable<net::StreamPtr> dial(const net::Endpoint&, Deadline) override {
        throw std::runtime_error("no network");
    }
    awaitable<net::StreamPtr> dial_unix(const std::string&, Deadline) override {
        throw std::runtime_error("no network");
    }
};

/// A node with a queue in memory, two loops and the fake transports "direct" and "relay".
class Node {
  public:
    Node() {
        snapshot->version = "v1";
        snapshot->ehlo_name = "mail.sender.example";
        snapshot->transports["direct"] = {direct, 0};
        snapshot->transports["relay"] = {relay, 0};
        settings.poll_interval = 1s;
        loops.start();
    }
    ~Node() {
        if (dispatcher) drain(5s);
        loops.stop();
    }

    void start() {
        dispatcher = std::make_unique<Dispatcher>(
            Services{loops, store, limits, suppressions, resolver, dialer, metrics}, settings,
            snapshot,
            Listeners{
                [this] { ++reports; },
                [this](const delivery::Learned& one) {
                    const std::lock_guard lock(learning);
                    learned.push_back(one);
                }
            }
        );
        dispatcher->start();
    }

    MessageId enqueue(
        const std::vector<std::string>& recipients,
        std::function<void(queue::NewMessage&)> change = {}
    ) {
        queue::NewMessage made;
        made.mail_from = test::address("alice@sender.example");
        for (const auto& recipient : recipients)
            made.recipients.push_back({test::address(recipient), {}, {}});
        made.content = std::make_shared<mail::Content>(
            "X-Kind: urgent\r\n\r\n", std::vector<std::string>{"hello\r\n"}
        );
        made.id = MessageId{next_id++};
        if (change) change(made);
        const auto id = made.id;
        await(store.enqueue(std::move(made)));
        if (dispatcher) dispatcher->wake();
        return id;
    }

    template <class T>
    T await(awaitable<T> task) {
        return asio::co_spawn(loops.at(0), std::move(task), asio::use_future).get();
    }
    void drain(Duration span) { await(dispatcher->drain(Deadline::in(span))); }

    /// The settlements of one recipient, once there are `count` of them.
    std::vector<queue::Settled> settled(
        MessageId id, std::int32_t number = 1, std::size_t count = 1
    ) {
        std::vector<queue::Settled> mine;
        until([&] {
            mine.clear();
            for (const auto& [outcome, recorded] : store.settled()) {
                if (outcome.key == RecipientKey{id, number}) mine.push_back(outcome);
            }
            return mine.size() >= count;
        });
        return mine;
    }
    RecipientState state(MessageId id, std::int32_t number = 1) {
        return store.row({id, number}).state;
    }

    static void until(const std::function<bool()>& condition) {
        const auto limit = SteadyClock::now() + 20s;
        while (!condition()) {
            REQUIRE(SteadyClock::now() < limit);
            std::this_thread::sleep_for(2ms);
        }
    }

    EventLoops loops{2};
    test::MemoryQueueStore store;
    test::MemoryLimitStore limits;
    test::MemorySuppressions suppressions;
    FakeResolver resolver;
    NoDialer dialer;
    Settings settings;
    std::shared_ptr<Snapshot> snapshot = std::make_shared<Snapshot>();
    std::shared_ptr<test::FakeTransport> direct = std::make_shared<test::FakeTransport>();
    std::shared_ptr<test::FakeTransport> relay =
        std::make_shared<test::FakeTransport>(false, false);
    std::atomic<int> reports{0};
    std::int64_t next_id = 1;
    metrics::Registry metrics;
    std::mutex learning;
    std::vector<delivery::Learned> learned;
    std::unique_ptr<Dispatcher> dispatcher;
};

test::FakeTransport::Script answer(Verdict verdict, bool unreachable = false) {
    struct Fixed {
        static awaitable<DeliveryOutcome> give(DeliveryOutcome outcome) { co_return outcome; }
    };
    return [verdict, unreachable](const delivery::DeliveryJob& job, delivery::AttemptContext&) {
        return Fixed::give(DeliveryOutcome::all(job, verdict, unreachable));
    };
}

awaitable<DeliveryOutcome> deliver_to(const delivery::DeliveryJob& job) {
    co_return DeliveryOutcome::all(job, Verdict::delivered("ok"));
}

Verdict connection_refused() {
    return Verdict::deferred(Stage::connect, ErrorKind::connect, {4, 4, 1}, "connection refused");
}

/// Waits at the latch, then asks the gate for the first recipient, then delivers if it may.
awaitable<DeliveryOutcome> wait_then_finish(
    const delivery::DeliveryJob& job, delivery::AttemptContext& context,
    std::shared_ptr<test::Latch> latch
) {
    context.gate.reached(Stage::data);
    co_await latch->wait();
    const std::vector<std::int32_t> numbers{job.recipients.front().number};
    if (co_await context.gate.may_finish(numbers))
        co_return DeliveryOutcome::all(job, Verdict::delivered("ok"));
    co_return DeliveryOutcome::all(
        job, Verdict::deferred(Stage::data, ErrorKind::local, {4, 3, 0}, "stopped before the dot")
    );
}

awaitable<DeliveryOutcome> loses_the_last_reply(
    const delivery::DeliveryJob& job, delivery::AttemptContext& context
) {
    const std::vector<std::int32_t> numbers{job.recipients.front().number};
    REQUIRE(co_await context.gate.may_finish(numbers));
    co_return DeliveryOutcome::all(
        job, Verdict::deferred(Stage::final_dot, ErrorKind::connect, {4, 4, 2}, "connection lost")
    );
}

test::FakeTransport::Script waits_at(std::shared_ptr<test::Latch> latch) {
    return [latch](const delivery::DeliveryJob& job, delivery::AttemptContext& context) {
        return wait_then_finish(job, context, latch);
    };
}

/// What an attempt of direct delivery that met an expired certificate has learned.
std::shared_ptr<const delivery::SecurityEvidence> expired_certificate() {
    auto made = std::make_shared<delivery::SecurityEvidence>();
    made->domain = "example.org";
    made->abilities.starttls = true;
    tlsrpt::Result& result = made->results.emplace_back();
    result.policy.domain = "example.org";
    result.details.push_back(tlsrpt::detail(tlsrpt::ResultType::certificate_expired, "", 1));
    return made;
}

test::FakeTransport::Script learns(std::shared_ptr<const delivery::SecurityEvidence> evidence) {
    struct Fixed {
        static awaitable<DeliveryOutcome> give(DeliveryOutcome outcome) { co_return outcome; }
    };
    return [evidence](const delivery::DeliveryJob& job, delivery::AttemptContext&) {
        auto outcome = DeliveryOutcome::all(job, Verdict::delivered("ok"));
        outcome.evidence = evidence;
        return Fixed::give(std::move(outcome));
    };
}

route::Route route_to(std::vector<std::string> transports) {
    route::Route made;
    made.name = "test";
    made.transports = std::move(transports);
    return made;
}

}  // namespace

TEST_CASE("a recipient is claimed, attempted and recorded with all that explains it") {
    Node node;
    node.snapshot->global_routes = {route_to({"relay"})};
    node.start();
    const auto id = node.enqueue({"bob@example.org"});
    const auto settled = node.settled(id).front();
    CHECK(settled.state == RecipientState::delivered);
    CHECK(settled.transport == "relay");
    CHECK(settled.route_list == "global");
    CHECK(settled.route_index == 1);
    CHECK(settled.route_name == "test");
    CHECK(settled.route_reason.find("relay") != std::string::npos);
    CHECK(settled.config_version == "v1");
    CHECK(settled.attempt == 1);
    CHECK(settled.transcript.empty());
}

TEST_CASE("what nobody gave notice of is found all the same") {
    Node node;
    node.start();
    node.enqueue({"first@example.org"});
    node.settled(MessageId{1});
    auto unwoken = std::move(node.dispatcher);  // a message comes in, the notice of it is lost
    const auto id = node.enqueue({"bob@example.org"});
    node.settled(id);
    CHECK(node.state(id) == RecipientState::delivered);
    node.dispatcher = std::move(unwoken);
}

TEST_CASE("a destination that never answers delays nobody else") {
    Node node;
    node.settings.per_destination = 2;
    auto latch = std::make_shared<test::Latch>();
    node.direct->script("slow.example", waits_at(latch));
    node.start();
    std::vector<MessageId> slow;
    for (int i = 0; i < 10; ++i)
        slow.push_back(node.enqueue({"bob@slow.example"}));
    const auto quick = node.enqueue({"bob@quick.example"});
    CHECK(node.settled(quick).front().state == RecipientState::delivered);
    for (const auto id : slow)
        CHECK(node.state(id) == RecipientState::leased);
    latch->open();
    for (const auto id : slow)
        CHECK(node.settled(id).front().state == RecipientState::delivered);
    CHECK(node.direct->most_at_once() <= 3);
}

TEST_CASE("no more deliveries run at once than the node's limit") {
    Node node;
    node.settings.max_in_flight = 3;
    auto latch = std::make_shared<test::Latch>();
    for (const auto* domain : {"a.example", "b.example"})
        node.direct->script(domain, waits_at(latch));
    node.start();
    std::vector<MessageId> all;
    for (int i = 0; i < 10; ++i)
        all.push_back(node.enqueue({i % 2 == 0 ? "x@a.example" : "x@b.example"}));
    Node::until([&] { return node.direct->calls() == 3; });
    latch->open();
    for (const auto id : all)
        node.settled(id);
    CHECK(node.direct->most_at_once() == 3);
}

TEST_CASE("a transport that reaches nothing is followed by the next one in the same attempt") {
    Node node;
    node.snapshot->global_routes = {route_to({"direct", "relay"})};
    node.direct->script("example.org", answer(connection_refused(), true));
    node.start();
    const auto settled = node.settled(node.enqueue({"bob@example.org"})).front();
    CHECK(settled.state == RecipientState::delivered);
    CHECK(settled.transport == "relay");
    CHECK(settled.attempt == 1);
    CHECK(node.direct->calls() == 1);
}

TEST_CASE("a refusal is no reason to try the next transport") {
    Node node;
    node.snapshot->global_routes = {route_to({"direct", "relay"})};
    node.direct->script(
        "example.org", answer(Verdict::from_reply(Stage::rcpt, {450, std::nullopt, {"later"}}))
    );
    node.start();
    const auto settled = node.settled(node.enqueue({"bob@example.org"})).front();
    CHECK(settled.state == RecipientState::queued);
    CHECK(settled.transport == "direct");
    CHECK(node.relay->calls() == 0);
}

TEST_CASE("the route is chosen anew at each attempt") {
    Node node;
    auto later = route_to({"relay"});
    later.min_attempts = 1;
    node.snapshot->global_routes = {later};
    node.snapshot->retry.first = 1s;
    node.snapshot->retry.jitter = 0;
    node.direct->script("example.org", answer(connection_refused(), true));
    node.start();
    const auto settled = node.settled(node.enqueue({"bob@example.org"}), 1, 2);
    CHECK(settled[0].transport == "direct");
    CHECK(settled[0].state == RecipientState::queued);
    CHECK_FALSE(settled[0].transcript.empty());
    CHECK(settled[1].transport == "relay");
    CHECK(settled[1].attempt == 2);
    CHECK(settled[1].state == RecipientState::delivered);
}

TEST_CASE("routes that ask for MX hosts or header fields get them") {
    Node node;
    auto by_mx = route_to({"relay"});
    by_mx.mx_suffixes = {route::DomainPattern::parse(".provider.example").value()};
    auto by_header = route_to({"relay"});
    by_header.header = route::HeaderCondition{"X-Kind", "urgent"};
    node.resolver.mx["hosted.example"] = "mx1.provider.example";
    SUBCASE("MX host") {
        node.snapshot->global_routes = {by_mx};
        node.start();
        const auto id = node.enqueue({"bob@hosted.example", "bob@own.example"});
        CHECK(node.settled(id, 1).front().transport == "relay");
        CHECK(node.settled(id, 2).front().transport == "direct");
    }
    SUBCASE("MX hosts that cannot be looked up: mail waits, and goes no other way") {
        node.resolver.broken = "hosted.example";
        node.snapshot->global_routes = {by_mx, route_to({"direct"})};
        node.start();
        const auto settled = node.settled(node.enqueue({"bob@hosted.example"})).front();
        CHECK(settled.state == RecipientState::queued);
        CHECK(settled.verdict.status().text() == "4.4.3");
        CHECK(settled.attempt == 1);
        CHECK(node.direct->calls() + node.relay->calls() == 0);
    }
    SUBCASE("header") {
        node.snapshot->global_routes = {by_header};
        node.start();
        CHECK(node.settled(node.enqueue({"bob@own.example"})).front().transport == "relay");
    }
}

TEST_CASE("an operator's transport goes before the routes; an unknown one defers with the reason") {
    Node node;
    node.snapshot->global_routes = {route_to({"direct"})};
    const auto wanted = node.enqueue({"a@example.org"});
    const auto unknown = node.enqueue({"b@example.org"});
    node.store.edit({wanted, 1}, [](auto& row) { row.transport_override = "relay"; });
    node.store.edit({unknown, 1}, [](auto& row) { row.transport_override = "gone"; });
    node.start();
    CHECK(node.settled(wanted).front().transport == "relay");
    CHECK(node.settled(wanted).front().route_list == "override");
    const auto settled = node.settled(unknown).front();
    CHECK(settled.state == RecipientState::queued);
    CHECK(settled.verdict.error_kind() == ErrorKind::config);
    CHECK(settled.verdict.words().find("'gone'") != std::string::npos);
}

TEST_CASE("REQUIRETLS never goes to a transport that cannot assure it") {
    Node node;
    const auto require_tls = [](queue::NewMessage& message) {
        message.tls_wish = delivery::TlsWish::required;
    };
    SUBCASE("no other transport: refused for good") {
        node.snapshot->global_routes = {route_to({"relay"})};
        node.start();
        const auto settled = node.settled(node.enqueue({"bob@example.org"}, require_tls)).front();
        CHECK(settled.state == RecipientState::failed);
        CHECK(settled.verdict.status().text() == "5.7.30");
        Node::until([&] { return node.reports == 1; });
    }
    SUBCASE("the other one cannot be reached: waits for it") {
        node.snapshot->global_routes = {route_to({"direct", "relay"})};
        node.direct->script("example.org", answer(connection_refused(), true));
        node.start();
        const auto settled = node.settled(node.enqueue({"bob@example.org"}, require_tls)).front();
        CHECK(settled.state == RecipientState::queued);
        CHECK(settled.transport == "direct");
    }
    CHECK(node.relay->calls() == 0);
}

TEST_CASE("a wish for TLS that is changed holds for what waits on the node, not for what has begun"
) {
    Node node;
    node.settings.per_destination = 1;
    node.direct->reads_late = true;  // the envelope is used as it was claimed
    test::Latch latch;
    std::mutex mutex;
    std::map<MessageId, delivery::TlsWish> seen;
    node.direct->script(
        "example.org",
        [&](const delivery::DeliveryJob& job,
            delivery::AttemptContext&) -> awaitable<DeliveryOutcome> {
            {
                const std::lock_guard lock(mutex);
                seen[job.message->id] = job.message->tls_wish;
            }
            co_await latch.wait();
            co_return DeliveryOutcome::all(job, Verdict::delivered("taken"));
        }
    );
    node.start();
    const auto begun = node.enqueue({"a@example.org"});
    Node::until([&] { return node.direct->calls() == 1; });
    const auto waiting = node.enqueue({"b@example.org"}), other = node.enqueue({"c@example.org"});
    Node::until([&] { return node.dispatcher->held() == 3; });
    for (const auto id : {begun, waiting}) {
        node.dispatcher->tls_changed({id, delivery::TlsWish::not_required});
        node.dispatcher->tls_changed({id, delivery::TlsWish::required});
    }
    latch.open();
    for (const auto id : {begun, waiting, other})
        node.settled(id);
    const std::lock_guard lock(mutex);
    CHECK(seen.at(begun) == delivery::TlsWish::standard);
    CHECK(seen.at(waiting) == delivery::TlsWish::required);
    CHECK(seen.at(other) == delivery::TlsWish::standard);
}

TEST_CASE("a wish that is changed while its message is being claimed is not missed") {
    TlsWishes wishes;
    const auto now = SteadyClock::now();
    const auto message = test::message(7);
    DeliveryRequest request{{}, nullptr, nullptr, {}};
    request.claims = {
        test::claimed(message, 1, "a@b.example"), test::claimed(message, 2, "c@b.example")
    };
    wishes.put_on(request);
    CHECK(request.claims[0].envelope == message);
    wishes.note({MessageId{7}, delivery::TlsWish::required}, now);
    wishes.note({MessageId{8}, delivery::TlsWish::not_required}, now);
    wishes.put_on(request);
    for (const auto& claim : request.claims)
        CHECK(claim.envelope->tls_wish == delivery::TlsWish::required);
    CHECK(message->tls_wish == delivery::TlsWish::standard);  // others hold it too
    wishes.sweep(now + 1min);
    CHECK_FALSE(wishes.empty());
    wishes.sweep(now + 3min);
    CHECK(wishes.empty());
}

TEST_CASE("a faulty transport defers, and the node lives on") {
    Node node;
    node.direct->script(
        "throws.example",
        [](const delivery::DeliveryJob&, delivery::AttemptContext&) -> awaitable<DeliveryOutcome> {
            throw std::runtime_error("oops");
            co_return DeliveryOutcome{};
        }
    );
    node.direct->script(
        "short.example",
        [](const delivery::DeliveryJob&, delivery::AttemptContext&) -> awaitable<DeliveryOutcome> {
            co_return DeliveryOutcome{};
        }
    );
    node.start();
    for (const auto* to : {"a@throws.example", "a@short.example"}) {
        const auto settled = node.settled(node.enqueue({to})).front();
        CHECK(settled.state == RecipientState::queued);
        CHECK(settled.verdict.error_kind() == ErrorKind::local);
    }
    CHECK(
        node.settled(node.enqueue({"a@fine.example"})).front().state == RecipientState::delivered
    );
}

TEST_CASE("one recipient's refusal does not decide another's fate") {
    Node node;
    node.direct->script(
        "example.org",
        [](const delivery::DeliveryJob& job,
           delivery::AttemptContext&) -> awaitable<DeliveryOutcome> {
            auto outcome = DeliveryOutcome::all(job, Verdict::delivered("ok"));
            outcome.verdicts[1] =
                Verdict::from_reply(Stage::rcpt, {550, std::nullopt, {"no such user"}});
            co_return outcome;
        }
    );
    node.start();
    const auto id = node.enqueue({"a@example.org", "b@example.org", "c@example.org"});
    CHECK(node.settled(id, 1).front().state == RecipientState::delivered);
    CHECK(node.settled(id, 2).front().state == RecipientState::failed);
    CHECK(node.settled(id, 3).front().state == RecipientState::delivered);
    CHECK(node.direct->calls() == 1);
}

TEST_CASE("each recipient's delivery says his return path, and his sender to those who ask") {
    Node node;
    node.snapshot->return_paths = {dns::Domain::parse("bounces.example").value(), Secret("key")};
    std::mutex mutex;
    std::vector<std::pair<mail::Address, mail::Address>> seen;
    node.direct->script("example.org", [&](const delivery::DeliveryJob& job, auto&) {
        const std::lock_guard lock(mutex);
        seen.emplace_back(job.reverse_path(), job.message->mail_from);
        return deliver_to(job);
    });
    node.start();
    const auto id = node.enqueue({"bob@example.org", "eve@example.org"});
    node.settled(id, 1);
    node.settled(id, 2);
    const auto report = node.enqueue({"bob@example.org"}, [](queue::NewMessage& made) {
        made.mail_from = mail::Address();
    });
    node.settled(report);
    REQUIRE(seen.size() == 3);
    std::set<RecipientKey> named;
    for (std::size_t i = 0; i < 2; ++i) {
        CHECK(seen[i].second == test::address("alice@sender.example"));
        const auto whom = node.snapshot->return_paths->recipient_of(seen[i].first);
        REQUIRE(whom);
        named.insert(*whom);
    }
    CHECK(named == std::set<RecipientKey>{{id, 1}, {id, 2}});
    CHECK(seen[2].first.is_null());
}

TEST_CASE("who is suppressed fails without a delivery, whichever recipient he is") {
    Node node;
    node.suppressions.add(test::address("eve@example.org"), "550 5.1.1 no such user");
    node.suppressions.add(test::address("old@example.org"), "over");
    node.suppressions.end(test::address("old@example.org"));
    node.start();
    const auto id = node.enqueue({"bob@example.org", "E.ve+list@example.org", "old@example.org"});
    for (const std::int32_t number : {1, 3})
        CHECK(node.settled(id, number).front().state == RecipientState::delivered);
    const auto refused = node.settled(id, 2).front();
    CHECK(refused.state == RecipientState::failed);
    CHECK(refused.report == queue::Report::failed);
    CHECK(refused.verdict.status().text() == "5.7.1");
    CHECK(refused.verdict.words().find("550 5.1.1 no such user") != std::string::npos);
    CHECK_FALSE(refused.suppress_for);
    CHECK(node.direct->calls() == 1);

    const auto alone = node.enqueue({"eve@example.org"});
    CHECK(node.settled(alone).front().state == RecipientState::failed);
    CHECK(node.direct->calls() == 1);
}

TEST_CASE("the database is not asked about recipients that cannot be suppressed") {
    Node node;
    node.suppressions.add(test::address("eve@example.org"), "gone");
    node.start();
    node.settled(node.enqueue({"bob@example.org"}));
    CHECK(node.suppressions.questions == 0);
}

TEST_CASE("a server that refuses the mailbox suppresses it; nothing else does") {
    Node node;
    node.snapshot->suppress_for = std::chrono::hours(24);
    node.snapshot->global_routes = {route_to({"direct"})};
    const auto refuses = [](Stage stage, int code, std::optional<smtp::EnhancedStatus> status) {
        smtp::Reply reply{code, status, {"no"}};
        auto verdict = Verdict::from_reply(stage, reply);
        verdict.remote = std::make_shared<delivery::RemoteFacts>();
        return answer(verdict);
    };
    const smtp::EnhancedStatus no_user{5, 1, 1}, policy{5, 7, 1};
    node.direct->script("gone.example", refuses(Stage::rcpt, 550, no_user));
    node.direct->script("bare.example", refuses(Stage::rcpt, 550, std::nullopt));
    node.direct->script("late.example", refuses(Stage::done, 550, std::nullopt));
    node.direct->script("policy.example", refuses(Stage::rcpt, 550, policy));
    node.direct->script("sender.example", refuses(Stage::mail, 550, no_user));
    node.direct->script("later.example", refuses(Stage::rcpt, 450, smtp::EnhancedStatus{4, 1, 1}));
    node.direct->script(
        "ours.example",
        answer(Verdict::failed(Stage::route, ErrorKind::policy, no_user, "as configured"))
    );
    node.start();
    const auto suppresses = [&](const char* domain) {
        const auto id = node.enqueue({std::string("someone@") + domain});
        return node.settled(id).front().suppress_for.has_value();
    };
    CHECK(suppresses("gone.example"));
    CHECK(suppresses("bare.example"));
    for (const char* not_this :
         {"late.example", "policy.example", "sender.example", "later.example", "ours.example"}) {
        CAPTURE(not_this);
        CHECK_FALSE(suppresses(not_this));
    }
}

TEST_CASE("a relay's bare refusal is no reason to suppress, nor is any where that is not wanted") {
    const auto refusal = [](std::optional<smtp::EnhancedStatus> status) {
        auto verdict = Verdict::from_reply(Stage::rcpt, smtp::Reply{550, status, {"no"}});
        verdict.remote = std::make_shared<delivery::RemoteFacts>();
        return answer(verdict);
    };
    for (const bool wanted : {true, false}) {
        Node node;
        if (wanted) node.snapshot->suppress_for = std::chrono::hours(24);
        node.snapshot->global_routes = {route_to({"relay"})};
        node.relay->script("bare.example", refusal(std::nullopt));
        node.relay->script("gone.example", refusal(smtp::EnhancedStatus{5, 1, 1}));
        node.start();
        const auto bare = node.enqueue({"someone@bare.example"});
        CHECK_FALSE(node.settled(bare).front().suppress_for);
        const auto gone = node.enqueue({"someone@gone.example"});
        CHECK(node.settled(gone).front().suppress_for.has_value() == wanted);
    }
}

TEST_CASE("the route says what becomes of an unknown outcome, before the dot and after it") {
    const std::pair<route::OnUncertain, RecipientState> table[] = {
        {route::OnUncertain::resend, RecipientState::queued},
        {route::OnUncertain::hold, RecipientState::held},
        {route::OnUncertain::assume_delivered, RecipientState::delivered},
    };
    for (const auto& [policy, state] : table) {
        CAPTURE(std::string(route::text(policy)));
        Node node;
        auto chosen = route_to({"direct"});
        chosen.on_uncertain = policy;
        node.snapshot->global_routes = {chosen};
        node.direct->script("example.org", loses_the_last_reply);
        node.start();
        const auto id = node.enqueue({"bob@example.org"});
        const auto settled = node.settled(id).front();
        CHECK(settled.uncertain);
        CHECK(settled.state == state);
        CHECK(node.store.row({id, 1}).on_uncertain == route::text(policy));
    }
}

TEST_CASE("a lost lease stops the delivery before its final dot") {
    Node node;
    auto latch = std::make_shared<test::Latch>();
    node.direct->script("example.org", waits_at(latch));
    node.start();
    const auto id = node.enqueue({"bob@example.org"});
    Node::until([&] { return node.direct->calls() == 1; });
    node.store.edit({id, 1}, [](auto& row) { row.token = LeaseToken{999}; });  // another node's now
    latch->open();
    Node::until([&] { return node.dispatcher->held() == 0; });
    CHECK(node.state(id) == RecipientState::leased);
    CHECK_FALSE(node.store.row({id, 1}).dot_sent);
    CHECK(node.store.settled().empty());
}

TEST_CASE("of two suspects, the one who waits for his turn is not noted as begun") {
    Node node;
    auto latch = std::make_shared<test::Latch>();
    node.direct->script("suspect.example", waits_at(latch));
    const auto interrupted = [&](std::string to, int crashes) {
        const auto id = node.enqueue({std::move(to)});
        node.store.edit({id, 1}, [crashes](auto& row) {
            row.interrupted = true;
            row.crashes = crashes;
        });
        return id;
    };
    const auto one = interrupted("a@suspect.example", 2);
    const auto other = interrupted("b@suspect.example", 2);
    const auto witness = interrupted("c@example.org", 1);
    const auto begun = [&](MessageId id) { return node.store.row({id, 1}).noted_begun; };
    node.start();
    // No suspect: he need not wait, and is noted before his attempt, too.
    CHECK(node.settled(witness).front().state == RecipientState::delivered);
    CHECK(begun(witness));
    Node::until([&] { return node.direct->calls() == 2; });
    const bool first_is_one = begun(one);
    CHECK(first_is_one != begun(other));
    CHECK(node.state(first_is_one ? other : one) == RecipientState::leased);
    latch->open();
    for (const auto id : {one, other}) {
        CHECK(node.settled(id).front().state == RecipientState::delivered);
        CHECK(begun(id));
    }
}

TEST_CASE("what waits for a dead destination is deferred without a connection of its own") {
    Node node;
    node.settings.per_destination = 1;
    node.settings.unreachable_before_rest = 2;
    node.direct->script("dead.example", answer(connection_refused(), true));
    std::vector<MessageId> all;
    for (int i = 0; i < 20; ++i)
        all.push_back(node.enqueue({"bob@dead.example"}));
    node.start();
    for (const auto id : all) {
        const auto settled = node.settled(id).front();
        CHECK(settled.state == RecipientState::queued);
        CHECK(settled.attempt == 1);
        CHECK(settled.verdict.words().find("connection refused") != std::string::npos);
    }
    CHECK(node.direct->calls() == 2);
}

TEST_CASE("fresh work is delivered from memory, within the node's room") {
    Node node;
    node.settings.max_recipients = 2;
    node.start();
    node.store.set_taker(node.dispatcher.get());
    CHECK_FALSE(node.dispatcher->reserve(3));
    CHECK(node.dispatcher->reserve(2));
    CHECK_FALSE(node.dispatcher->reserve(1));
    node.dispatcher->cancel(2);
    CHECK(
        node.settled(node.enqueue({"bob@example.org"})).front().state == RecipientState::delivered
    );
    Node::until([&] { return node.dispatcher->held() == 0; });
}

TEST_CASE("content is read when it is asked for, or before the attempt for those who cannot ask") {
    Node node;
    node.direct->reads_late = true;
    std::atomic<bool> came_without{false}, came_with{false};
    std::atomic<std::size_t> read{0};
    struct Asking {
        static awaitable<DeliveryOutcome> deliver(
            DeliveryOutcome outcome, delivery::BodyHandle body, std::atomic<std::size_t>& read
        ) {
            const auto content = co_await body.get();
            if (!content) {
                outcome.verdicts.front() =
                    Verdict::deferred(Stage::data, ErrorKind::local, {4, 3, 0}, "not to be had");
            } else {
                read = content->size();
            }
            co_return outcome;
        }
    };
    node.direct->script(
        "example.org",
        [&](const delivery::DeliveryJob& job, delivery::AttemptContext&) {
            came_without = job.message->body.held() == nullptr;
            return Asking::deliver(
                DeliveryOutcome::all(job, Verdict::delivered("ok")), job.message->body, read
            );
        }
    );
    node.relay->script(
        "plain.example",
        [&](const delivery::DeliveryJob& job, delivery::AttemptContext& context) {
            came_with = job.message->body.held() != nullptr;
            return answer(Verdict::delivered("ok"))(job, context);
        }
    );
    auto to_relay = route_to({"relay"});
    to_relay.to_domains = {route::DomainPattern::parse("plain.example").value()};
    node.snapshot->global_routes = {to_relay};
    node.start();
    CHECK(
        node.settled(node.enqueue({"bob@example.org"})).front().state == RecipientState::delivered
    );
    CHECK(came_without);
    CHECK(read == 25);
    CHECK(
        node.settled(node.enqueue({"bob@plain.example"})).front().state == RecipientState::delivered
    );
    CHECK(came_with);
}

TEST_CASE("fresh content is sent from memory while that is quick, and later read again") {
    Node node;
    node.direct->reads_late = true;
    test::Latch latch;
    std::atomic<bool> waits{false};
    const auto read_now_and_later = [&](const delivery::DeliveryJob& job,
                                        delivery::AttemptContext&) -> awaitable<DeliveryOutcome> {
        CHECK_FALSE(job.message->body.held());
        CHECK(co_await job.message->body.get());
        CHECK(node.store.loads() == 0);
        waits = true;
        co_await latch.wait();
        const auto again = co_await job.message->body.get();
        CHECK(node.store.loads() == 1);
        CHECK(again->size() == 25);
        co_return DeliveryOutcome::all(job, Verdict::delivered("ok"));
    };
    node.direct->script("example.org", read_now_and_later);
    node.start();
    node.store.set_taker(node.dispatcher.get());
    const auto id = node.enqueue({"bob@example.org"});
    Node::until([&] { return waits.load(); });
    Node::until([&] {
        return node.metrics.text().find("outpost_content_memory_bytes{way=\"out\"} 0\n") !=
               std::string::npos;
    });
    latch.open();
    CHECK(node.settled(id).front().state == RecipientState::delivered);
    node.store.set_taker(nullptr);
}

TEST_CASE("mail that is to be signed is signed before its first attempt, by the keys in force") {
    Node node;
    node.direct->reads_late = true;
    std::mutex mutex;
    std::vector<std::string> headers;
    std::vector<bool> right_size;
    const auto look = [&](const delivery::DeliveryJob& job,
                          delivery::AttemptContext&) -> awaitable<DeliveryOutcome> {
        const std::lock_guard lock(mutex);
        const auto& content = job.message->body.held();
        headers.push_back(content ? content->header() : "read late");
        right_size.push_back(content && job.message->body.size() == content->size());
        co_return DeliveryOutcome::all(job, Verdict::delivered("ok"));
    };
    node.direct->script("one.example", look);
    node.direct->script("two.example", look);
    const auto from_sql = [&](const std::vector<std::string>& recipients) {
        return node.enqueue(recipients, [](queue::NewMessage& made) { made.source = "sql"; });
    };
    const auto use_key_of = [&](std::string_view domain) {
        dkim::Signer::Domains domains;
        domains[dns::Domain::parse(domain).value()].keys["s"] = dkim::PrivateKey::make_ed25519();
        auto snapshot = std::make_shared<Snapshot>(*node.snapshot);
        snapshot->signer = std::make_shared<const dkim::Signer>(
            std::move(domains), [](const std::string&, const mail::Address&) { return true; }
        );
        if (node.dispatcher)
            node.dispatcher->use(snapshot);
        else
            node.snapshot = snapshot;
    };
    const auto delivered = [&](MessageId id, std::int32_t number) {
        return node.settled(id, number).front().state == RecipientState::delivered;
    };

    const auto without_keys = node.snapshot;
    const auto first = from_sql({"a@one.example", "b@two.example"});
    use_key_of("sender.example");
    node.start();
    CHECK(delivered(first, 1));
    CHECK(delivered(first, 2));
    REQUIRE(headers.size() == 2);
    CHECK(headers[0] == headers[1]);
    CHECK(headers[0].starts_with("DKIM-Signature: "));
    CHECK(headers[0].find("DKIM-Signature", 1) == std::string::npos);
    CHECK(right_size == std::vector<bool>{true, true});

    use_key_of("other.example");
    headers.clear();
    CHECK(delivered(from_sql({"a@one.example"}), 1));
    CHECK(headers == std::vector<std::string>{"X-Kind: urgent\r\n\r\n"});

    node.dispatcher->use(without_keys);
    headers.clear();
    CHECK(delivered(from_sql({"a@one.example"}), 1));
    CHECK(headers == std::vector<std::string>{"read late"});
}

TEST_CASE("while the database is away outcomes are kept, and recorded when it is back") {
    Node node;
    auto latch = std::make_shared<test::Latch>();
    // Delivered before the database went away: the dot has been allowed.
    node.direct->script(
        "example.org",
        [latch](const delivery::DeliveryJob& job, delivery::AttemptContext&) {
            struct Waiting {
                static awaitable<DeliveryOutcome> then_deliver(
                    DeliveryOutcome outcome, std::shared_ptr<test::Latch> latch
                ) {
                    co_await latch->wait();
                    co_return outcome;
                }
            };
            return Waiting::then_deliver(
                DeliveryOutcome::all(job, Verdict::delivered("ok")), latch
            );
        }
    );
    node.start();
    const auto id = node.enqueue({"bob@example.org"});
    Node::until([&] { return node.direct->calls() == 1; });
    node.store.fail_with(std::make_exception_ptr(std::runtime_error("no database")));
    latch->open();
    std::this_thread::sleep_for(300ms);
    CHECK(node.state(id) == RecipientState::leased);
    node.store.fail_with(nullptr);
    CHECK(node.settled(id).front().state == RecipientState::delivered);
    CHECK(
        node.settled(node.enqueue({"bob@other.example"})).front().state == RecipientState::delivered
    );
}

TEST_CASE("draining gives back what has sent no dot, and sends none after that") {
    Node node;
    node.settings.per_destination = 1;
    auto latch = std::make_shared<test::Latch>();
    node.direct->script("slow.example", waits_at(latch));
    node.start();
    const auto in_flight = node.enqueue({"a@slow.example"});
    Node::until([&] { return node.direct->calls() == 1; });
    const auto waiting = node.enqueue({"b@slow.example"});
    Node::until([&] { return node.state(waiting) == RecipientState::leased; });
    node.drain(500ms);
    for (const auto id : {in_flight, waiting}) {
        CHECK(node.state(id) == RecipientState::queued);
        CHECK(node.store.row({id, 1}).attempts == 0);
    }
    CHECK_FALSE(node.dispatcher->reserve(1));
    latch->open();
    Node::until([&] { return node.dispatcher->held() == 0; });
    CHECK_FALSE(node.store.row({in_flight, 1}).dot_sent);
    CHECK(node.state(in_flight) == RecipientState::queued);
    const auto late = node.enqueue({"c@slow.example"});
    CHECK(node.state(late) == RecipientState::queued);
}

TEST_CASE("draining waits for the reply to a dot that was sent") {
    Node node;
    auto after = std::make_shared<test::Latch>();
    struct Dotted {
        static awaitable<DeliveryOutcome> deliver(
            const delivery::DeliveryJob& job, delivery::AttemptContext& context,
            std::shared_ptr<test::Latch> after
        ) {
            const std::vector<std::int32_t> numbers{1};
            const bool may = co_await context.gate.may_finish(numbers);
            co_await after->wait();
            co_return DeliveryOutcome::all(
                job, may ? Verdict::delivered("ok") : connection_refused()
            );
        }
    };
    node.direct->script(
        "slow.example",
        [after](const delivery::DeliveryJob& job, delivery::AttemptContext& context) {
            return Dotted::deliver(job, context, after);
        }
    );
    auto never_asked = std::make_shared<test::Latch>();
    node.direct->script("silent.example", waits_at(never_asked));
    node.start();
    const auto id = node.enqueue({"a@slow.example"});
    const auto other = node.enqueue({"b@silent.example"});
    Node::until([&] { return node.store.row({id, 1}).dot_sent && node.direct->calls() == 2; });
    std::atomic<bool> drained{false}, returned_early{false}, still_ours{false};
    std::thread opener([&] {
        // Given back: from now on no dot is permitted, and only the reply is waited for.
        while (!drained && node.state(other) != RecipientState::queued)
            std::this_thread::sleep_for(2ms);
        returned_early = drained.load();
        still_ours = node.state(id) == RecipientState::leased;
        after->open();
    });
    node.drain(3s);
    drained = true;
    const auto state_after = node.state(id);
    opener.join();
    never_asked->open();
    CHECK_FALSE(returned_early);
    CHECK(still_ours);
    CHECK(state_after == RecipientState::delivered);
    Node::until([&] { return node.state(id) == RecipientState::delivered; });
    CHECK(node.state(other) == RecipientState::queued);
}

TEST_CASE("an attempt keeps the configuration that it was claimed under; the next one has the new"
) {
    Node node;
    auto latch = std::make_shared<test::Latch>();
    node.direct->script("example.org", waits_at(latch));
    node.start();
    const auto first = node.enqueue({"a@example.org"});
    Node::until([&] { return node.direct->calls() == 1; });
    auto next = std::make_shared<Snapshot>(*node.snapshot);
    next->version = "v2";
    next->global_routes = {route_to({"relay"})};
    node.dispatcher->use(next);
    const auto second = node.enqueue({"b@example.org"});
    CHECK(node.settled(second).front().config_version == "v2");
    CHECK(node.settled(second).front().transport == "relay");
    latch->open();
    CHECK(node.settled(first).front().config_version == "v1");
    CHECK(node.settled(first).front().transport == "direct");
}

TEST_CASE("times are those of the queue's clock, however wrong this machine's is") {
    for (const auto away : {-400 * 24h, 400 * 24h}) {
        CAPTURE(away.count());
        Node node;
        node.store.set_clock([away] { return WallClock::now() + away; });
        node.direct->script(
            "example.org",
            answer(Verdict::deferred(Stage::rcpt, ErrorKind::reply_4xx, {4, 2, 0}, "later"))
        );
        node.start();
        const auto id = node.enqueue({"bob@example.org"});
        const auto settled = node.settled(id).front();
        CHECK(settled.state == RecipientState::queued);
        CHECK(settled.report == queue::Report::none);
        REQUIRE(settled.next_attempt);
        const auto now = node.store.now();
        CHECK(*settled.next_attempt > now);
        CHECK(*settled.next_attempt < now + 1h);
        CHECK(settled.started <= now);
        CHECK(settled.started > now - 1h);
    }
}

TEST_CASE(
    "what an attempt learned of TLS is told with its account and its end; a relay has nothing to "
    "tell"
) {
    Node node;
    const auto evidence = expired_certificate();
    node.direct->script("example.org", learns(evidence));
    node.start();
    const auto of = [](const std::string& account) {
        return [account](queue::NewMessage& made) { made.account = account; };
    };
    node.settled(node.enqueue({"bob@example.org"}, of("shop")));
    node.settled(node.enqueue({"bob@plain.example"}, of("shop")));
    REQUIRE(node.learned.size() == 1);
    const delivery::Learned& learned = node.learned.front();
    CHECK(learned.evidence == evidence);
    CHECK(learned.account == "shop");
    CHECK(learned.causes_report);
    CHECK(learned.at <= node.store.now());
    CHECK(learned.at > node.store.now() - 1min);
}

TEST_CASE("what the delivery of a TLS report met is no reason for another") {
    Node node;
    node.direct->script("example.org", learns(expired_certificate()));
    node.direct->reads_late = true;  // the header may have to be read for it
    node.settings.content_memory = 0;
    node.start();
    node.settled(node.enqueue({"bob@example.org"}, [](queue::NewMessage& made) {
        made.content = std::make_shared<mail::Content>(
            "TLS-Report-Domain: example.org\r\n\r\n", std::vector<std::string>{"hello\r\n"}
        );
    }));
    node.settled(node.enqueue({"bob@example.org"}));
    REQUIRE(node.learned.size() == 2);
    CHECK_FALSE(node.learned[0].causes_report);
    CHECK(node.learned[1].causes_report);
}
