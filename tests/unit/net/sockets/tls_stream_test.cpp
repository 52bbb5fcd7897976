// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <asio/detached.hpp>

#include <filesystem>
#include <fstream>

#include "core/net/sockets/line_reader.hpp"
#include "core/net/sockets/tcp_stream.hpp"
#include "core/net/sockets/tls_error.hpp"
#include "tests/support/run.hpp"
#include "tests/support/socket_pair.hpp"

using namespace outpost;
using namespace std::chrono_literals;
using tls::TlsRequirement;

namespace {

/// A CA and a certificate for mx.test and 127.0.0.1, in a directory of their own.
struct Certificates {
    std::filesystem::path directory;
    Certificates() {
        std::string name = (std::filesystem::temp_directory_path() / "outpost-tls-XXXXXX").string();
        REQUIRE(mkdtemp(name.data()) != nullptr);
        directory = name;
        tls::mint_certificates(directory, {"mx.test", "127.0.0.1"});
    }
    ~Certificates() { std::filesystem::remove_all(directory); }
    tls::ContextPtr server() const {
        return tls::make_server_context({directory / "cert.pem", directory / "key.pem"});
    }
    tls::ContextPtr trusting() const {
        tls::ClientSettings settings;
        settings.ca_files = {directory / "ca.pem"};
        return tls::make_client_context(settings);
    }
};

struct Ending {
    std::optional<tls::TlsFailure::Kind> failed;
    std::string why, reason_code;
    std::optional<tls::TlsFacts> client, server;
    std::string echoed;
};

awaitable<void> serve(
    std::shared_ptr<net::ServerStream> stream, tls::ContextPtr context, Ending& ending
) {
    try {
        co_await stream->accept_tls(std::move(context), Deadline::in(5s));
        ending.server = *stream->tls_facts();
        char buffer[64];
        const std::span<char> room(buffer);
        const std::size_t count = co_await stream->read_some(room, Deadline::in(5s));
        co_await stream->write({buffer, count}, Deadline::in(5s));
    } catch (const std::exception&) {  // the client's side of the story is what counts
    }
}

awaitable<void> talk(
    net::Stream& stream, std::string name, TlsRequirement requirement, Ending& ending,
    Deadline handshake = Deadline::in(5s)
) {
    try {
        const tls::TlsDemand demand{requirement, {}};
        co_await stream.start_tls(name, demand, handshake);
        co_await stream.write("hello", Deadline::in(5s));
        char buffer[64];
        const std::span<char> room(buffer);
        const std::size_t count = co_await stream.read_some(room, Deadline::in(5s));
        ending.echoed.assign(buffer, count);
    } catch (const net::TlsError& error) {
        ending.failed = error.failure().kind;
        ending.why = error.what();
        ending.reason_code = error.failure().reason_code;
    }
    if (const auto* facts = stream.tls_facts()) ending.client = *facts;
}

Ending shake_hands(
    tls::ContextPtr client, tls::ContextPtr server, const std::string& name,
    const TlsRequirement& requirement
) {
    asio::io_context loop;
    auto [ours, theirs] = test::socket_pair(loop);
    Ending ending;
    const std::shared_ptr<net::ServerStream> peer = net::make_server_stream(std::move(theirs));
    asio::co_spawn(loop, serve(peer, std::move(server), ending), asio::detached);
    const auto stream = net::make_stream(std::move(ours), std::move(client));
    test::run(loop, talk(*stream, name, requirement, ending));
    stream->close();
    loop.run_for(50ms);
    return ending;
}

}  // namespace

TEST_CASE("a handshake is judged against its requirement, and the facts are known in any case") {
    const Certificates certificates;
    TlsRequirement dane;
    dane.dane.push_back({"mx.test", {{3, 1, 1, "x"}}, {"mx.test"}});
    struct Case {
        const char* what;
        bool trust;
        std::string name;
        TlsRequirement requirement;
        bool passes, verified;
    };
    const Case cases[] = {
        {"verified, right name", true, "mx.test", TlsRequirement::verified({"mx.test"}, "t"), true,
         true},
        {"verified, by address", true, "127.0.0.1", TlsRequirement::verified({"127.0.0.1"}, "t"),
         true, true},
        {"verified, wrong name", true, "other.test", TlsRequirement::verified({"other.test"}, "t"),
         false, false},
        {"one of several names", true, "mx.test",
         TlsRequirement::verified({"a.test", "mx.test"}, "t"), true, true},
        {"suffix is no name", true, "mx.test", TlsRequirement::verified({".test"}, "t"), false, true
        },
        {"unknown CA", false, "mx.test", TlsRequirement::verified({"mx.test"}, "t"), false, false},
        {"unknown CA, nobody asks", false, "mx.test", TlsRequirement::opportunistic(), true, false},
        {"DANE is not checked, so not met", true, "mx.test", dane, false, true},
        {"unmet, but errors are ignored", false, "mx.test",
         TlsRequirement::verified({"mx.test"}, "t").relaxed(), true, false},
    };
    for (const Case& each : cases) {
        CAPTURE(each.what);
        const auto client = each.trust ? certificates.trusting() : tls::make_client_context({});
        const Ending ending =
            shake_hands(client, certificates.server(), each.name, each.requirement);
        CHECK(ending.failed.has_value() == !each.passes);
        CHECK(ending.echoed == (each.passes ? "hello" : ""));
        REQUIRE(ending.client);
        CHECK(ending.client->pkix_verified == each.verified);
        CHECK(ending.client->pkix_error.empty() == each.verified);
        CHECK(ending.client->version == "TLSv1.3");
    }
}

