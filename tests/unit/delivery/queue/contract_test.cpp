// SPDX-License-Identifier: Apache-2.0
// What every QueueStore promises (core/delivery/queue/store.hpp): the queue in PostgreSQL and the
// one in memory that other tests stand on pass the same cases.
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/support/memory_queue_store.hpp"
#include "tests/unit/delivery/queue/queue_lab.hpp"

using namespace outpost;
using namespace outpost::test;
using namespace std::chrono_literals;

namespace {

struct InPostgres {
    QueueDatabase database;
    QueueNode node{database.settings};
    asio::io_context& loop = node.loop;
    queue::QueueStore& store = node.store;
};

struct InMemory {
    asio::io_context loop;
    MemoryQueueStore memory;
    queue::QueueStore& store = memory;
};

template <class Place>
struct Store : Place {
    queue::Enqueued enqueue(queue::NewMessage message) {
        message.id = test::run(this->loop, this->store.new_id());
        return test::run(this->loop, this->store.enqueue(std::move(message)));
    }
    std::vector<queue::Claimed> claim(
        std::size_t limit = 100, std::vector<std::string> saturated = {}
    ) {
        return test::run(this->loop, this->store.claim(limit, std::move(saturated)));
    }
    bool settle(queue::Settled outcome) {
        return test::run(this->loop, this->store.settle({std::move(outcome)})).at(0);
    }
    void give_back(const queue::Claimed& claim, std::optional<WallTime> next = {}) {
        test::run(this->loop, this->store.give_back({{claim.key, claim.token}}, next));
    }
};

}  // namespace

TEST_CASE_TEMPLATE(
    "a claim has what was enqueued, is leased once and counted", Place, InMemory, InPostgres
) {
    Store<Place> store;
    auto message = new_message({"one@a.example", "two@b.example"});
    message.tls_wish = delivery::TlsWish::required;
    message.ret = delivery::Ret::full;
    message.envid = "env-1";
    message.recipients[0].notify.success = true;
    message.recipients[1].orcpt = "rfc822;two@old.example";
    const MessageId id = store.enqueue(std::move(message)).id;

    auto claims = store.claim();
    REQUIRE(claims.size() == 2);
    std::sort(claims.begin(), claims.end(), [](const auto& a, const auto& b) {
        return a.key < b.key;
    });
    CHECK(claims[0].key == RecipientKey{id, 1});
    CHECK(claims[0].recipient.number == 1);
    CHECK(claims[0].recipient.notify.success);
    CHECK(claims[1].recipient.number == 2);
    CHECK(claims[1].recipient.address.wire() == "two@b.example");
    CHECK(claims[1].recipient.orcpt == "rfc822;two@old.example");
    CHECK(claims[1].attempts == 1);
    CHECK(claims[0].envelope == claims[1].envelope);
    CHECK(claims[0].envelope->content == nullptr);
    CHECK(claims[0].envelope->tls_wish == delivery::TlsWish::required);
    CHECK(claims[0].envelope->ret == delivery::Ret::full);
    CHECK(claims[0].envelope->envid == "env-1");
    CHECK(store.claim().empty());
}

TEST_CASE_TEMPLATE(
    "the content is loaded whole, or its header alone", Place, InMemory, InPostgres
) {
    Store<Place> store;
    const MessageId id = store.enqueue(new_message({"one@a.example"}, "Hello\r\n")).id;
    const auto whole = test::run(store.loop, store.store.load(id));
    REQUIRE(whole);
    CHECK(whole->size == whole->content->size());
    CHECK(whole->content->body() == std::vector<std::string>{"Hello\r\n"});
    const auto header = test::run(store.loop, store.store.load_header(id));
    REQUIRE(header);
    CHECK(header->content->header() == whole->content->header());
    CHECK(header->content->body().empty());
    CHECK(test::run(store.loop, store.store.load(MessageId{987654321})) == nullptr);
}

TEST_CASE_TEMPLATE("an idempotency key names the first message", Place, InMemory, InPostgres) {
    Store<Place> store;
    auto message = new_message({"one@a.example"});
    message.idempotency_key = "order-7";
    const auto first = store.enqueue(message), second = store.enqueue(message);
    CHECK_FALSE(first.duplicate);
    CHECK(second.duplicate);
    CHECK(second.id == first.id);
    message.account = "other";
    CHECK_FALSE(store.enqueue(message).duplicate);
    CHECK(store.claim().size() == 2);
}

TEST_CASE_TEMPLATE("an outcome under a lease that is gone is fenced", Place, InMemory, InPostgres) {
    Store<Place> store;
    store.enqueue(new_message({"one@a.example"}));
    const auto old = store.claim().at(0);
    store.give_back(old);
    const auto now = store.claim().at(0);
    CHECK(now.token != old.token);
    CHECK(now.attempts == 1);  // what is given back is not counted
    CHECK_FALSE(store.settle(delivered(old)));
    CHECK(store.settle(delivered(now)));
    CHECK(store.claim().empty());
}

TEST_CASE_TEMPLATE(
    "what waits is not due, and a full domain is left out", Place, InMemory, InPostgres
) {
    Store<Place> store;
    store.enqueue(new_message({"one@a.example", "two@b.example"}));
    const auto claims = store.claim(100, {"a.example"});
    REQUIRE(claims.size() == 1);
    CHECK(claims[0].recipient.address.wire() == "two@b.example");
    CHECK(store.settle(deferred(claims[0])));
    const auto other = store.claim();
    REQUIRE(other.size() == 1);
    CHECK(other[0].recipient.address.wire() == "one@a.example");
    const WallTime next = std::chrono::floor<std::chrono::seconds>(WallClock::now()) + 1h;
    store.give_back(other[0], next);
    CHECK(store.claim().empty());
    const auto due = test::run(store.loop, store.store.next_due());
    REQUIRE(due);
    CHECK(*due > WallClock::now());
    CHECK(*due < next);
}
