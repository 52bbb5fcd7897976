// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/net/tls/error.hpp"
#include "core/net/tls/freed.hpp"

/// What certificates and requests for them are made of, over OpenSSL. For the files of this folder.
namespace outpost::tls {

using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>>;

/// A value that OpenSSL gave, or std::runtime_error when it gave none.
template <class T>
T checked(T value, const char* what) {
    if (!value)
        throw std::runtime_error(
            std::string("cannot make a certificate: ") + what + ": " + last_openssl_error()
        );
    return value;
}

/// X.509 version 3, valid from an hour ago, not signed yet. Without issuer it is its own.
Certificate make_certificate(
    EVP_PKEY* key, const std::string& common_name, long serial, X509* issuer, long days
);

/// An extension in OpenSSL's notation: NID_subject_alt_name, "DNS:mx.example.org".
void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value);

/// The value of a subjectAltName for DNS names and IP addresses.
std::string alternative_names(const std::vector<std::string>& names);

}  // namespace outpost::tls
