// SPDX-License-Identifier: Apache-2.0
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <ctime>
#include <memory>

#include <asio/ip/address.hpp>

#include "core/foundation/base/crypto.hpp"
#include "core/foundation/base/encoding.hpp"
#include "core/net/tls/freed.hpp"
#include "core/net/tls/judge.hpp"

namespace outpost::tls {
namespace {

std::string distinguished_name(const X509_NAME* name) {
    const std::unique_ptr<BIO, Freed<BIO_free>> out(BIO_new(BIO_s_mem()));
    X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
    char* text = nullptr;
    const long size = BIO_get_mem_data(out.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

WallTime wall_time(const ASN1_TIME* time) {
    std::tm parts{};
    if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
    return WallClock::from_time_t(timegm(&parts));
}

std::string octets(const ASN1_STRING* text) {
    return {
        reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
        static_cast<std::size_t>(ASN1_STRING_length(text))
    };
}

std::string ip_text(const std::string& raw) {
    if (raw.size() == 4) {
        asio::ip::address_v4::bytes_type bytes;
        std::copy(raw.begin(), raw.end(), bytes.begin());
        return asio::ip::make_address_v4(bytes).to_string();
    }
    asio::ip::address_v6::bytes_type bytes{};
    if (raw.size() == bytes.size()) std::copy(raw.begin(), raw.end(), bytes.begin());
    return asio::ip::make_address_v6(bytes).to_string();
}

std::vector<std::string> alternative_names(const X509* certificate) {
    std::vector<std::string> names;
    const std::unique_ptr<GENERAL_NAMES, Freed<GENERAL_NAMES_free>> all(static_cast<GENERAL_NAMES*>(
        X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)
    ));
    for (int i = 0; all && i < sk_GENERAL_NAME_num(all.get()); ++i) {
        const GENERAL_NAME* const name = sk_GENERAL_NAME_value(all.get(), i);
        if (name->type == GEN_DNS) names.push_back(octets(name->d.dNSName));
        if (name->type == GEN_IPADD) names.push_back(ip_text(octets(name->d.iPAddress)));
    }
    return names;
}

std::string public_key_of(X509* certificate) {
    unsigned char* der = nullptr;
    const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
    if (size <= 0) return {};
    std::string out(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
    OPENSSL_free(der);
    return out;
}

CertificateFacts facts_of(X509* certificate) {
    return {
        distinguished_name(X509_get_subject_name(certificate)),
        distinguished_name(X509_get_issuer_name(certificate)),
        wall_time(X509_get0_notBefore(certificate)),
        wall_time(X509_get0_notAfter(certificate)),
        alternative_names(certificate),
        hex_encode(crypto::digest(crypto::Hash::sha256, public_key_of(certificate))),
    };
}

}  // namespace

std::vector<CertificateFacts> peer_chain(ssl_st* ssl) {
    std::vector<CertificateFacts> chain;
    STACK_OF(X509)* const shown = SSL_get_peer_cert_chain(ssl);
    for (int i = 0; shown != nullptr && i < sk_X509_num(shown); ++i)
        chain.push_back(facts_of(sk_X509_value(shown, i)));
    return chain;
}

}  // namespace outpost::tls
