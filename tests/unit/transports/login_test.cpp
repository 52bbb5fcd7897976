// SPDX-License-Identifier: Apache-2.0
// Whole SASL exchanges over a connection, with relays that are honest and relays that are not.
#include <doctest/doctest.h>

#include "core/foundation/base/encoding.hpp"
#include "tests/unit/transports/fixture.hpp"

using namespace outpost;
using namespace outpost::test;
using Then = Step::Then;

namespace {

const TestCertificates certificates;
bool has(const std::string& text, const std::string& part) {
    return text.find(part) != text.npos;
}

/// A SCRAM server without channel binding that knows `password`; `spoil` changes what it sends.
class ScramRelay {
  public:
    using Spoil = std::function<std::string(std::string message)>;
    ScramRelay(const std::string& password, Spoil spoil) : spoil_(std::move(spoil)) {
        const auto stored = sasl::StoredCredential::make(Secret(password));
        const auto lookup = [stored](const std::string&) { return stored; };
        mechanism_ = sasl::make_server("SCRAM-SHA-256", lookup, true, {});
    }
    /// A reply to "AUTH SCRAM-SHA-256 <base64>" or to a bare base64 line.
    std::string answer(const std::string& line) {
        const auto decoded = base64_decode(line.substr(line.find_last_of(' ') + 1));
        const auto [state, message] = mechanism_->step(decoded ? *decoded : "");
        if (state == sasl::ServerMechanism::State::failed) return "535 5.7.8 wrong\r\n";
        return "334 " + base64_encode(spoil_ ? spoil_(message) : message) + "\r\n";
    }

  private:
    Spoil spoil_;
    std::unique_ptr<sasl::ServerMechanism> mechanism_;
};

struct Attempt {
    std::string verdict, seen, transcript;
};

/// One attempt as "user" with "secret" at a relay that does SCRAM with its own idea of the
/// password. It says 235 in the end, come what may.
Attempt log_in(const std::string& relays_password, ScramRelay::Spoil spoil = nullptr) {
    const auto relay = std::make_shared<ScramRelay>(relays_password, std::move(spoil));
    const auto answer = [relay](const std::string& line) { return relay->answer(line); };
    const Script script = opening({"STARTTLS"}) +
                          Script{
                              {"STARTTLS", "220 go\r\n", Then::start_tls},
                              {"EHLO", ehlo_reply({"AUTH SCRAM-SHA-256 PLAIN LOGIN"})},
                              {"AUTH SCRAM-SHA-256 ", "", Then::go_on, {}, answer},
                              {"Yz", "", Then::go_on, {}, answer},  // "c=…" in base64
                              {"", "235 2.7.0 welcome\r\n"}
                          } +
                          taken;
    ScriptedServer server({script}, {"127.0.0.1", 0, certificates.directory()});
    Attempt attempt;
    {
        Client client(server, &certificates);
        client.plan.session.tls.mode = delivery::TlsMode::required;
        client.plan.session.tls.demand.enforced =
            tls::TlsRequirement::verified({"mx.test"}, "test");
        client.plan.login = []() -> awaitable<delivery::Login> {
            delivery::Login login;
            login.credentials.username = "user";
            login.credentials.password = Secret("secret");
            co_return login;
        };
        attempt.verdict = client.deliver_briefly(job_for({"a@rcpt.test"})).front();
        attempt.transcript = client.transcript;
    }
    attempt.seen = server.seen();
    return attempt;
}

ScramRelay::Spoil replacing(std::string from, std::string to) {
    return [from = std::move(from), to = std::move(to)](std::string message) {
        const auto at = message.find(from);
        return at == message.npos ? message : message.replace(at, from.size(), to);
    };
}

}  // namespace

TEST_CASE("SCRAM: both sides prove that they know the password, and no word of it is recorded") {
    const Attempt attempt = log_in("secret");
    CHECK(attempt.verdict == "delivered");
    CHECK(has(attempt.seen, "MAIL FROM"));
    CHECK(has(attempt.transcript, "AUTH SCRAM-SHA-256 ***"));
    CHECK_FALSE(has(attempt.transcript, "AUTH SCRAM-SHA-256 b"));
    CHECK_FALSE(has(attempt.transcript, "> Yz"));
}

TEST_CASE("SCRAM: a relay that cannot prove who it is gets no mail and no weaker login") {
    struct Case {
        const char* what;
        const char* password;
        ScramRelay::Spoil spoil;
    };
    const Case cases[] = {
        {"another password", "other", nullptr},
        {"a wrong signature", "secret", replacing("v=", "v=AAAA")},
        {"a signature of no length", "secret",
         [](std::string message) { return message.starts_with("v=") ? std::string("v=") : message; }
        },
        {"no signature", "secret",
         [](std::string message) { return message.starts_with("v=") ? std::string() : message; }},
        {"an error", "secret",
         [](std::string message) {
             return message.starts_with("v=") ? std::string("e=other-error") : message;
         }},
        {"not our nonce", "secret", replacing("r=", "r=x")},
        {"too few iterations", "secret", replacing("i=4096", "i=1")},
        {"iterations without end", "secret", replacing("i=4096", "i=2147483647")},
        {"an extension that we must know", "secret", replacing("r=", "m=x,r=")},
        {"nothing at all", "secret", [](std::string) { return std::string(); }},
    };
    for (const Case& test : cases) {
        CAPTURE(test.what);
        const auto begin = std::chrono::steady_clock::now();
        const Attempt attempt = log_in(test.password, test.spoil);
        CHECK(attempt.verdict == "deferred 4.7.8 auth auth");
        CHECK_FALSE(has(attempt.seen, "MAIL"));
        CHECK_FALSE(has(attempt.seen, "AUTH PLAIN"));
        CHECK_FALSE(has(attempt.seen, "AUTH LOGIN"));
        CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(10));
    }
}

TEST_CASE("a relay with a certificate for another name never sees a login") {
    for (const bool implicit : {false, true}) {
        const Script by_command = opening({"STARTTLS", "AUTH PLAIN"}) +
                                  Script{{"STARTTLS", "220 go\r\n", Then::start_tls}};
        const Script at_once{{"", "", Then::start_tls}};
        const Script welcome =
            opening({"AUTH PLAIN"}) + Script{{"AUTH", "235 welcome\r\n"}} + taken;
        ScriptedServer server(
            {(implicit ? at_once : by_command) + welcome, opening({}) + taken},
            {"127.0.0.1", 0, certificates.directory()}
        );
        {
            Client client(server, &certificates);
            client.plan.session.tls.mode =
                implicit ? delivery::TlsMode::implicit : delivery::TlsMode::required;
            client.plan.session.server_name = "relay.test";  // the certificate is for mx.test
            client.plan.session.tls.demand.enforced =
                tls::TlsRequirement::verified({"relay.test"}, "test");
            client.plan.login = []() -> awaitable<delivery::Login> {
                throw std::logic_error("nobody may ask for the password");
                co_return delivery::Login();
            };
            CHECK(
                client.deliver_briefly(job_for({"a@rcpt.test"})) ==
                std::vector<std::string>{"deferred 4.7.5 tls tls"}
            );
        }
        CHECK_FALSE(has(server.seen(), "AUTH"));
        CHECK(server.connections() == 1);
    }
}
