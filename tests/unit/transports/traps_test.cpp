// SPDX-License-Identifier: Apache-2.0
// Mistakes of TLS policy that other mail servers have made, each with the real policies, a DNS that
// says what the case needs, and a server.
#include <doctest/doctest.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <map>

#include "core/foundation/base/crypto.hpp"
#include "policies/dane/dane.hpp"
#include "policies/mta_sts/standing.hpp"
#include "tests/unit/transports/fixture.hpp"
#include "transports/direct/direct.hpp"
#include "transports/direct/kind.hpp"

using namespace outpost;
using namespace outpost::test;
using delivery::PolicyMode;
using Then = Step::Then;
using Briefs = std::vector<std::string>;

namespace {

const TestCertificates certificates;
bool has(const std::string& text, const std::string& part) {
    return text.find(part) != text.npos;
}

/// "3 1 1" of the certificate that the servers show, as RDATA.
std::string matching_tlsa() {
    const auto file = certificates.directory() / "cert.pem";
    const std::unique_ptr<BIO, decltype(&BIO_free)> in(BIO_new_file(file.c_str(), "r"), BIO_free);
    const std::unique_ptr<X509, decltype(&X509_free)> certificate(
        PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr), X509_free
    );
    unsigned char* der = nullptr;
    const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate.get()), &der);
    const std::string key(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
    OPENSSL_free(der);
    return "\3\1\1" + crypto::digest(crypto::Hash::sha256, key);
}
const std::string other_tlsa = "\3\1\1" + std::string(32, 'x');
const std::string unusable_tlsa = "\1\1\1" + std::string(32, 'x');  // PKIX-EE

/// A signed world in memory; what it does not know securely does not exist.
class SignedDns : public dns::Resolver {
  public:
    void add(const std::string& name, dns::Record record) {
        dns::Answer& answer = answers_[{name, record.type}];
        answer.records.push_back(std::move(record));
        answer.security = dns::Security::secure;
        answer.canonical_name = name;
    }
    void mx(const std::string& domain, std::uint16_t preference, const std::string& host) {
        add(domain, {dns::Type::mx, preference, host});
    }
    void tlsa(const std::string& host, std::string rdata) {
        add("_25._tcp." + host, {dns::Type::tlsa, 0, std::move(rdata)});
    }
    void fails(const std::string& name, dns::Failure::Kind kind) {
        failures_[name] = {kind, "no answer"};
    }
    awaitable<Result<dns::Answer, dns::Failure>> query(dns::Question question, Deadline) override {
        const auto failure = failures_.find(question.name);
        if (failure != failures_.end()) co_return Err{failure->second};
        const auto known = answers_.find({question.name, question.type});
        if (known != answers_.end()) co_return known->second;
        dns::Answer nothing;
        nothing.nxdomain = question.type == dns::Type::tlsa;
        nothing.security = dns::Security::secure;
        nothing.canonical_name = question.name;
        co_return nothing;
    }

  private:
    std::map<std::pair<std::string, dns::Type>, dns::Answer> answers_;
    std::map<std::string, dns::Failure> failures_;
};

/// MTA-STS with policies that are known beforehand.
class KnownPolicies final : public delivery::SecurityPolicy {
  public:
    explicit KnownPolicies(std::map<std::string, mta_sts::Policy> policies)
        : policies_(std::move(policies)) {}
    std::string_view name() const noexcept override { return "mta-sts"; }
    awaitable<std::unique_ptr<delivery::Assessment>> assess(
        const dns::Domain& domain, const delivery::DeliveryJob&, dns::Resolver&, Deadline
    ) override {
        auto view = std::make_unique<View>();
        const auto known = policies_.find(domain.ascii());
        if (known != policies_.end()) view->standing.policy = known->second;
        co_return view;
    }

  private:
    struct View final : delivery::Assessment {
        awaitable<tls::TlsDemand> require(const delivery::MxHost& host, Deadline) override {
            co_return mta_sts::demand(standing, host.name, PolicyMode::enforce);
        }
        mta_sts::Standing standing;
    };
    std::map<std::string, mta_sts::Policy> policies_;
};

