// SPDX-License-Identifier: Apache-2.0
#include "transports/direct/direct.hpp"

#include <doctest/doctest.h>

#include "tests/support/fake_dns.hpp"
#include "tests/unit/transports/fixture.hpp"
#include "transports/common/resting_hosts.hpp"

using namespace outpost;
using namespace outpost::test;
using Then = Step::Then;
using Briefs = std::vector<std::string>;

namespace {

const TestCertificates certificates;
bool has(const std::string& text, const std::string& part) {
    return text.find(part) != text.npos;
}
const Script goodbye = {{"QUIT", "221 bye\r\n"}};

/// Two MX hosts of rcpt.test at 127.0.0.1 and 127.0.0.2 (one port), with a DNS that knows them.
struct World {
    FakeDns dns;
    ScriptedServer first, second;
    std::shared_ptr<dns::Resolver> resolver;
    transports::DirectSettings settings;
    delivery::SecurityPolicies policies;
    asio::io_context loop;
    NotingGate gate;
    std::string transcript;
    bool unreachable = false;
    std::vector<net::Endpoint> own;
    std::shared_ptr<net::Dialer> dialer = net::make_direct_dialer(trusting(&certificates));
    delivery::TransportPtr direct;

    static constexpr const char* zone =
        "rcpt.test MX 10 mx.test\nrcpt.test MX 20 mx2.test\nmx.test A 127.0.0.1\nmx2.test A "
        "127.0.0.2\n"
        "dead.test MX 10 away.test\ndead.test MX 20 mx2.test\naway.test A 127.0.0.9\n"
        "gone.test MX 10 away.test\n"
        "null.test MX 0 .\n"
        "dual.test MX 10 both.test\nboth.test A 127.0.0.1\nboth.test AAAA ::1\n";

    World(std::vector<Script> at_first, std::vector<Script> at_second)
        : dns(zone),
          first(std::move(at_first), {"127.0.0.1", 0, certificates.directory()}),
          second(std::move(at_second), {"127.0.0.2", first.port(), certificates.directory()}) {
        dns::Settings asking;
        asking.servers = {dns.endpoint()};
        resolver = dns::make_resolver(asking);
        settings.port = first.port();
    }
    ~World() {
        direct.reset();
        loop.restart();
        loop.run_for(std::chrono::seconds(2));
    }
    Briefs deliver(delivery::DeliveryJob job) {
        direct = transports::make_direct(settings, dialer, policies, own);
        return deliver_again(std::move(job));
    }
    /// With the transport that is there already, and what it remembers.
    Briefs deliver_again(delivery::DeliveryJob job) {
        if (!direct) direct = transports::make_direct(settings, dialer, policies, own);
        delivery::Transcript lines;
        delivery::AttemptContext context{
            "client.test", *resolver, *dialer, gate, lines, Deadline::in(std::chrono::seconds(20))
        };
        const auto outcome = run(loop, direct->deliver(job, context));
        transcript = lines.text();
        unreachable = outcome.unreachable;
        return briefs(outcome.verdicts);
    }
};

/// Asks the same of every host.
class TestPolicy : public delivery::SecurityPolicy {
  public:
    explicit TestPolicy(tls::TlsRequirement requirement) : requirement_(std::move(requirement)) {}
    std::string_view name() const noexcept override { return "test"; }
    awaitable<std::unique_ptr<delivery::Assessment>> assess(
        const dns::Domain&, const delivery::DeliveryJob&, dns::Resolver&, Deadline
    ) override {
        co_return std::make_unique<View>(*this);
    }

  private:
    struct View : delivery::Assessment {
        explicit View(TestPolicy& policy) : owner(policy) {}
        awaitable<tls::TlsDemand> require(const delivery::MxHost&, Deadline) override {
            co_return tls::TlsDemand{owner.requirement_, {}};
        }
        TestPolicy& owner;
    };
    tls::TlsRequirement requirement_;
};

}  // namespace

TEST_CASE("hosts are tried by preference until one takes the message") {
    World world({opening({}) + taken}, {opening({}) + taken});
    CHECK(world.deliver(job_for({"a@rcpt.test"})) == Briefs{"delivered"});
    CHECK(world.second.connections() == 0);
    World dead({}, {opening({}) + taken});
    CHECK(dead.deliver(job_for({"a@dead.test"})) == Briefs{"delivered"});
    CHECK_FALSE(dead.unreachable);
}

TEST_CASE("a host that is this very server ends the search: mail goes in no circle") {
    const net::Endpoint first_host{asio::ip::make_address("127.0.0.1"), 0},
        second_host{asio::ip::make_address("127.0.0.2"), 0};
    const auto at = [](net::Endpoint host, const World& world) {
        host.port = world.first.port();
        return std::vector{host};
    };
    World best({}, {});
    best.own = at(first_host, best);
    CHECK(best.deliver(job_for({"a@rcpt.test"})) == Briefs{"failed 5.4.6 resolve dns"});
    CHECK(
        best.first.connections() + best.second.connections() == 0
    );  // not the less preferred one either
    CHECK(best.deliver(job_for({"a@[127.0.0.1]"})) == Briefs{"failed 5.4.6 resolve dns"});

    World second({Script{{"", "421 busy\r\n"}} + goodbye}, {});
    second.own = at(second_host, second);
    CHECK(second.deliver(job_for({"a@rcpt.test"})) == Briefs{"deferred 4.0.0 greeting reply_4xx"});
    CHECK(second.second.connections() == 0);

    World other_port({opening({}) + taken}, {});
    other_port.own = {{asio::ip::make_address("127.0.0.1"), 587}};
    CHECK(other_port.deliver(job_for({"a@rcpt.test"})) == Briefs{"delivered"});
}

