// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/net/tls/context.hpp"
#include "core/net/tls/x509_parts.hpp"

namespace outpost::tls {
namespace {

constexpr long ten_years = 10L * 365;

template <class Write>
void write_pem(const std::filesystem::path& path, mode_t mode, Write write) {
    const int descriptor = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    // A file that was there before keeps its mode; a key must not stay readable by all.
    if (descriptor < 0 || fchmod(descriptor, mode) != 0)
        throw std::runtime_error("cannot write " + path.string());
    FILE* file = fdopen(descriptor, "w");
    if (file == nullptr) throw std::runtime_error("cannot write " + path.string());
    const bool written = write(file) == 1;
    if (std::fclose(file) != 0 || !written)
        throw std::runtime_error("cannot write " + path.string());
}

}  // namespace

void mint_certificates(
    const std::filesystem::path& directory, const std::vector<std::string>& names
) {
    if (names.empty()) throw std::invalid_argument("a certificate needs a name");
    const Key ca_key(checked(EVP_EC_gen("P-256"), "key")), key(checked(EVP_EC_gen("P-256"), "key"));

    const Certificate ca =
        make_certificate(ca_key.get(), "Outpost local CA", 1, nullptr, ten_years);
    add_extension(ca.get(), ca.get(), NID_basic_constraints, "critical,CA:TRUE");
    add_extension(ca.get(), ca.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
    add_extension(ca.get(), ca.get(), NID_subject_key_identifier, "hash");
    checked(X509_sign(ca.get(), ca_key.get(), EVP_sha256()), "signature");

    const Certificate leaf = make_certificate(key.get(), names.front(), 2, ca.get(), ten_years);
    add_extension(leaf.get(), ca.get(), NID_basic_constraints, "critical,CA:FALSE");
    add_extension(leaf.get(), ca.get(), NID_ext_key_usage, "serverAuth,clientAuth");
    add_extension(leaf.get(), ca.get(), NID_authority_key_identifier, "keyid:always");
    add_extension(leaf.get(), ca.get(), NID_subject_alt_name, alternative_names(names));
    checked(X509_sign(leaf.get(), ca_key.get(), EVP_sha256()), "signature");

    std::filesystem::create_directories(directory);
    write_pem(directory / "ca.pem", 0644, [&](FILE* file) {
        return PEM_write_X509(file, ca.get());
    });
    write_pem(directory / "cert.pem", 0644, [&](FILE* file) {
        return PEM_write_X509(file, leaf.get());
    });
    write_pem(directory / "key.pem", 0600, [&](FILE* file) {
        return PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    });
}

}  // namespace outpost::tls