mta_sts::Policy policy(mta_sts::Mode mode, std::vector<std::string> patterns = {"mx.test"}) {
    mta_sts::Policy policy;
    policy.mode = mode;
    policy.mx = std::move(patterns);
    return policy;
}

/// rcpt.test and other.test have the one MX host mx.test at 127.0.0.1; two.test has mx2.test at
/// 127.0.0.2 besides.
struct World {
    SignedDns dns;
    ScriptedServer first, second;
    bool trusted = false;  ///< whether the servers' authority is a trusted root
    delivery::SecurityPolicies policies;
    asio::io_context loop;
    NotingGate gate;
    std::string transcript;
    std::shared_ptr<const delivery::RemoteFacts> remote;  ///< of the last delivery
    std::shared_ptr<net::Dialer> dialer;
    delivery::TransportPtr direct;

    explicit World(std::vector<Script> at_first, std::vector<Script> at_second = {})
        : first(std::move(at_first), {"127.0.0.1", 0, certificates.directory()}),
          second(std::move(at_second), {"127.0.0.2", first.port(), certificates.directory()}) {
        for (const char* domain : {"rcpt.test", "other.test", "two.test"})
            dns.mx(domain, 10, "mx.test");
        dns.mx("two.test", 20, "mx2.test");
        dns.add("mx.test", {dns::Type::a, 0, "127.0.0.1"});
        dns.add("mx2.test", {dns::Type::a, 0, "127.0.0.2"});
    }
    ~World() {
        direct.reset();
        loop.restart();
        loop.run_for(std::chrono::seconds(2));
    }
    void use_dane(PolicyMode mode = PolicyMode::enforce) {
        policies.push_back(dane::make_policy(mode));
    }
    void use_mta_sts(std::map<std::string, mta_sts::Policy> known) {
        policies.push_back(std::make_shared<KnownPolicies>(std::move(known)));
    }
    std::string deliver(const std::string& recipient = "a@rcpt.test", int attempt = 1) {
        if (!direct) {
            dialer = net::make_direct_dialer(trusting(trusted ? &certificates : nullptr));
            transports::DirectSettings settings;
            settings.port = first.port();
            direct = transports::make_direct(settings, dialer, policies);
        }
        delivery::Transcript lines;
        delivery::AttemptContext context{
            "client.test", dns, *dialer, gate, lines, Deadline::in(std::chrono::seconds(20))
        };
        auto job = job_for({recipient});
        job.attempt = attempt;
        const auto outcome = run(loop, direct->deliver(job, context));
        transcript = lines.text();
        remote = outcome.verdicts.front().remote;
        return brief(outcome.verdicts.front());
    }
    std::size_t connections() const { return first.connections() + second.connections(); }
};

const Script goodbye = {{"QUIT", "221 bye\r\n"}};
const Script in_tls =
    opening({"STARTTLS"}) +
    Script{{"STARTTLS", "220 go\r\n", Then::start_tls}, {"EHLO", ehlo_reply({})}} + taken;
const Script in_clear = opening({}) + Script{{"STARTTLS", "502 what?\r\n"}} + goodbye;
const Script stripped = opening({}) + taken;

const char* const refused_by_certificate = "deferred 4.7.5 tls tls";

}  // namespace

// KumoMTA #484: state kept by MX host was shared by all domains behind it.
TEST_CASE("two domains behind one MX host keep their own policies, whoever comes first") {
    for (const bool strict_first : {false, true}) {
        CAPTURE(strict_first);
        World world({in_tls + taken, in_tls + taken});
        world.use_mta_sts({{"rcpt.test", policy(mta_sts::Mode::enforce)}});
        const auto strict = [&] { CHECK(world.deliver("a@rcpt.test") == refused_by_certificate); };
        if (strict_first) strict();
        CHECK(world.deliver("a@other.test") == "delivered");
        if (!strict_first) strict();
        // The session of the other domain is still there: for that domain alone.
        CHECK(world.deliver("b@other.test") == "delivered");
        CHECK(has(world.transcript, "using a session that was open"));
        CHECK(world.connections() == 2);
    }
}

