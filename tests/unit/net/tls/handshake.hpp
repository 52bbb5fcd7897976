// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <openssl/ssl.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/net/tls/context.hpp"
#include "core/net/tls/judge.hpp"
#include "core/net/tls/tlsa.hpp"
#include "tests/support/test_certificate.hpp"

/// A TLS handshake in memory, judged as a delivery judges it.
namespace outpost::test {

struct Judged {
    std::optional<tls::TlsFailure> failure;
    tls::TlsFacts facts;
    std::vector<tls::CertificateFacts> chain;
    std::string sni;  ///< what the server was asked for
};

/// The server's certificate, and what it shows beside it.
struct Shown {
    TestCertificate leaf;
    std::vector<TestCertificate> others{};
};

using Session = std::unique_ptr<SSL, decltype(&SSL_free)>;

inline Session server_of(const Shown& shown) {
    const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(
        SSL_CTX_new(TLS_server_method()), SSL_CTX_free
    );
    SSL_CTX_use_certificate(context.get(), shown.leaf.certificate());
    SSL_CTX_use_PrivateKey(context.get(), shown.leaf.key());
    SSL_CTX_set_mode(context.get(), SSL_MODE_NO_AUTO_CHAIN);
    for (const TestCertificate& other : shown.others)
        SSL_CTX_add1_chain_cert(context.get(), other.certificate());
    return {SSL_new(context.get()), SSL_free};
}

inline void shake_hands(SSL* client, SSL* server) {
    BIO *ours = nullptr, *theirs = nullptr;
    BIO_new_bio_pair(&ours, 0, &theirs, 0);
    SSL_set_bio(client, ours, ours);
    SSL_set_bio(server, theirs, theirs);
    SSL_set_connect_state(client);
    SSL_set_accept_state(server);
    for (int round = 0; round < 10; ++round) {
        const bool done = SSL_do_handshake(client) == 1;
        if (SSL_do_handshake(server) == 1 && done) return;
    }
    throw std::runtime_error("no handshake");
}

/// Connects to `name`, as a client that trusts `roots`.
inline Judged judged(
    const Shown& shown, const std::vector<TestCertificate>& roots, const tls::TlsDemand& demand,
    const std::string& name = "mx.test"
) {
    const tls::ContextPtr context = tls::make_client_context({});
    X509_STORE* const store = SSL_CTX_get_cert_store(context->native_handle());
    for (const TestCertificate& root : roots)
        X509_STORE_add_cert(store, root.certificate());
    const Session client(SSL_new(context->native_handle()), SSL_free), server = server_of(shown);
    tls::prepare(client.get(), name, demand);
    shake_hands(client.get(), server.get());
    Judged result;
    result.failure = tls::judge(client.get(), name, demand, result.facts);
    result.chain = tls::peer_chain(client.get());
    const char* const sni = SSL_get_servername(server.get(), TLSEXT_NAMETYPE_host_name);
    if (sni != nullptr) result.sni = sni;
    return result;
}

}  // namespace outpost::test
