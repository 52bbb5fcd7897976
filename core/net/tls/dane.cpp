// SPDX-License-Identifier: Apache-2.0
#include "core/net/tls/dane.hpp"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <stdexcept>

#include "core/net/tls/error.hpp"
#include "core/net/tls/tlsa.hpp"

namespace outpost::tls {
namespace {

void check(bool done, const char* what) {
    if (!done) throw std::runtime_error(std::string(what) + ": " + last_openssl_error());
}

}  // namespace

const DaneRequirement* dane_of(const TlsDemand& demand) {
    const DaneRequirement* only = nullptr;
    for (const auto* side : {&demand.enforced, &demand.watched}) {
        for (const DaneRequirement& one : side->dane) {
            if (only != nullptr && one != *only)
                throw std::invalid_argument("two sets of TLSA records for one handshake");
            only = &one;
        }
    }
    return only;
}

void enable_dane(ssl_st* ssl, const DaneRequirement& requirement) {
    check(SSL_dane_enable(ssl, requirement.base_domain.c_str()) == 1, "DANE cannot be enabled");
    SSL_dane_set_flags(ssl, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
    // RFC 9525, for DANE-TA.
    SSL_set_hostflags(
        ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT
    );
    for (const std::string& name : requirement.names) {
        if (name == requirement.base_domain || name.empty() || name.front() == '.') continue;
        check(SSL_add1_host(ssl, name.c_str()) == 1, "not a reference name");
    }
    for (const TlsaRecord& record : requirement.records) {
        const auto* data = reinterpret_cast<const unsigned char*>(record.data.data());
        const int added = SSL_dane_tlsa_add(
            ssl, record.usage, record.selector, record.matching, data, record.data.size()
        );
        if (added <= 0) last_openssl_error();  // not usable: nothing can match it
    }
}

DaneVerdict dane_verdict(ssl_st* ssl) {
    DaneVerdict verdict;
    TlsaRecord record;
    const unsigned char* data = nullptr;
    std::size_t size = 0;
    const int depth =
        SSL_get0_dane_tlsa(ssl, &record.usage, &record.selector, &record.matching, &data, &size);
    const long result = SSL_get_verify_result(ssl);
    if (depth >= 0 && data != nullptr && result == X509_V_OK) {
        record.data.assign(reinterpret_cast<const char*>(data), size);
        verdict.matched = true;
        verdict.record = text(record);
    } else {
        verdict.problem = result == X509_V_OK ? "no TLSA record could be used"
                                              : X509_verify_cert_error_string(result);
    }
    return verdict;
}

}  // namespace outpost::tls
