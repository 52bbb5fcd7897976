// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <gsasl.h>

#include "core/foundation/base/encoding.hpp"
#include "core/mail/sasl/scram.hpp"
#include "tests/unit/mail/sasl/exchange.hpp"

using namespace outpost;
using namespace outpost::sasl;
using namespace outpost::test;

namespace {

/// The exchanges printed in RFC 5802 section 5 and RFC 7677 section 3 (user "user", password
/// "pencil").
struct Vector {
    const char *mechanism, *client_nonce, *server_nonce, *salt, *proof, *signature;
};
const Vector vectors[] = {
    {"SCRAM-SHA-1", "fyko+d2lbbFgONRv9qkxdawL", "3rfcNHYJY1ZVvWVs7j", "QSXCR+Q6sek8bf92",
     "v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=", "rmF9pqV8S7suAoZWja4dJRkFsKQ="},
    {"SCRAM-SHA-256", "rOprNGfwEbeRWgbNEkqO", "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
     "W22ZaJ0SNY7soEsUEjb6gQ==", "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
     "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="},
};

std::unique_ptr<ClientMechanism> vector_client(const Vector& v) {
    return scram::make_client(
        {v.mechanism}, *scram::Variant::parse(v.mechanism), user(), {}, v.client_nonce
    );
}
std::string server_first(const Vector& v) {
    return std::string("r=") + v.client_nonce + v.server_nonce + ",s=" + v.salt + ",i=4096";
}

Lookup lookup_of(const StoredCredential& credential) {
    return [credential](const std::string& name) {
        return name == "user" ? credential : decoy_credential(name, "secret");
    };
}

}  // namespace

TEST_CASE("the client says what the RFCs print") {
    for (const Vector& v : vectors) {
        CAPTURE(v.mechanism);
        const auto client = vector_client(v);
        CHECK(*client->step({}) == std::string("n,,n=user,r=") + v.client_nonce);
        CHECK(
            *client->step(server_first(v)) ==
            std::string("c=biws,r=") + v.client_nonce + v.server_nonce + ",p=" + v.proof
        );
        CHECK_FALSE(client->done());
        CHECK(client->step(std::string("v=") + v.signature)->empty());
        CHECK(client->done());
    }
}

TEST_CASE("the server says what the RFCs print, from stored keys alone") {
    for (const Vector& v : vectors) {
        CAPTURE(v.mechanism);
        const auto variant = *scram::Variant::parse(v.mechanism);
        const std::string salt = *base64_decode(v.salt);
        const auto keys = scram::derive(variant.hash, Secret("pencil"), salt, 4096);
        const StoredCredential stored{
            {{variant.hash_name, 4096, salt, keys.stored_key, keys.server_key}}
        };
        const auto server =
            scram::make_server(v.mechanism, variant, lookup_of(stored), {}, v.server_nonce);
        const auto first = server->step(std::string("n,,n=user,r=") + v.client_nonce);
        CHECK(first.second == server_first(v));
        const auto final = server->step(
            std::string("c=biws,r=") + v.client_nonce + v.server_nonce + ",p=" + v.proof
        );
        CHECK(final.first == State::succeeded);
        CHECK(final.second == std::string("v=") + v.signature);
    }
}

TEST_CASE("a hostile server gets nowhere with its first message") {
    const Vector& v = vectors[1];
    const std::string nonce = std::string(v.client_nonce) + v.server_nonce;
    const std::string salt = v.salt;
    const std::string cases[] = {
        "e=other-error",
        "m=ext,r=" + nonce + ",s=" + salt + ",i=4096",
        "r=" + std::string(v.server_nonce) + ",s=" + salt + ",i=4096",
        "r=" + std::string(v.client_nonce) + ",s=" + salt + ",i=4096",
        "r=" + nonce + ",s=" + salt + ",i=1",
        "r=" + nonce + ",s=" + salt + ",i=4095",
        "r=" + nonce + ",s=" + salt + ",i=2147483647",
        "r=" + nonce + ",s=" + salt + ",i=600001",
        "r=" + nonce + ",s=" + salt + ",i=99999999999999999999",
        "r=" + nonce + ",s=" + salt + ",i=-4096",
        "r=" + nonce + ",s=" + salt + ",i=4096x",
        "r=" + nonce + ",s=" + salt + ",i=",
        "r=" + nonce + ",s=,i=4096",
        "r=" + nonce + ",s=!!!!,i=4096",
        "r=" + nonce + ",s=" + salt,
        "s=" + salt + ",r=" + nonce + ",i=4096",
        "",
        ",,,",
        std::string("\0\0", 2),
        std::string(100000, 'a'),
    };
    for (const auto& challenge : cases) {
        CAPTURE(challenge.substr(0, 100));
        const auto client = vector_client(v);
        REQUIRE(client->step({}));
        CHECK_FALSE(client->step(challenge));
        CHECK_FALSE(client->done());
        CHECK_FALSE(client->step(std::string("v=") + v.signature));  // no second chance
        CHECK_FALSE(client->done());
    }
}

