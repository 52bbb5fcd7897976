// SPDX-License-Identifier: Apache-2.0
#include "core/net/tls/context.hpp"

#include <openssl/ssl.h>

#include <stdexcept>
#include <string_view>

#include "core/net/tls/error.hpp"

namespace outpost::tls {
namespace {

[[noreturn]] void fail(const std::string& what, const std::filesystem::path& file) {
    throw std::runtime_error(what + " " + file.string() + ": " + last_openssl_error());
}

void load_certificate(
    SSL_CTX* context, const std::filesystem::path& certificate, const std::filesystem::path& key
) {
    if (SSL_CTX_use_certificate_chain_file(context, certificate.c_str()) != 1)
        fail("cannot use certificate", certificate);
    if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1)
        fail("cannot use private key", key);
    if (SSL_CTX_check_private_key(context) != 1)
        fail("the private key does not fit the certificate", key);
}

// RFC 7301 section 3.2: a client that offers protocols, but not ours, meant another service
// (ALPACA).
// `ours`: the protocol's name.
int choose_protocol(
    SSL*, const unsigned char** out, unsigned char* out_length, const unsigned char* offered,
    unsigned offered_length, void* ours
) {
    const std::string_view protocol(static_cast<const char*>(ours));
    const std::string_view list(reinterpret_cast<const char*>(offered), offered_length);
    for (std::size_t at = 0; at < list.size();) {
        const auto length = static_cast<unsigned char>(list[at]);
        if (list.substr(at + 1, length) == protocol) {
            *out = offered + at + 1;
            *out_length = length;
            return SSL_TLSEXT_ERR_OK;
        }
        at += 1u + length;
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

void restrict_protocols(SSL_CTX* context) {
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_options(
        context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE
    );
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);  // idle sessions give their 34 KiB back
}

}  // namespace

ContextPtr make_client_context(const ClientSettings& settings) {
    auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
    SSL_CTX* native = context->native_handle();
    restrict_protocols(native);
    SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
    if (settings.ca_files.empty() || settings.ca_files_add_to_system)
        SSL_CTX_set_default_verify_paths(native);
    for (const auto& file : settings.ca_files) {
        if (SSL_CTX_load_verify_file(native, file.c_str()) != 1) fail("cannot use CA file", file);
    }
    if (!settings.certificate.empty()) load_certificate(native, settings.certificate, settings.key);
    if (SSL_CTX_dane_enable(native) != 1)
        throw std::runtime_error("DANE cannot be enabled: " + last_openssl_error());
    // The chain is verified during the handshake, but its result is judged afterwards, against the
    // demand of this very connection: see judge().
    SSL_CTX_set_verify(native, SSL_VERIFY_NONE, nullptr);
    return context;
}

ContextPtr make_server_context(const ServerSettings& settings, Service service) {
    static char smtp[] = "smtp", http[] = "http/1.1";
    auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
    SSL_CTX* native = context->native_handle();
    restrict_protocols(native);
    load_certificate(native, settings.certificate, settings.key);
    SSL_CTX_set_alpn_select_cb(native, choose_protocol, service == Service::smtp ? smtp : http);
    // Tickets could be carried from one listener's certificate to another's.
    SSL_CTX_set_options(native, SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(native, 0);
    SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
    return context;
}

}  // namespace outpost::tls
