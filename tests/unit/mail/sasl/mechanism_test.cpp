// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "core/foundation/base/encoding.hpp"
#include "tests/unit/mail/sasl/exchange.hpp"

using namespace outpost;
using namespace outpost::sasl;
using namespace outpost::test;
using namespace std::string_literals;

TEST_CASE("CRAM-MD5 as RFC 2195 prints it") {
    const auto client = make_client({"CRAM-MD5"}, user("tim", "tanstaaftanstaaf"), {});
    CHECK_FALSE(client->initial_response());
    CHECK(
        *client->step("<1896.697170952@postoffice.reston.mci.net>") ==
        "tim b913a602c7eda7a495b4e6e7334d3890"
    );
    CHECK(client->done());
    for (const char* challenge : {"", "x", "<>", "n,,n=user,r=abc", "<no-at-sign>", "<a@b\r\n>"}) {
        CAPTURE(challenge);
        const auto wary = make_client({"CRAM-MD5"}, user(), {});
        CHECK_FALSE(wary->step(challenge));
        CHECK_FALSE(wary->done());
    }
}

TEST_CASE("PLAIN as RFC 4616 prints it") {
    const auto client = make_client({"PLAIN"}, user("tim", "tanstaaftanstaaf"), {});
    CHECK(*client->step({}) == "\0tim\0tanstaaftanstaaf"s);
    CHECK(client->done());
    CHECK_FALSE(client->step(""));
    CHECK_FALSE(client->done());
    CHECK_FALSE(make_client({"PLAIN"}, user("a\0b"s, "x"), {})->step({}));
}

TEST_CASE("EXTERNAL sends an empty identity") {
    CHECK(make_client({"EXTERNAL"}, {}, {})->step({})->empty());
}

TEST_CASE("OAuth: the message, and how an error is acknowledged") {
    Credentials who = user("u=1,2@example.com", "");
    who.bearer_token = Secret("vF9dft4qmT");
    who.host = "server.example.com";
    who.port = 587;
    const auto bearer = make_client({"OAUTHBEARER"}, who, {});
    CHECK(
        *bearer->step({}) ==
        "n,a=u=3D1=2C2@example.com,\1host=server.example.com\1port=587\1auth=Bearer vF9dft4qmT\1\1"
    );
    CHECK(bearer->done());
    CHECK(*bearer->step("{\"status\":\"invalid_token\"}") == "\1");
    CHECK_FALSE(bearer->done());
    CHECK_FALSE(bearer->step("again"));

    const auto xoauth = make_client({"XOAUTH2"}, who, {});
    CHECK(*xoauth->step({}) == "user=u=1,2@example.com\1auth=Bearer vF9dft4qmT\1\1");
    CHECK(xoauth->step("{}")->empty());
    CHECK_FALSE(xoauth->done());

    who.bearer_token = Secret("x\1auth=Bearer y");
    CHECK_FALSE(make_client({"OAUTHBEARER"}, who, {})->step({}));
    CHECK_FALSE(make_client({"XOAUTH2"}, who, {})->step({}));
}

TEST_CASE("PLAIN and LOGIN against our own server") {
    const auto stored = StoredCredential::make(Secret("pencil"));
    const Lookup lookup = [&](const std::string& name) {
        return name == "user" ? stored : decoy_credential(name, "s");
    };
    for (const std::string name : {"PLAIN", "LOGIN"}) {
        CAPTURE(name);
        const auto accepted = [&](const char* login, const char* password) {
            const auto client = make_client({name}, user(login, password), {});
            return exchange(*client, *make_server(name, lookup, true, {})).server_accepts;
        };
        CHECK(accepted("user", "pencil"));
        CHECK_FALSE(accepted("user", "pencils"));
        CHECK_FALSE(accepted("nobody", "pencil"));
    }
    for (const std::string& message :
         {""s, "user"s, "\0user"s, "\0user\0"s, "\0\0pencil"s, "other\0user\0pencil"s,
          "\0user\0pen\0cil"s, "\0us\ner\0pencil"s}) {
        CHECK(make_server("PLAIN", lookup, true, {})->step(message).first == State::failed);
    }
    CHECK(
        make_server("PLAIN", lookup, true, {})->step("user\0user\0pencil"s).first ==
        State::succeeded
    );
}

TEST_CASE("what a server announces depends on the channel, and nothing else is served") {
    using Names = std::vector<std::string>;
    CHECK(server_mechanisms(false, {}) == Names{"SCRAM-SHA-256", "SCRAM-SHA-1"});
    CHECK(server_mechanisms(true, {}) == Names{"SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN", "LOGIN"});
    CHECK(server_mechanisms(true, exporter).front() == "SCRAM-SHA-256-PLUS");
    const Lookup lookup = [](const std::string& name) { return decoy_credential(name, "s"); };
    for (const char* name : {"PLAIN", "LOGIN", "SCRAM-SHA-256-PLUS", "CRAM-MD5", "", "SCRAM-MD5"}) {
        CHECK(make_server(name, lookup, false, {}) == nullptr);
    }
}

