// SPDX-License-Identifier: Apache-2.0
#include "core/net/tls/host_key.hpp"

#include <doctest/doctest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>

#include "core/foundation/base/crypto.hpp"
#include "core/foundation/base/private_key.hpp"
#include "core/net/tls/freed.hpp"
#include "core/net/tls/tlsa.hpp"

using namespace outpost;
using tls::Freed;
using tls::HostKey;

namespace {

using Bio = std::unique_ptr<BIO, Freed<BIO_free>>;
using Request = std::unique_ptr<X509_REQ, Freed<X509_REQ_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Names = std::unique_ptr<GENERAL_NAMES, Freed<GENERAL_NAMES_free>>;

Bio reading(const std::string& pem) {
    return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

Request parse_request(const std::string& pem) {
    Request request(PEM_read_bio_X509_REQ(reading(pem).get(), nullptr, nullptr, nullptr));
    REQUIRE(request != nullptr);
    return request;
}

Certificate parse_certificate(const std::string& pem) {
    Certificate certificate(PEM_read_bio_X509(reading(pem).get(), nullptr, nullptr, nullptr));
    REQUIRE(certificate != nullptr);
    return certificate;
}

std::vector<std::string> texts(const Names& names) {
    std::vector<std::string> all;
    for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
        int kind = 0;
        const auto* name = static_cast<const ASN1_STRING*>(
            GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &kind)
        );
        if (kind != GEN_DNS) continue;
        all.emplace_back(
            reinterpret_cast<const char*>(ASN1_STRING_get0_data(name)),
            static_cast<std::size_t>(ASN1_STRING_length(name))
        );
    }
    return all;
}

std::vector<std::string> names_of(X509_REQ* request) {
    auto* extensions = X509_REQ_get_extensions(request);
    const Names names(static_cast<GENERAL_NAMES*>(
        X509V3_get_d2i(extensions, NID_subject_alt_name, nullptr, nullptr)
    ));
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    return texts(names);
}

std::string subject(X509_NAME* name) {
    char text[100] = "";
    X509_NAME_get_text_by_NID(name, NID_commonName, text, sizeof text);
    return text;
}

}  // namespace

TEST_CASE("host keys are PKCS #8 and of the promised kinds") {
    for (const auto& [key, kind, bits] :
         {std::tuple{HostKey::make_ecdsa(), EVP_PKEY_EC, 256},
          std::tuple{HostKey::make_rsa(), EVP_PKEY_RSA, 2048}}) {
        const Secret pem = key.pem();
        CHECK(pem.reveal().starts_with("-----BEGIN PRIVATE KEY-----\n"));
        const auto parsed = crypto::parse_private_key(pem.reveal());
        REQUIRE(parsed);
        CHECK(EVP_PKEY_get_base_id(parsed->get()) == kind);
        CHECK(EVP_PKEY_get_bits(parsed->get()) == bits);
    }
    CHECK_FALSE(HostKey::make_ecdsa().pem() == HostKey::make_ecdsa().pem());
}

TEST_CASE("a request is signed by its key and names all hosts") {
    for (const auto& key : {HostKey::make_ecdsa(), HostKey::make_rsa()}) {
        const auto request =
            parse_request(key.request({"mail.example.org", "mta-sts.example.org"}));
        CHECK(X509_REQ_verify(request.get(), X509_REQ_get0_pubkey(request.get())) == 1);
        CHECK(subject(X509_REQ_get_subject_name(request.get())) == "mail.example.org");
        CHECK(
            names_of(request.get()) ==
            std::vector<std::string>{"mail.example.org", "mta-sts.example.org"}
        );
        const auto own = crypto::parse_private_key(key.pem().reveal());
        CHECK(
            crypto::public_key_info(own->get()) ==
            crypto::public_key_info(X509_REQ_get0_pubkey(request.get()))
        );
    }
    CHECK_THROWS_AS(HostKey::make_ecdsa().request({}), std::invalid_argument);
}

TEST_CASE("a name that is too long for a subject is still asked for") {
    const std::string label(60, 'a'), name = label + "." + label + ".example.org";
    const auto key = HostKey::make_ecdsa();
    const auto request = parse_request(key.request({name}));
    CHECK(subject(X509_REQ_get_subject_name(request.get())).empty());
    CHECK(names_of(request.get()) == std::vector{name});
    const auto certificate = parse_certificate(key.self_signed({name}, 30));
    CHECK(X509_check_host(certificate.get(), name.data(), name.size(), 0, nullptr) == 1);
}

TEST_CASE("a self-signed certificate fits the key and its TLSA record") {
    const auto key = HostKey::make_ecdsa();
    const auto certificate = parse_certificate(key.self_signed({"mail.example.org"}, 30));
    EVP_PKEY* inside = X509_get0_pubkey(certificate.get());
    CHECK(X509_verify(certificate.get(), inside) == 1);
    CHECK(X509_check_host(certificate.get(), "mail.example.org", 0, 0, nullptr) == 1);
    CHECK(X509_check_host(certificate.get(), "other.example.org", 0, 0, nullptr) == 0);
    CHECK(X509_cmp_current_time(X509_get0_notBefore(certificate.get())) < 0);
    CHECK(X509_cmp_current_time(X509_get0_notAfter(certificate.get())) > 0);
    const auto record = tls::tlsa_of_private_key(key.pem().reveal());
    REQUIRE(record);
    CHECK(record->data == crypto::digest(crypto::Hash::sha256, crypto::public_key_info(inside)));
}