TEST_CASE("a host that cannot be connected to rests for a while, whatever domain it serves") {
    World world({}, {opening({}) + taken});
    for (int i = 0; i < transports::RestingHosts::failures_before_rest; ++i) {
        CHECK(
            world.deliver_again(job_for({"a@gone.test"})) ==
            Briefs{"deferred 4.4.1 connect connect"}
        );
        CHECK(has(world.transcript, "connecting to away.test"));
    }
    CHECK(
        world.deliver_again(job_for({"a@gone.test"})) == Briefs{"deferred 4.4.1 connect connect"}
    );
    CHECK_FALSE(has(world.transcript, "connecting to"));
    CHECK(has(world.transcript, "not tried, because shortly before: cannot connect to away.test"));
    CHECK(world.unreachable);
    // The next host of another domain is reached without a wait for the one that rests.
    CHECK(world.deliver_again(job_for({"a@dead.test"})) == Briefs{"delivered"});
}

TEST_CASE("what a host says of itself sends us to the next one") {
    const Script failures[] = {
        Script{{"", "554 5.7.1 not you\r\n"}} + goodbye,
        Script{{"", "421 busy\r\n"}} + goodbye,
        Script{{"", "250 nonsense\r\n"}} + goodbye,
        Script{},
        Script{{"", "220 hello\r\n"}, {"EHLO", "550 no\r\n"}} + goodbye,
        opening({"SIZE 5"}) + goodbye,
        opening({}) + Script{{"MAIL", "451 later\r\n"}, {"RSET", "250 ok\r\n"}},
        opening({}) + Script{{"MAIL", "", Then::hang_up}},
    };
    for (const Script& failure : failures) {
        World world({failure}, {opening({}) + taken});
        CHECK(world.deliver(job_for({"a@rcpt.test"})) == Briefs{"delivered"});
    }
}

TEST_CASE("only recipients without a final verdict go on to the next host") {
    World world(
        {opening({}) +
         Script{
             {"MAIL", "250 ok\r\n"},
             {"RCPT", "250 ok\r\n"},
             {"RCPT", "451 4.2.1 later\r\n"},
             {"RCPT", "550 5.1.1 who?\r\n"},
             {"DATA", "354 go\r\n"},
             {".", "250 ok\r\n"}
         }},
        {opening({}) + taken + goodbye}
    );
    CHECK(
        world.deliver(job_for({"a@rcpt.test", "b@rcpt.test", "c@rcpt.test"})) ==
        Briefs{"delivered", "delivered", "failed 5.1.1 rcpt reply_5xx"}
    );
    CHECK(world.gate.asked == std::vector<std::vector<std::int32_t>>{{1}, {2}});
}

TEST_CASE("a message that may have been taken is given to no other host") {
    World world(
        {opening({}) +
         Script{
             {"MAIL", "250 ok\r\n"},
             {"RCPT", "250 ok\r\n"},
             {"DATA", "354 go\r\n"},
             {".", "", Then::hang_up}
         }},
        {opening({}) + taken}
    );
    CHECK(world.deliver(job_for({"a@rcpt.test"})) == Briefs{"deferred 4.4.2 final_dot connect"});
    CHECK(world.second.connections() == 0);
}

TEST_CASE("what only some hosts cannot take is temporary, what none can take is not") {
    const Script small = opening({"SIZE 5"}) + goodbye;
    World both({small}, {small});
    CHECK(both.deliver(job_for({"a@rcpt.test"})) == Briefs{"failed 5.3.4 mail policy"});
    World one({small}, {Script{}});
    const Briefs got = one.deliver(job_for({"a@rcpt.test"}));
    CHECK(got[0].starts_with("deferred "));
    World other({Script{}}, {small});
    CHECK(other.deliver(job_for({"a@rcpt.test"})) == Briefs{"deferred 4.3.4 mail policy"});
}

TEST_CASE("hosts that all refuse us by their greeting leave the mail queued") {
    const Script no = Script{{"", "554 5.7.1 not you\r\n"}} + goodbye;
    World world({no}, {no});
    CHECK(world.deliver(job_for({"a@rcpt.test"})) == Briefs{"deferred 4.7.1 greeting reply_5xx"});
}

TEST_CASE("nothing to connect to") {
    World world({}, {});
    CHECK(world.deliver(job_for({"a@gone.test"})) == Briefs{"deferred 4.4.1 connect connect"});
    CHECK(world.unreachable);
    CHECK(world.deliver(job_for({"a@null.test"})) == Briefs{"failed 5.1.10 resolve dns"});
    CHECK_FALSE(world.unreachable);
    const Briefs missing = world.deliver(job_for({"a@missing.test"}));
    CHECK(missing[0].starts_with("failed 5.1.2 "));
}

