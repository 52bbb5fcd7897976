// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/queue/signing.hpp"

#include <doctest/doctest.h>

#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "core/delivery/queue/load.hpp"
#include "core/delivery/queue/reports.hpp"
#include "core/mail/authentication/dkim/key_record.hpp"
#include "core/mail/authentication/dkim/verify.hpp"
#include "core/mail/message/header.hpp"
#include "tests/unit/delivery/queue/queue_lab.hpp"

using namespace outpost;
using namespace outpost::test;
using namespace std::chrono_literals;

namespace {

std::shared_ptr<const dkim::Signer> signer_with(
    std::optional<dkim::PrivateKey> key, const std::string& selector = "s",
    std::string_view domain = "shop.example"
) {
    dkim::Signer::Domains domains;
    domains[dns::Domain::parse(domain).value()].keys[selector] = std::move(key);
    return std::make_shared<const dkim::Signer>(
        std::move(domains),
        [](const std::string& account, const mail::Address&) {
            return account.empty() || account == "shop";
        }
    );
}

struct WithMail : QueueDatabase {
    WithMail() { configure(); }

    MessageId enqueue(const std::string& to = "'a@a.example', 'b@b.example'") {
        return MessageId{number(fmt::format(
            "SELECT outpost.enqueue('shop', 'orders@shop.example', ARRAY[{}], "
            "convert_to(E'From: orders@shop.example\\nSubject: x\\n\\nHello\\n', 'UTF8'))",
            to
        ))};
    }
    std::string signed_by(MessageId id) {
        return text(fmt::format(
            "SELECT coalesce(signed_by, 'null') FROM outpost.messages WHERE message_id = {}",
            to_number(id)
        ));
    }
};

std::size_t signatures(const delivery::Message& message) {
    return mail::Header(message.content->header()).count("DKIM-Signature");
}

}  // namespace

TEST_CASE("mail of SQL is to be signed until somebody has, and that is done once") {
    WithMail database;
    const auto id = database.enqueue();
    CHECK(database.signed_by(id) == "null");
    QueueNode node(database.settings);
    auto claims = node.claim();
    REQUIRE(claims.size() == 2);
    CHECK(claims[0].to_be_signed);
    CHECK(claims[1].to_be_signed);

    const auto key = dkim::PrivateKey::make_ed25519();
    const auto first = node.run(node.store.load_signed(id, signer_with(key)));
    REQUIRE(first);
    CHECK(signatures(*first) == 1);
    CHECK(first->size == first->content->size());
    CHECK(first->size > claims[0].envelope->size);
    CHECK(database.signed_by(id) == "shop.example s");

    // By another key, so that a second signature would be seen.
    const auto other = dkim::PrivateKey::make_ed25519();
    const auto second = node.run(node.store.load_signed(id, signer_with(other, "t")));
    CHECK(second->content->header() == first->content->header());
    CHECK(node.run(node.store.load(id))->content->header() == first->content->header());
    CHECK(node.run(node.store.load_header(id))->size == first->size);

    const auto record = dkim::key_record(key);
    dns::Answer answer;
    answer.records.push_back({dns::Type::txt, 0, record});
    const dkim::KeyAnswers answers{{"s._domainkey.shop.example", answer}};
    const auto results = dkim::judge(*first->content, answers, {});
    REQUIRE(results.size() == 1);
    CHECK(results[0].passed());

    node.run(node.store.give_back({{claims[0].key, claims[0].token}}, std::nullopt));
    claims = node.claim();
    REQUIRE(claims.size() == 1);
    CHECK_FALSE(claims[0].to_be_signed);
    CHECK(claims[0].envelope->size == first->size);
}

TEST_CASE("of several that sign at the same time one writes, and all send what it has written") {
    WithMail database;
    const auto id = database.enqueue();
    constexpr int several = 8;
    std::vector<std::shared_ptr<const delivery::Message>> loaded(several);
    std::vector<std::thread> threads;
    for (int i = 0; i < several; ++i) {
        threads.emplace_back([&, i] {
            db::Session session(database.settings);
            const auto signer =
                signer_with(dkim::PrivateKey::make_ed25519(), fmt::format("s{}", i));
            loaded[static_cast<std::size_t>(i)] = queue::load_signed(session, id, *signer);
        });
    }
    for (auto& thread : threads)
        thread.join();
    for (const auto& message : loaded) {
        REQUIRE(message);
        CHECK(signatures(*message) == 1);
        CHECK(message->content->header() == loaded[0]->content->header());
        CHECK(queue::is_whole(*message));
    }
}

TEST_CASE("who is slower takes the signature of who was faster") {
    WithMail database;
    const auto id = database.enqueue();
    db::Session faster(database.settings);
    db::Transaction open(faster);
    faster.exec_script(fmt::format(
        "UPDATE outpost_private.message SET header = 'DKIM-Signature: faster\r\n' || header, "
        "size = size + 24, signed_by = 'faster' WHERE id = {}",
        to_number(id)
    ));
    std::shared_ptr<const delivery::Message> loaded;
    std::thread slower([&] {
        const auto signer = signer_with(dkim::PrivateKey::make_ed25519());
        loaded = queue::load_signed(database.session, id, *signer);
    });
    CHECK(database.someone_waits_for_a_lock());
    open.commit();
    slower.join();
    REQUIRE(loaded);
    CHECK(loaded->content->header().starts_with("DKIM-Signature: faster\r\n"));
    CHECK(signatures(*loaded) == 1);
    CHECK(queue::is_whole(*loaded));
    CHECK(database.signed_by(id) == "faster");
}

