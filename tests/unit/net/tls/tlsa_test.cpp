// SPDX-License-Identifier: Apache-2.0
#include "core/net/tls/tlsa.hpp"

#include <doctest/doctest.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>

#include "core/foundation/base/crypto.hpp"
#include "core/net/tls/context.hpp"
#include "core/net/tls/freed.hpp"

using namespace outpost;
using tls::TlsaRecord;

namespace {

/// A key and a certificate for it, while it lives.
struct Minted {
    Minted() {
        std::string name = (std::filesystem::temp_directory_path() / "tlsa-XXXXXX").string();
        REQUIRE(mkdtemp(name.data()) != nullptr);
        directory = name;
        tls::mint_certificates(directory, {"mx.example.org"});
    }
    ~Minted() { std::filesystem::remove_all(directory); }
    std::string text(const char* file) const {
        std::ifstream in(directory / file, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    std::filesystem::path directory;
};

/// SHA-256 of the public key in the first certificate.
std::string public_key_digest(const std::string& pem) {
    const std::unique_ptr<BIO, tls::Freed<BIO_free>> bio(
        BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))
    );
    const std::unique_ptr<X509, tls::Freed<X509_free>> certificate(
        PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)
    );
    REQUIRE(certificate != nullptr);
    unsigned char* der = nullptr;
    const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate.get()), &der);
    REQUIRE(size > 0);
    const std::string octets(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
    OPENSSL_free(der);
    return crypto::digest(crypto::Hash::sha256, octets);
}

}  // namespace

TEST_CASE("RDATA becomes a record, or nothing when there is too little of it") {
    CHECK_FALSE(tls::parse_tlsa(""));
    CHECK_FALSE(tls::parse_tlsa(std::string_view("\3\1", 2)));
    const auto shortest = tls::parse_tlsa(std::string_view("\3\1\1", 3));
    REQUIRE(shortest);
    CHECK(*shortest == TlsaRecord{3, 1, 1, ""});
    const auto highest = tls::parse_tlsa("\xff\xff\xff\xab");
    REQUIRE(highest);
    CHECK(tls::text(*highest) == "255 255 255 ab");
}

TEST_CASE("records that no certificate can match in SMTP are not usable") {
    const std::string d32(32, 'x'), d64(64, 'x');
    CHECK(tls::is_usable({3, 1, 1, d32}));
    CHECK(tls::is_usable({3, 0, 2, d64}));
    CHECK(tls::is_usable({2, 0, 1, d32}));
    CHECK(tls::is_usable({2, 1, 2, d64}));
    const TlsaRecord unusable[] = {
        {0, 1, 1, d32},
        {1, 1, 1, d32},
        {4, 1, 1, d32},
        {255, 1, 1, d32},
        {3, 2, 1, d32},
        {3, 255, 1, d32},
        {3, 1, 3, d32},
        {3, 1, 255, d32},
        {3, 1, 1, d32 + "x"},
        {3, 1, 1, d64},
        {3, 1, 2, d32},
        {3, 1, 1, ""},
        {3, 1, 1, d32.substr(1)},
        {3, 0, 0, ""},
        {3, 1, 0, ""},
        {3, 0, 0, "no certificate"},
        {2, 1, 0, "no key"},
        {3, 0, 0, "\x30\x03"},
    };
    for (const TlsaRecord& each : unusable) {
        CAPTURE(tls::text(each));
        CHECK_FALSE(tls::is_usable(each));
    }
}

TEST_CASE("a private key has the TLSA record that OpenSSL's tools compute of its certificates") {
    // openssl pkey -in KEY -pubout -outform DER | openssl dgst -sha256
    constexpr auto pem =
        "-----BEGIN PRIVATE KEY-----\n"
        "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg0qr6/33xhqQKt5tk\n"
        "GwsT77P/tynuvKhlBdsD2rXvOFuhRANCAASVNdAnfRQIGlDQpX7s2iAwbyMo6VAm\n"
        "oviRNwEeYH7p6MYBPVHQzNsUC6xh5DEaRVFx8S/wIYc5/9NwqfAXDjrA\n"
        "-----END PRIVATE KEY-----\n";
    const auto record = tls::tlsa_of_private_key(pem);
    REQUIRE(record);
    CHECK(
        text(*record) == "3 1 1 6576587de17c34f92447ad3c198d745a4df7da2cf7bfe7e53766f0baeb77d7d3"
    );
    CHECK(is_usable(*record));
    CHECK(
        tls::tlsa_of_private_key("nonsense").error() ==
        "is no private key in PEM without a passphrase"
    );
}

TEST_CASE("the record of a private key is that of the certificate made for it") {
    const Minted minted;
    const auto record = tls::tlsa_of_private_key(minted.text("key.pem"));
    REQUIRE(record);
    CHECK(*record == TlsaRecord{3, 1, 1, public_key_digest(minted.text("cert.pem"))});
    CHECK(tls::is_usable(*record));
    CHECK(
        tls::tlsa_of_private_key(minted.text("cert.pem")).error() ==
        "is no private key in PEM without a passphrase"
    );
}