TEST_CASE("a server that cannot sign is not believed") {
    const Vector& v = vectors[1];
    for (const std::string final :
         {"", "e=invalid-proof", "v=", "v=AAAA",
          "v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", "x=1", "junk"}) {
        CAPTURE(final);
        const auto client = vector_client(v);
        REQUIRE(client->step({}));
        REQUIRE(client->step(server_first(v)));
        CHECK_FALSE(client->done());  // a straight 235 here is a failure
        CHECK_FALSE(client->step(final));
        CHECK_FALSE(client->done());
    }
}

TEST_CASE("client and server agree in every variant, and only with the right password") {
    const auto stored = StoredCredential::make(Secret("pencil"));
    for (const std::string name :
         {"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-1"}) {
        CAPTURE(name);
        for (const bool right : {true, false}) {
            const auto client =
                make_client({name}, user("user", right ? "pencil" : "pen"), exporter);
            const auto server = make_server(name, lookup_of(stored), true, exporter);
            const Ending ending = exchange(*client, *server);
            CHECK(ending.server_accepts == right);
            CHECK(ending.client_satisfied == right);
            CHECK(ending.username == "user");
        }
        const auto stranger = make_client({name}, user("nobody"), exporter);
        const auto server = make_server(name, lookup_of(stored), true, exporter);
        CHECK_FALSE(exchange(*stranger, *server).server_accepts);
    }
}

TEST_CASE("names with the signs of the protocol in them, and passwords beyond ASCII") {
    const auto stored = StoredCredential::make(Secret("I\u00adX"));
    const Lookup lookup = [&](const std::string& name) {
        return name == "a=b,c@example.org" ? stored : decoy_credential(name, "s");
    };
    const auto client = make_client({"SCRAM-SHA-256"}, user("a=b,c@example.org", "\u2168"), {});
    const auto server = make_server("SCRAM-SHA-256", lookup, false, {});
    CHECK(exchange(*client, *server).client_satisfied);  // RFC 4013 section 3: both are "IX"
}

TEST_CASE("channel binding rules of RFC 5802 section 6") {
    const auto stored = StoredCredential::make(Secret("pencil"));
    const ChannelBinding other{"tls-exporter", std::string(32, 'x')};
    const ChannelBinding unique{"tls-unique", exporter.data};
    const auto accepts = [&](const Choice& choice, const ChannelBinding& at_client,
                             const ChannelBinding& at_server) {
        const auto client = make_client(choice, user(), at_client);
        const auto server = make_server(choice.mechanism, lookup_of(stored), true, at_server);
        return exchange(*client, *server).server_accepts;
    };
    CHECK(accepts({"SCRAM-SHA-256-PLUS"}, exporter, exporter));
    CHECK_FALSE(accepts({"SCRAM-SHA-256-PLUS"}, other, exporter));  // a man in the middle
    CHECK_FALSE(accepts({"SCRAM-SHA-256-PLUS"}, unique, exporter));
    CHECK_FALSE(accepts({"SCRAM-SHA-256", true}, exporter, exporter));  // our offer was taken out
    CHECK(accepts({"SCRAM-SHA-256", true}, exporter, {}));
    CHECK(accepts({"SCRAM-SHA-256", false}, exporter, exporter));

    const auto first_answer = [&](const char* name, const char* message) {
        return make_server(name, lookup_of(stored), true, exporter)->step(message).first;
    };
    CHECK(first_answer("SCRAM-SHA-256", "p=tls-exporter,,n=user,r=abc") == State::failed);
    CHECK(first_answer("SCRAM-SHA-256-PLUS", "n,,n=user,r=abc") == State::failed);
    CHECK(first_answer("SCRAM-SHA-256-PLUS", "y,,n=user,r=abc") == State::failed);
    CHECK(first_answer("SCRAM-SHA-256-PLUS", "p=tls-unique,,n=user,r=abc") == State::failed);
}