TEST_CASE("where no key fits, that is settled at the first attempt, too") {
    WithMail database;
    const auto id = database.enqueue();
    QueueNode node(database.settings);
    const auto key = dkim::PrivateKey::make_ed25519();
    const auto as_it_was = node.run(node.store.load(id))->content->header();
    const auto message =
        node.run(node.store.load_signed(id, signer_with(key, "s", "elsewhere.example")));
    CHECK(message->content->header() == as_it_was);
    CHECK(database.signed_by(id).empty());
    CHECK_FALSE(node.claim().at(0).to_be_signed);
    CHECK(signatures(*node.run(node.store.load_signed(id, signer_with(key)))) == 0);
}

TEST_CASE("what cannot be signed now does not leave, and is signed later") {
    WithMail database;
    const auto id = database.enqueue();
    QueueNode node(database.settings);
    CHECK_THROWS(node.run(node.store.load_signed(id, signer_with(std::nullopt))));
    CHECK(database.signed_by(id) == "null");
    CHECK(node.claim().at(0).to_be_signed);
    const auto key = dkim::PrivateKey::make_ed25519();
    CHECK(signatures(*node.run(node.store.load_signed(id, signer_with(key)))) == 1);
}

TEST_CASE("damaged content is held, not signed") {
    WithMail database;
    const auto id = database.enqueue("'a@a.example'");
    database.sql("DELETE FROM outpost_private.content");
    QueueNode node(database.settings);
    REQUIRE(node.claim().size() == 1);
    const auto signer = signer_with(dkim::PrivateKey::make_ed25519());
    CHECK(node.run(node.store.load_signed(id, signer)) == nullptr);
    CHECK(database.signed_by(id) == "null");
    CHECK(database.recipient("state", "a@a.example") == "held");
    CHECK(node.run(node.store.load_signed(MessageId{4711}, signer)) == nullptr);
}

TEST_CASE("mail that a server has accepted is never signed by who attempts it") {
    WithMail database;
    QueueNode node(database.settings);
    auto with = new_message({"a@a.example"});
    with.signed_by = "shop.example s";
    const auto theirs = node.enqueue(std::move(with)),
               unsigned_ = node.enqueue(new_message({"b@b.example"}));
    // As a version without the column writes it.
    const auto old = node.enqueue(new_message({"c@c.example"}));
    database.sql(fmt::format(
        "UPDATE outpost_private.message SET signed_by = NULL WHERE id = {}", to_number(old)
    ));
    CHECK(database.signed_by(theirs) == "shop.example s");
    CHECK(database.signed_by(unsigned_).empty());
    for (const auto& claim : node.claim())
        CHECK_FALSE(claim.to_be_signed);
    const auto signer = signer_with(dkim::PrivateKey::make_ed25519());
    for (const auto id : {theirs, unsigned_, old})
        CHECK(signatures(*node.run(node.store.load_signed(id, signer))) == 0);
}

TEST_CASE("a large body is signed as it is sent, and one without a body, too") {
    WithMail database;
    QueueNode node(database.settings);
    const auto key = dkim::PrivateKey::make_ed25519();
    for (const auto* lines : {"E'\\n' || repeat(E'0123456789abcdef\\n', 200000)", "''"}) {
        const MessageId id{database.number(fmt::format(
            "SELECT outpost.enqueue('shop', 'orders@shop.example', ARRAY['a@a.example'], "
            "convert_to(E'From: orders@shop.example\\n' || {}, 'UTF8'))",
            lines
        ))};
        const auto message = node.run(node.store.load_signed(id, signer_with(key)));
        REQUIRE(message);
        CHECK(queue::is_whole(*message));
        dns::Answer answer;
        answer.records.push_back({dns::Type::txt, 0, dkim::key_record(key)});
        const dkim::KeyAnswers answers{{"s._domainkey.shop.example", answer}};
        const auto results = dkim::judge(*message->content, answers, {});
        REQUIRE(results.size() == 1);
        CHECK(results[0].passed());
    }
}

TEST_CASE("a report tells who signed it") {
    WithMail database;
    QueueNode node(database.settings);
    node.enqueue(new_message({"a@a.example"}));
    auto refused = failed(node.claim().at(0));
    refused.report = queue::Report::failed;
    CHECK(node.settle(std::move(refused)));
    queue::ReportSettings settings{"mx.shop.example", {}};
    settings.signer = signer_with(dkim::PrivateKey::make_ed25519(), "s", "mx.shop.example");
    CHECK(queue::write_one_report(database.session, settings));
    CHECK(
        database.text("SELECT signed_by FROM outpost.messages WHERE source = 'dsn'") ==
        "mx.shop.example s"
    );
}