TEST_CASE("TLSA records are those of the MX host, not of the recipient's domain") {
    World world({in_tls});
    world.use_dane();
    world.dns.tlsa("rcpt.test", other_tlsa);
    world.dns.tlsa("mx.test", matching_tlsa());
    CHECK(world.deliver() == "delivered");
    CHECK(has(world.remote->tls_result, "dane 3 1 1"));
    CHECK(world.remote->tls_policy == "dane");
}

// KumoMTA #543: a failed lookup was taken for "no records".
TEST_CASE("a host whose TLSA records cannot be looked up is not used, again and again") {
    using Kind = dns::Failure::Kind;
    for (const Kind kind : {Kind::servfail, Kind::timeout, Kind::bogus, Kind::refused}) {
        World world({in_tls}, {in_tls});
        world.use_dane();
        world.dns.fails("_25._tcp.mx.test", kind);
        for (const int attempt : {1, 2, 3})
            CHECK(world.deliver("a@rcpt.test", attempt) == "deferred 4.4.3 resolve dns");
        CHECK(world.connections() == 0);
        CHECK(has(world.remote->tls_result, "not used"));
        // The next host may have answers.
        CHECK(world.deliver("a@two.test") == "delivered");
        CHECK(world.first.connections() == 0);
    }
}

// Stalwart: records of which none can be used were taken for none.
TEST_CASE("records that cannot be used still ask for TLS, and nobody is verified") {
    World clear({in_clear, stripped});
    clear.use_dane();
    clear.dns.tlsa("mx.test", unusable_tlsa);
    CHECK(clear.deliver() == "deferred 4.7.5 starttls tls");
    CHECK(clear.connections() == 1);
    CHECK_FALSE(has(clear.transcript, "MAIL"));

    World encrypted({in_tls});
    encrypted.use_dane();
    encrypted.dns.tlsa("mx.test", unusable_tlsa);
    CHECK(encrypted.deliver() == "delivered");
    CHECK_FALSE(encrypted.remote->tls_version.empty());
}

// Stalwart 0.16.17: policies in testing mode were enforced.
TEST_CASE("a policy in testing mode stops nothing: neither certificate, nor MX, nor clear text") {
    const auto testing = policy(mta_sts::Mode::testing);
    const auto elsewhere = policy(mta_sts::Mode::testing, {"mail.elsewhere.test"});
    struct Case {
        mta_sts::Policy policy;
        Script script;
        const char* result;
    };
    for (const Case& each :
         {Case{testing, in_tls, "would have failed"}, Case{elsewhere, in_tls, "would have failed"},
          Case{testing, stripped, "in clear: STARTTLS is not offered, would have failed"}}) {
        World world({each.script});
        world.use_mta_sts({{"rcpt.test", each.policy}});
        CHECK(world.deliver() == "delivered");
        CHECK(has(world.remote->tls_result, each.result));
        CHECK(world.remote->tls_policy == "(mta-sts)");
    }
}

TEST_CASE("DANE that is only watched stops nothing, and says what it would have stopped") {
    struct Case {
        std::string record;
        Script script;
        bool would_have_failed;
    };
    for (const Case& each :
         {Case{other_tlsa, in_tls, true}, Case{other_tlsa, stripped, true},
          Case{unusable_tlsa, stripped, true}, Case{matching_tlsa(), in_tls, false}}) {
        World world({each.script});
        world.use_dane(PolicyMode::watch);
        world.dns.tlsa("mx.test", each.record);
        CHECK(world.deliver() == "delivered");
        CHECK(has(world.remote->tls_result, "would have failed") == each.would_have_failed);
        CHECK(world.remote->tls_policy == "(dane)");
    }
    World unknown({in_tls});
    unknown.use_dane(PolicyMode::watch);
    unknown.dns.fails("_25._tcp.mx.test", dns::Failure::Kind::servfail);
    CHECK(unknown.deliver() == "delivered");
    CHECK(has(unknown.remote->tls_result, "would have failed"));
}

