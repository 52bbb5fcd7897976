// SPDX-License-Identifier: Apache-2.0
#include "core/net/dns/validator.hpp"

#include <doctest/doctest.h>
#include <asio/post.hpp>

#include <map>

#include "tests/support/run.hpp"
#include "tests/support/zone_signer.hpp"

using namespace outpost;
using namespace std::chrono_literals;
using dns::Security;
using dns::Type;
using dnssec::Record;
using test::operator+;
using test::ZoneSigner;
namespace code = dnssec::code;

namespace {

/// Servers without sockets: what is not here is REFUSED.
class Tree {
  public:
    Tree() {
        answer(".", Type::dnskey, root.keys());
        delegate("test", root, test);
        delegate("example.test", test, example);
        // plain.test is an unsigned zone.
        deny("plain.test", Type::ds, test.sign({"plain.test. 300 IN NSEC test. NS RRSIG NSEC"}));
        answer("mx.plain.test", Type::a, test::records({"mx.plain.test. 300 IN A 192.0.2.7"}));
        answer("mx.example.test", Type::a, example.sign({"mx.example.test. 300 IN A 192.0.2.1"}));
    }

    void answer(
        const std::string& name, Type type, std::vector<Record> records,
        std::vector<Record> authority = {}
    ) {
        dns::Response response;
        for (const Record& each : records)
            response.answers.push_back({name, {type, 0, "data"}, std::chrono::seconds(each.ttl)});
        response.proof_answer = std::move(records);
        response.proof_authority = std::move(authority);
        responses_[key(name, type)] = std::move(response);
    }
    void deny(const std::string& name, Type type, std::vector<Record> authority, bool nx = false) {
        dns::Response response;
        response.code = nx ? dns::ReplyCode::nxdomain : dns::ReplyCode::no_error;
        response.negative_ttl = 60s;
        response.proof_authority = std::move(authority);
        responses_[key(name, type)] = std::move(response);
    }
    void delegate(const std::string& name, const ZoneSigner& parent, const ZoneSigner& child) {
        answer(name, Type::ds, parent.sign({child.ds_line()}));
        answer(name, Type::dnskey, child.keys());
    }

    dns::ValidatorSetup setup() {
        dns::ValidatorSetup out;
        out.fetch = [this](dns::Question question, Deadline) {
            return respond(std::move(question));
        };
        out.anchors = dnssec::parse_trust_anchors(root.dnskey_line()).value();
        out.now = [this] { return WallTime(std::chrono::seconds(now)); };
        return out;
    }
    int asked(const std::string& name, Type type) { return asked_[key(name, type)]; }

    ZoneSigner root{"."}, test{"test."}, example{"example.test."};
    dnssec::Seconds now = ZoneSigner::now;

  private:
    using Key = std::pair<std::string, Type>;
    static Key key(const std::string& name, Type type) { return {dns::canonical(name), type}; }

    awaitable<Result<dns::Response, dns::Failure>> respond(dns::Question question) {
        const Executor executor = co_await asio::this_coro::executor;
        co_await asio::post(executor, use_awaitable);  // others have their turn meanwhile
        const Key asked = key(question.name, question.type);
        ++asked_[asked];
        const auto found = responses_.find(asked);
        if (found == responses_.end())
            co_return Err{dns::Failure{dns::Failure::Kind::refused, "refused " + question.name}};
        co_return found->second;
    }

    std::map<Key, dns::Response> responses_;
    std::map<Key, int> asked_;
};

using Outcome = Result<dns::Judged, dns::Failure>;

awaitable<std::optional<Outcome>> answer_of(dns::Validator& validator, dns::Question question) {
    dns::ValidationJob job{Deadline::in(10s), {}};
    co_return co_await validator.ask(std::move(question), job);
}

Outcome ask(dns::Validator& validator, const char* name, Type type = Type::a) {
    asio::io_context loop;
    return *test::run(loop, answer_of(validator, {name, type}));
}

Outcome ask(Tree& tree, const char* name, Type type = Type::a) {
    dns::Validator validator(tree.setup());
    return ask(validator, name, type);
}

int fault(const Outcome& outcome) {
    if (outcome) return -2;
    CHECK(outcome.error().kind == dns::Failure::Kind::bogus);
    CHECK(outcome.error().is_dnssec());
    return outcome.error().extended_error;
}

const std::string nsec_mx = "mx.example.test. 300 IN NSEC *.w.example.test. A RRSIG NSEC";
const std::string nsec_apex = "example.test. 300 IN NSEC mx.example.test. SOA NS RRSIG NSEC DNSKEY";

}  // namespace

