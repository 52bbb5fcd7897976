// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <asio/ssl/context.hpp>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace outpost::tls {

struct ClientSettings {
    std::vector<std::filesystem::path> ca_files;  ///< empty: the system's roots
    bool ca_files_add_to_system = false;
    std::filesystem::path certificate;  ///< client certificate chain (PEM), optional
    std::filesystem::path key;
};

struct ServerSettings {
    std::filesystem::path certificate;  ///< chain, leaf first (PEM)
    std::filesystem::path key;
};

/// An immutable SSL_CTX, shared by all sessions of one transport or listener. Thread-safe.
/// TLS 1.2 at least; ALPN: a client that offers protocols without the server's is refused (ALPACA);
/// no session tickets on the server side. Both throw std::runtime_error with the file and
/// OpenSSL's reason when a file cannot be used.
using ContextPtr = std::shared_ptr<asio::ssl::context>;
ContextPtr make_client_context(const ClientSettings& settings);
enum class Service { smtp, https };
ContextPtr make_server_context(const ServerSettings& settings, Service service = Service::smtp);

/// Makes a CA and a leaf certificate (ECDSA P-256) for `names` (DNS names or IP addresses), and
/// writes ca.pem, cert.pem, key.pem (mode 0600) into `directory`. For local mode and tests.
void mint_certificates(
    const std::filesystem::path& directory, const std::vector<std::string>& names
);

}  // namespace outpost::tls