// Stalwart 0.16.19: after an error of TLS the next attempt took any certificate.
TEST_CASE("no attempt after a TLS error asks for less than the first") {
    enum class By { dane, mta_sts, both };
    const Script no_tls = opening({"STARTTLS"}) + Script{{"STARTTLS", "454 not now\r\n"}} + goodbye;
    const Script broken = opening({"STARTTLS"}) + Script{{"STARTTLS", "220 go\r\n", Then::hang_up}};
    for (const By by : {By::dane, By::mta_sts, By::both}) {
        CAPTURE(static_cast<int>(by));
        World world({in_tls, no_tls, broken, in_clear, in_tls, stripped});
        if (by != By::mta_sts) {
            world.use_dane();
            world.dns.tlsa("mx.test", other_tlsa);
        }
        if (by != By::dane) world.use_mta_sts({{"rcpt.test", policy(mta_sts::Mode::enforce)}});
        const char* const endings[] = {
            refused_by_certificate, "deferred 4.7.5 starttls tls", refused_by_certificate,
            "deferred 4.7.5 starttls tls", refused_by_certificate
        };
        int attempt = 0;
        for (const char* ending : endings) {
            CAPTURE(attempt);
            CHECK(world.deliver("a@rcpt.test", ++attempt) == std::string(ending));
            CHECK_FALSE(has(world.transcript, "MAIL"));
            CHECK(world.connections() == static_cast<std::size_t>(attempt));
        }
    }
}

TEST_CASE("where DANE and MTA-STS both speak, neither stands in for the other") {
    struct Case {
        const char* what;
        std::string record;
        bool trusted;
        std::string ending;
    };
    const Case cases[] = {
        {"both hold", matching_tlsa(), true, "delivered"},
        {"only DANE", matching_tlsa(), false, refused_by_certificate},
        {"only PKIX", other_tlsa, true, refused_by_certificate},
    };
    for (const Case& each : cases) {
        CAPTURE(std::string(each.what));
        World world({in_tls, stripped});
        world.trusted = each.trusted;
        world.use_dane();
        world.use_mta_sts({{"rcpt.test", policy(mta_sts::Mode::enforce)}});
        world.dns.tlsa("mx.test", each.record);
        CHECK(world.deliver() == each.ending);
        CHECK(world.connections() == 1);
        CHECK(world.remote->tls_policy == "dane, mta-sts");
        CHECK(world.remote->tls_requirement == "dane+pkix(mx.test)");
    }
}

TEST_CASE("delivery through a proxy obeys the same policies") {
    // The proxy's replies come at once, and its requests stand before the first line: a scripted
    // server can be proxy and mail server in one.
    const std::string request("\5\1\0\5\1\0\1\x7f\0\0\1\0\x19", 13);  // 127.0.0.1:25
    const Script through_proxy = {
        {"", std::string("\5\0\5\0\0\1\0\0\0\0\0\0", 12) + "220 mx.test\r\n"},
        {request + "EHLO", ehlo_reply({"STARTTLS"})},
        {"STARTTLS", "220 go\r\n", Then::start_tls},
        {"EHLO", ehlo_reply({})}
    };
    struct Case {
        std::string record;
        std::string ending;
    };
    for (const Case& each :
         {Case{matching_tlsa(), "delivered"}, Case{other_tlsa, refused_by_certificate}}) {
        World world({through_proxy + taken, stripped});
        asio::thread_pool workers{1};
        const delivery::TransportServices services{
            {}, {dane::make_policy(PolicyMode::enforce)}, {}, workers
        };
        transports::SocksSettings settings;
        settings.host = "127.0.0.1";
        settings.port = world.first.port();
        world.dialer = net::make_direct_dialer(trusting(nullptr));
        world.direct = transports::socks_config(settings)->make("proxy", services);
        world.dns.tlsa("mx.test", each.record);
        CHECK(world.deliver() == each.ending);
        CHECK(world.connections() == 1);
        CHECK(world.remote->tls_policy == "dane");
    }
}