TEST_CASE("what is signed from the trust anchor down is secure, and the way is remembered") {
    Tree tree;
    dns::Validator validator(tree.setup());
    const auto answer = ask(validator, "MX.example.test.");
    REQUIRE(answer);
    CHECK(answer->security == Security::secure);
    CHECK(ask(validator, "mx.example.test")->security == Security::secure);
    CHECK(tree.asked(".", Type::dnskey) == 1);
    CHECK(tree.asked("example.test", Type::ds) == 1);
    CHECK(tree.asked("example.test", Type::dnskey) == 1);
}

TEST_CASE("below a delegation that is proven unsigned all is insecure") {
    Tree tree;
    CHECK(ask(tree, "mx.plain.test")->security == Security::insecure);
    SUBCASE("one that is not proven makes it bogus") {
        tree.deny("plain.test", Type::ds, {});
        CHECK(fault(ask(tree, "mx.plain.test")) == code::denial_missing);
    }
    SUBCASE("one that cannot be asked for is a failure, not an unsigned one") {
        tree.answer("mx.other.test", Type::a, test::records({"mx.other.test. 300 IN A 192.0.2.7"}));
        const auto answer = ask(tree, "mx.other.test");
        CHECK(answer.error().kind == dns::Failure::Kind::refused);
    }
}

TEST_CASE("what a signed zone should have signed is bogus without a valid signature") {
    Tree tree;
    tree.answer("mx.example.test", Type::a, test::records({"mx.example.test. 300 IN A 192.0.2.9"}));
    tree.deny("mx.example.test", Type::ds, tree.example.sign({nsec_mx}));
    CHECK(fault(ask(tree, "mx.example.test")) == code::signatures_missing);
    SUBCASE("also with one of somebody else") {
        tree.answer(
            "mx.example.test", Type::a,
            ZoneSigner("example.test.").sign({"mx.example.test. 300 IN A 192.0.2.9"})
        );
        CHECK(fault(ask(tree, "mx.example.test")) == code::key_missing);
    }
    SUBCASE("also with one of a zone that does not exist") {
        tree.answer(
            "mx.example.test", Type::a,
            ZoneSigner("mx.example.test.").sign({"mx.example.test. 300 IN A 192.0.2.9"})
        );
        CHECK(fault(ask(tree, "mx.example.test")) == code::bogus);
    }
}

TEST_CASE("signatures end while keys are remembered, and answers are not kept beyond them") {
    Tree tree;
    tree.answer(
        "mx.example.test", Type::a,
        tree.example.sign(
            {"mx.example.test. 300 IN A 192.0.2.1"}, {ZoneSigner::now - 10, ZoneSigner::now + 20}
        )
    );
    dns::Validator validator(tree.setup());
    CHECK(ask(validator, "mx.example.test")->response.answers.front().ttl == 20s);
    tree.now += 21;
    CHECK(fault(ask(validator, "mx.example.test")) == code::expired);
    tree.now -= 40;
    CHECK(fault(ask(validator, "mx.example.test")) == code::not_yet_valid);
}

TEST_CASE("a zone whose keys its parent does not vouch for is bogus") {
    Tree tree;
    tree.answer("example.test", Type::dnskey, ZoneSigner("example.test.").keys());
    const auto answer = ask(tree, "mx.example.test");
    CHECK(fault(answer) == code::key_missing);
    CHECK(answer.error().reason_code() == "dns-extended-error-9-dnskey-missing");
    tree.deny("example.test", Type::dnskey, {});
    CHECK(fault(ask(tree, "mx.example.test")) == code::key_missing);
}