TEST_CASE("both ends derive the same channel binding") {
    const Certificates certificates;
    for (const bool old : {false, true}) {
        const auto client = certificates.trusting();
        if (old) SSL_CTX_set_max_proto_version(client->native_handle(), TLS1_2_VERSION);
        const Ending ending = shake_hands(client, certificates.server(), "mx.test", {});
        REQUIRE(ending.client);
        REQUIRE(ending.server);
        CHECK(ending.client->channel_binding_type == (old ? "tls-unique" : "tls-exporter"));
        CHECK(ending.client->channel_binding.size() == (old ? 12 : 32));
        CHECK(ending.client->channel_binding == ending.server->channel_binding);
    }
}

TEST_CASE("TLS 1.1, and ALPN for another protocol, are refused") {
    const Certificates certificates;
    const auto old = certificates.trusting();
    SSL_CTX_set_min_proto_version(old->native_handle(), TLS1_1_VERSION);
    SSL_CTX_set_max_proto_version(old->native_handle(), TLS1_1_VERSION);
    SSL_CTX_set_security_level(old->native_handle(), 0);
    const Ending too_old = shake_hands(old, certificates.server(), "mx.test", {});
    CHECK(too_old.failed == tls::TlsFailure::Kind::handshake);
    CHECK(too_old.reason_code == "tls-remote-alert-70-protocol-version");

    const auto offer = [&](std::string_view list) {
        const auto client = certificates.trusting();
        SSL_CTX_set_alpn_protos(
            client->native_handle(), reinterpret_cast<const unsigned char*>(list.data()),
            static_cast<unsigned>(list.size())
        );
        return shake_hands(client, certificates.server(), "mx.test", {});
    };
    const Ending web = offer("\x08http/1.1");
    CHECK(web.failed == tls::TlsFailure::Kind::handshake);
    CHECK(web.why.find("no application protocol") != std::string::npos);
    CHECK(web.reason_code == "tls-remote-alert-120-no-application-protocol");
    CHECK(offer("\x08http/1.1\x04smtp").echoed == "hello");
}

TEST_CASE("a TLS stream cut off without close_notify is a lost connection") {
    const Certificates certificates;
    asio::io_context loop;
    auto [ours, theirs] = test::socket_pair(loop);
    const std::shared_ptr<net::ServerStream> peer = net::make_server_stream(std::move(theirs));
    const auto stream = net::make_stream(std::move(ours), certificates.trusting());
    const auto cut = [](std::shared_ptr<net::ServerStream> server,
                        tls::ContextPtr context) -> awaitable<void> {
        co_await server->accept_tls(std::move(context), Deadline::in(5s));
        server->close();
    };
    asio::co_spawn(loop, cut(peer, certificates.server()), asio::detached);
    const auto read = [](net::Stream& from) -> awaitable<void> {
        const tls::TlsDemand any;
        const std::string name = "mx.test";
        co_await from.start_tls(name, any, Deadline::in(5s));
        char buffer[16];
        const std::span<char> room(buffer);
        co_await from.read_some(room, Deadline::in(5s));
    };
    CHECK_THROWS_AS(test::run(loop, read(*stream)), std::system_error);
}

TEST_CASE("a handshake that fails says how, for people and for reports") {
    const Certificates certificates;
    struct Case {
        std::string_view answer;
        bool closes;
        std::string reason_code;
    };
    const Case cases[] = {
        {"250-injected\r\n250 SIZE 1\r\n", false, "tls-record-header-error"},
        {"", true, "connection-closed-during-handshake"},
        {"", false, "io-timeout-during-handshake"},
        {std::string_view("\x15\3\3\0\2\2\x28", 7), false, "tls-remote-alert-40-handshake-failure"},
    };
    for (const Case& each : cases) {
        CAPTURE(each.reason_code);
        asio::io_context loop;
        auto [ours, theirs] = test::socket_pair(loop);
        asio::write(theirs, asio::buffer(each.answer));
        if (each.closes) theirs.shutdown(asio::socket_base::shutdown_send);
        const auto stream = net::make_stream(std::move(ours), certificates.trusting());
        const bool waits = each.answer.empty() && !each.closes;
        Ending ending;
        test::run(loop, talk(*stream, "mx.test", {}, ending, Deadline::in(waits ? 50ms : 5000ms)));
        CHECK(ending.failed == tls::TlsFailure::Kind::handshake);
        CHECK(ending.reason_code == each.reason_code);
        CHECK(ending.why.starts_with("TLS handshake failed: "));
        CHECK_FALSE(ending.client);
    }
}

TEST_CASE("with TLS 1.3 a server can refuse us only after our handshake, and that is TLS, too") {
    const Certificates certificates;
    const auto server = certificates.server();
    SSL_CTX_set_verify(
        server->native_handle(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr
    );
    const Ending ending = shake_hands(certificates.trusting(), server, "mx.test", {});
    CHECK(ending.failed == tls::TlsFailure::Kind::alert_after);
    CHECK(ending.reason_code == "tls-remote-alert-116-certificate-required");
    REQUIRE(ending.client);
    CHECK(ending.client->pkix_verified);
}

TEST_CASE("keys are readable by their owner alone, and unusable files are named") {
    const Certificates certificates;
    const auto key = certificates.directory / "key.pem";
    using std::filesystem::perms;
    std::filesystem::permissions(key, perms::owner_all | perms::others_read);
    tls::mint_certificates(certificates.directory, {"again.test"});
    CHECK(std::filesystem::status(key).permissions() == (perms::owner_read | perms::owner_write));
    tls::ClientSettings settings;
    settings.ca_files = {certificates.directory / "missing.pem"};
    try {
        (void)tls::make_client_context(settings);
        FAIL("a missing file was accepted");
    } catch (const std::runtime_error& error) {
        CHECK(std::string(error.what()).find("missing.pem") != std::string::npos);
    }
}