TEST_CASE("the strongest that fits is chosen; secrets never go in clear") {
    struct Case {
        std::vector<std::string> offered, preferred;
        bool tls, verified;
        std::string expected;  ///< empty: none
        bool flag_y = false;
    };
    const std::vector<std::string> all = {
        "LOGIN",
        "PLAIN",
        "CRAM-MD5",
        "SCRAM-SHA-1",
        "SCRAM-SHA-1-PLUS",
        "SCRAM-SHA-256",
        "SCRAM-SHA-256-PLUS",
        "EXTERNAL"
    };
    const Case cases[] = {
        {all, {}, true, true, "SCRAM-SHA-256-PLUS"},
        {all, {}, false, false, "SCRAM-SHA-256"
        },  // PLUS is passed over, no failure; no 'y' without TLS
        {{"SCRAM-SHA-256", "PLAIN"}, {}, true, true, "SCRAM-SHA-256", true},
        {{"SCRAM-SHA-256", "PLAIN"}, {}, false, false, "SCRAM-SHA-256", false},
        {{"SCRAM-SHA-1"}, {"SCRAM-SHA-256-PLUS", "SCRAM-SHA-1"}, true, true, "SCRAM-SHA-1", true},
        {{"SCRAM-SHA-1", "SCRAM-SHA-1-PLUS"},
         {"SCRAM-SHA-256-PLUS", "SCRAM-SHA-1"},
         true,
         true,
         "SCRAM-SHA-1",
         false},
        {all, {"SCRAM-SHA-256"}, true, true, "SCRAM-SHA-256", false},
        {all, {"scram-sha-1"}, true, true, "SCRAM-SHA-1", false},
        {{"PLAIN", "LOGIN"}, {}, true, true, "PLAIN"},
        {{"plain", "LOGIN"}, {}, true, true, "PLAIN"},
        {{"PLAIN", "LOGIN"}, {}, true, false, ""},
        {{"PLAIN", "LOGIN"}, {}, false, true, ""},
        {{"PLAIN", "LOGIN"}, {"PLAIN"}, false, false, ""},
        {{"PLAIN", "CRAM-MD5"}, {}, false, false, "CRAM-MD5"},
        {{"GSSAPI", "NTLM"}, {}, true, true, ""},
        {{"OAUTHBEARER", "XOAUTH2"}, {}, true, true, ""},
        {{"EXTERNAL", "PLAIN"}, {}, true, true, "PLAIN"},
        {{"EXTERNAL", "PLAIN"}, {"EXTERNAL"}, true, true, "EXTERNAL"},
        {{}, {}, true, true, ""},
    };
    for (const Case& c : cases) {
        const auto choice = choose(
            c.offered, c.preferred, user(), c.tls, c.verified, c.tls ? exporter : ChannelBinding{}
        );
        CAPTURE(c.expected);
        CHECK(choice.has_value() == !c.expected.empty());
        if (!choice) {
            CHECK_FALSE(choice.error().empty());
            continue;
        }
        CHECK(choice->mechanism == c.expected);
        CHECK(choice->binding_not_offered == c.flag_y);
    }
    const auto refused = choose({"PLAIN"}, {}, user(), false, false, {});
    CHECK(
        refused.error() ==
        "no authentication mechanism fits; the server offers PLAIN (PLAIN would send the secret in "
        "clear)"
    );
}

TEST_CASE("a token serves the token mechanisms only") {
    Credentials who = user("u", "");
    who.bearer_token = Secret("token");
    CHECK(
        choose({"SCRAM-SHA-256", "PLAIN", "XOAUTH2", "OAUTHBEARER"}, {}, who, true, true, {})
            ->mechanism == "OAUTHBEARER"
    );
    CHECK_FALSE(choose({"SCRAM-SHA-256", "PLAIN"}, {}, who, true, true, {}));
    CHECK_FALSE(choose({"XOAUTH2", "OAUTHBEARER"}, {}, who, false, true, {}));
}

TEST_CASE("stored credentials: text and back") {
    const auto made = StoredCredential::make(Secret("pencil"), 5000);
    const auto again = StoredCredential::parse(made.text());
    REQUIRE(again);
    CHECK(again->text() == made.text());
    CHECK(again->matches(Secret("pencil")));
    CHECK_FALSE(again->matches(Secret("Pencil")));
    CHECK(made.text() != StoredCredential::make(Secret("pencil"), 5000).text());  // salted

    // As PostgreSQL writes it: the salt and keys of RFC 7677's example user.
    const auto postgres = StoredCredential::parse(
        "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
        "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
    );
    REQUIRE(postgres);
    CHECK(postgres->matches(Secret("pencil")));
    for (const char* text :
         {"", " ", "pencil", "SCRAM-SHA-256", "SCRAM-SHA-256$4096",
          "SCRAM-SHA-256$4096:AAAA$AAAA:AAAA", "SCRAM-SHA-512$4096:AAAA$AAAA:AAAA",
          "SCRAM-SHA-256$1:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
          "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
          "SCRAM-SHA-256$4096:$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
          "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="}) {
        CAPTURE(text);
        CHECK_FALSE(StoredCredential::parse(text));
    }
    CHECK_FALSE(StoredCredential::parse(postgres->text() + " " + postgres->text()));
}

TEST_CASE("a decoy looks like a user each time, and fits nothing") {
    const auto decoy = decoy_credential("nobody", "server secret");
    CHECK(decoy.text() == decoy_credential("nobody", "server secret").text());
    CHECK(decoy.text() != decoy_credential("somebody", "server secret").text());
    CHECK(decoy.text() != decoy_credential("nobody", "another secret").text());
    CHECK(StoredCredential::parse(decoy.text()));
    CHECK_FALSE(decoy.matches(Secret("")));
    const auto real = StoredCredential::make(Secret("x"));
    REQUIRE(decoy.verifiers.size() == real.verifiers.size());
    for (std::size_t i = 0; i < real.verifiers.size(); ++i) {
        CHECK(decoy.verifiers[i].hash == real.verifiers[i].hash);
        CHECK(decoy.verifiers[i].iterations == real.verifiers[i].iterations);
        CHECK(decoy.verifiers[i].salt.size() == real.verifiers[i].salt.size());
        CHECK(decoy.verifiers[i].stored_key.size() == real.verifiers[i].stored_key.size());
    }
    CHECK(decoy_credential("a", "s", 10000).verifiers[0].iterations == 10000);
}