TEST_CASE("absence is proven or bogus") {
    Tree tree;
    const auto proof = tree.example.sign({nsec_mx}) + tree.example.sign({nsec_apex});
    tree.deny("nowhere.example.test", Type::a, proof, true);
    tree.deny("mx.example.test", Type::tlsa, tree.example.sign({nsec_mx}));
    CHECK(ask(tree, "nowhere.example.test")->security == Security::secure);
    CHECK(ask(tree, "mx.example.test", Type::tlsa)->security == Security::secure);
    tree.deny("nowhere.example.test", Type::a, tree.example.sign({nsec_mx}), true);
    CHECK(fault(ask(tree, "nowhere.example.test")) == code::denial_missing);
    SUBCASE("a liar who says that there is no TLSA record, without any proof") {
        tree.deny("_25._tcp.mx.example.test", Type::tlsa, {}, true);
        tree.deny("mx.example.test", Type::ds, tree.example.sign({nsec_mx}));
        tree.deny("_tcp.mx.example.test", Type::ds, proof, true);
        CHECK(fault(ask(tree, "_25._tcp.mx.example.test", Type::tlsa)) == code::denial_missing);
    }
}

TEST_CASE("a wildcard's records need a proof that there is nothing closer") {
    Tree tree;
    const auto made = test::renamed(
        tree.example.sign({"*.w.example.test. 300 IN A 192.0.2.2"}), "x.w.example.test"
    );
    const std::string nsec = "*.w.example.test. 300 IN NSEC example.test. A RRSIG NSEC";
    tree.answer("x.w.example.test", Type::a, made, tree.example.sign({nsec}));
    CHECK(ask(tree, "x.w.example.test")->security == Security::secure);
    tree.answer("x.w.example.test", Type::a, made);
    CHECK(fault(ask(tree, "x.w.example.test")) == code::denial_missing);
}

TEST_CASE("an answer behind an alias is as secure as the weakest part") {
    Tree tree;
    const auto alias = tree.example.sign({"away.example.test. 300 IN CNAME mx.plain.test."});
    const auto target = test::records({"mx.plain.test. 300 IN A 192.0.2.7"});
    tree.answer("away.example.test", Type::a, alias + target);
    CHECK(ask(tree, "away.example.test")->security == Security::insecure);
    SUBCASE("an alias that leads out of the response is judged alone") {
        tree.answer("away.example.test", Type::a, alias);
        CHECK(ask(tree, "away.example.test")->security == Security::secure);
    }
    SUBCASE("a forged alias beside honest records is bogus") {
        tree.answer(
            "mx.example.test", Type::a,
            tree.example.sign({"mx.example.test. 300 IN A 192.0.2.1"}) +
                test::records({"mx.example.test. 300 IN CNAME mx.plain.test."}) + target
        );
        tree.deny("mx.example.test", Type::ds, tree.example.sign({nsec_mx}));
        CHECK(fault(ask(tree, "mx.example.test")) == code::signatures_missing);
    }
    SUBCASE("one made from a DNAME has its signature there") {
        const auto tail = test::records({"mx.old.example.test. 300 IN CNAME mx.example.test."}) +
                          tree.example.sign({"mx.example.test. 300 IN A 192.0.2.1"});
        tree.answer(
            "mx.old.example.test", Type::a,
            tree.example.sign({"old.example.test. 300 IN DNAME example.test."}) + tail
        );
        CHECK(ask(tree, "mx.old.example.test")->security == Security::secure);
        tree.answer("mx.old.example.test", Type::a, tail);
        tree.deny(
            "old.example.test", Type::ds,
            tree.example.sign({nsec_mx}) + tree.example.sign({nsec_apex}), true
        );
        tree.deny("mx.old.example.test", Type::ds, {}, true);
        CHECK(!ask(tree, "mx.old.example.test"));
    }
}