TEST_CASE("a malformed client is refused") {
    const auto stored = StoredCredential::make(Secret("pencil"));
    for (const char* message :
         {"", "n", "n,", "n,,", "n,,n=user", "n,,r=abc,n=user", "n,,n=,r=abc", "n,,n=us=er,r=abc",
          "n,,n=user,r=", "x,,n=user,r=abc", "n,a=other,n=user,r=abc", "n,,m=x,n=user,r=abc",
          "n,,n=us\x01"
          "er,r=abc"}) {
        CAPTURE(message);
        const auto server = make_server("SCRAM-SHA-256", lookup_of(stored), false, {});
        CHECK(server->step(message).first == State::failed);
    }
    for (const char* tail :
         {"", "c=biws", "c=biws,r=wrong,p=AAAA", "c=eSws,r=%N,p=AAAA", "c=biws,r=%N",
          "c=biws,r=%N,p=AAAA", "c=biws,r=%N,p=!"}) {
        CAPTURE(tail);
        const auto server = make_server("SCRAM-SHA-256", lookup_of(stored), false, {});
        const std::string first = server->step("n,,n=user,r=abc").second;
        std::string final = tail;
        if (const auto at = final.find("%N"); at != std::string::npos)
            final.replace(at, 2, first.substr(2, first.find(',') - 2));
        CHECK(server->step(final).first == State::failed);
        CHECK(server->step(final).first == State::failed);
    }
}

namespace {

/// The other side played by libgsasl.
int answer(Gsasl*, Gsasl_session* session, Gsasl_property property) {
    switch (property) {
        case GSASL_AUTHID:
            gsasl_property_set(session, property, "user");
            return GSASL_OK;
        case GSASL_PASSWORD:
            gsasl_property_set(session, property, "pencil");
            return GSASL_OK;
        default:
            return GSASL_NO_CALLBACK;
    }
}

class Peer {
  public:
    Peer(bool client, const std::string& mechanism) {
        REQUIRE(gsasl_init(&context_) == GSASL_OK);
        gsasl_callback_set(context_, answer);
        const auto start = client ? gsasl_client_start : gsasl_server_start;
        REQUIRE(start(context_, mechanism.c_str(), &session_) == GSASL_OK);
        const bool plus = mechanism.ends_with("PLUS");
        if (plus)
            gsasl_property_set(
                session_, GSASL_CB_TLS_EXPORTER, base64_encode(exporter.data).c_str()
            );
    }
    ~Peer() {
        gsasl_finish(session_);
        gsasl_done(context_);
    }
    std::string step(const std::string& input) {
        char* output = nullptr;
        std::size_t size = 0;
        code = gsasl_step(session_, input.data(), input.size(), &output, &size);
        if (code != GSASL_OK && code != GSASL_NEEDS_MORE) return {};
        std::string text(output, size);
        gsasl_free(output);
        return text;
    }
    int code = GSASL_OK;

  private:
    Gsasl* context_ = nullptr;
    Gsasl_session* session_ = nullptr;
};

}  // namespace

TEST_CASE("our client and server understand those of libgsasl") {
    const auto stored = StoredCredential::make(Secret("pencil"));
    for (const std::string name :
         {"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-1"}) {
        CAPTURE(name);
        const ChannelBinding binding = name.ends_with("PLUS") ? exporter : ChannelBinding{};
        Peer their_client(true, name);
        const auto our_server = make_server(name, lookup_of(stored), true, binding);
        const auto challenge = our_server->step(their_client.step(""));
        const auto final = our_server->step(their_client.step(challenge.second));
        CHECK(final.first == State::succeeded);
        their_client.step(final.second);
        CHECK(their_client.code == GSASL_OK);

        Peer their_server(false, name);
        const auto our_client = make_client({name}, user(), binding);
        const std::string their_first = their_server.step(*our_client->step({}));
        const std::string their_final = their_server.step(*our_client->step(their_first));
        CHECK(their_server.code == GSASL_OK);
        CHECK(our_client->step(their_final));
        CHECK(our_client->done());
    }
}