TEST_CASE("a policy reply of a dual-stack host gets a second chance by the other family") {
    for (const int attempt : {1, 2}) {
        World world(
            {opening({}) +
             Script{
                 {"MAIL", "250 ok\r\n"},
                 {"RCPT", "550 5.7.1 bad address\r\n"},
                 {"RSET", "250 ok\r\n"}
             }},
            {}
        );
        auto job = job_for({"a@dual.test"});
        job.attempt = attempt;
        CHECK(
            world.deliver(job) ==
            Briefs{attempt == 1 ? "deferred 4.7.1 rcpt reply_5xx" : "failed 5.7.1 rcpt reply_5xx"}
        );
    }
}

TEST_CASE("REQUIRETLS without a policy that verifies the hosts fails without a connection") {
    World world({opening({"REQUIRETLS"}) + taken}, {opening({"REQUIRETLS"}) + taken});
    delivery::Message message = small_message();
    message.tls_wish = delivery::TlsWish::required;
    CHECK(world.deliver(job_for(message, {"a@rcpt.test"})) == Briefs{"failed 5.7.30 tls policy"});
    CHECK(world.first.connections() + world.second.connections() == 0);
}

TEST_CASE("REQUIRETLS goes to a host that is verified and announces it under TLS, and to no other"
) {
    const auto verified =
        std::make_shared<TestPolicy>(tls::TlsRequirement::verified({"mx.test"}, "test"));
    const auto under_tls = [](const std::vector<std::string>& announced) {
        return opening({"STARTTLS", "REQUIRETLS"}) +
               Script{{"STARTTLS", "220 go\r\n", Then::start_tls}, {"EHLO", ehlo_reply(announced)}};
    };
    const Script able = under_tls({"REQUIRETLS"}) + taken, unable = under_tls({"SIZE"}) + goodbye;
    const Script busy = Script{{"", "421 4.3.2 later\r\n"}} + goodbye;
    struct Case {
        const char* name;
        Script first, second;
        std::string outcome;
    };
    const Case cases[] = {
        {"the first announces it", able, {}, "delivered"},
        {"the second announces it", unable, able, "delivered"},
        {"neither does", unable, unable, "failed 5.7.30 mail policy"},
        {"the first does not, and the second is busy", unable, busy,
         "deferred 4.3.2 greeting reply_4xx"},
        {"the first is busy, and the second does not", busy, unable, "deferred 4.7.30 mail policy"},
    };
    for (const Case& one : cases) {
        CAPTURE(std::string(one.name));
        World world({one.first}, {one.second});
        world.policies = {verified};
        delivery::Message message = small_message();
        message.tls_wish = delivery::TlsWish::required;
        CHECK(world.deliver(job_for(message, {"a@rcpt.test"})) == Briefs{one.outcome});
        const bool delivered = one.outcome == "delivered";
        CHECK(has(world.transcript, "MAIL FROM") == delivered);
        CHECK(has(world.transcript, "MAIL FROM:<from@sender.test> REQUIRETLS\n") == delivered);
    }
    // The extension is for messages that ask for it.
    World plain({able}, {});
    plain.policies = {verified};
    CHECK(plain.deliver(job_for({"a@rcpt.test"})) == Briefs{"delivered"});
    CHECK(has(plain.transcript, "MAIL FROM:<from@sender.test>\n"));
}

TEST_CASE("policies are joined, obeyed, and told what came of it") {
    const auto policy =
        std::make_shared<TestPolicy>(tls::TlsRequirement::verified({"mx.test"}, "test"));
    const auto weaker = std::make_shared<TestPolicy>(tls::TlsRequirement::opportunistic());
    const Script tls =
        opening({"STARTTLS"}) +
        Script{{"STARTTLS", "220 go\r\n", Then::start_tls}, {"EHLO", ehlo_reply({})}} + taken;
    World good({tls}, {});
    good.policies = {weaker, policy};
    CHECK(good.deliver(job_for({"a@rcpt.test"})) == Briefs{"delivered"});

    World stripped(
        {opening({}) + Script{{"STARTTLS", "502 no\r\n"}} + goodbye},
        {opening({}) + Script{{"STARTTLS", "502 no\r\n"}} + goodbye}
    );
    stripped.policies = {policy};
    CHECK(stripped.deliver(job_for({"a@rcpt.test"})) == Briefs{"deferred 4.7.5 starttls tls"});

    delivery::Message relaxed = small_message();
    relaxed.tls_wish = delivery::TlsWish::not_required;  // TLS-Required: No
    World anyway(
        {opening({"STARTTLS"}) + Script{{"STARTTLS", "454 not now\r\n"}} + goodbye,
         opening({}) + taken},
        {}
    );
    anyway.policies = {policy};
    CHECK(anyway.deliver(job_for(relaxed, {"a@rcpt.test"})) == Briefs{"delivered"});
}