TEST_CASE("a zone with algorithms unknown here is insecure, and its keys are not asked for") {
    Tree tree;
    std::string ds = tree.example.ds_line();
    ds.replace(ds.find(" 13 2 "), 6, " 253 2 ");
    tree.answer("example.test", Type::ds, tree.test.sign({ds}));
    const auto answer = ask(tree, "mx.example.test");
    REQUIRE(answer);
    CHECK(answer->security == Security::insecure);
    CHECK(answer->response.extended_error == code::unsupported_algorithm);
    CHECK(tree.asked("example.test", Type::dnskey) == 0);
}

TEST_CASE("domains that are left out are insecure whatever they say") {
    Tree tree;
    tree.answer("mx.example.test", Type::a, test::records({"mx.example.test. 300 IN A 10.0.0.1"}));
    auto setup = tree.setup();
    setup.insecure_domains = {dnssec::Name::parse("example.test").value()};
    dns::Validator validator(std::move(setup));
    CHECK(ask(validator, "mx.example.test")->security == Security::insecure);
    CHECK(tree.asked(".", Type::dnskey) == 0);
}

TEST_CASE("without a trust anchor above a name nothing is known of it") {
    Tree tree;
    auto setup = tree.setup();
    setup.anchors = dnssec::parse_trust_anchors(tree.example.dnskey_line()).value();
    dns::Validator validator(std::move(setup));
    CHECK(ask(validator, "mx.example.test")->security == Security::secure);
    CHECK(ask(validator, "mx.plain.test")->security == Security::indeterminate);
}

TEST_CASE("servers that hand on no signatures fail all, unless validation is only tried") {
    Tree tree;
    tree.answer(".", Type::dnskey, test::records({tree.root.dnskey_line()}));
    CHECK(fault(ask(tree, "mx.plain.test")) == code::signatures_missing);
    auto setup = tree.setup();
    setup.lenient = true;
    dns::Validator lenient(std::move(setup));
    CHECK(ask(lenient, "mx.plain.test")->security == Security::indeterminate);
}

TEST_CASE("one that only tries to validate is not talked out of it once it could") {
    Tree tree;
    // Keys that may not be remembered: each question asks for them.
    tree.answer(".", Type::dnskey, tree.root.sign({tree.root.dnskey_line(0)}));
    auto setup = tree.setup();
    setup.lenient = true;
    dns::Validator validator(std::move(setup));
    CHECK(ask(validator, "mx.plain.test")->security == Security::insecure);
    tree.answer(".", Type::dnskey, test::records({tree.root.dnskey_line()}));
    CHECK(fault(ask(validator, "mx.plain.test")) == code::signatures_missing);
}

TEST_CASE("many who come at the same time ask for keys once") {
    Tree tree;
    dns::Validator validator(tree.setup());
    asio::io_context loop;
    int secure = 0;
    const auto one = [](dns::Validator& asked, int& count) -> awaitable<void> {
        const auto answer = co_await answer_of(asked, {"mx.example.test", Type::a});
        if (*answer && (*answer)->security == Security::secure) ++count;
    };
    for (int i = 0; i < 50; ++i)
        asio::co_spawn(loop, one(validator, secure), [](std::exception_ptr) {});
    loop.run();
    CHECK(secure == 50);
    CHECK(tree.asked(".", Type::dnskey) == 1);
    CHECK(tree.asked("test", Type::ds) == 1);
    CHECK(tree.asked("example.test", Type::dnskey) == 1);
}

TEST_CASE("an answer that takes too many questions to validate is given up") {
    Tree tree;
    std::string deep = "example.test";
    std::vector<std::string> names;
    for (int i = 0; i < 100; ++i)
        names.push_back(deep = "a." + deep);
    // All names in between are empty non-terminals: any of them could be a zone's.
    const std::string nsec = "example.test. 300 IN NSEC " + deep + ". SOA NS RRSIG NSEC DNSKEY";
    for (const std::string& name : names)
        tree.deny(name, Type::ds, tree.example.sign({nsec}));
    tree.answer(deep, Type::a, test::records({deep + ". 300 IN A 192.0.2.1"}));
    const auto answer = ask(tree, deep.c_str());
    CHECK(fault(answer) == code::bogus);
    CHECK(answer.error().text.find("too many questions") != std::string::npos);
}
