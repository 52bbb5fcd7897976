// SPDX-License-Identifier: Apache-2.0
#include "core/net/http_client/certificate_fault.hpp"

#include <openssl/x509_vfy.h>

namespace outpost::http_client {

std::string certificate_fault(long verdict) {
    switch (verdict) {
        case X509_V_OK:
        case X509_V_ERR_HOSTNAME_MISMATCH:
            return "certificate-host-mismatch";
        case X509_V_ERR_CERT_HAS_EXPIRED:
            return "certificate-expired";
        case X509_V_ERR_CERT_NOT_YET_VALID:
            return "certificate-not-trusted+not-yet-valid";
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
            return "certificate-not-trusted+self-signed";
        case X509_V_ERR_INVALID_CA:
            return "certificate-not-trusted+not-authorized-to-sign";
        case X509_V_ERR_PATH_LENGTH_EXCEEDED:
            return "certificate-not-trusted+too-many-intermediates";
        case X509_V_ERR_INVALID_PURPOSE:
            return "certificate-not-trusted+incompatible-key-usage";
        case X509_V_ERR_PERMITTED_VIOLATION:
        case X509_V_ERR_EXCLUDED_VIOLATION:
            return "certificate-not-trusted+ca-not-authorized-for-this-name";
        case X509_V_ERR_CERT_REVOKED:
            return "certificate-not-trusted+revoked";
        default:
            return "certificate-not-trusted";
    }
}

}  // namespace outpost::http_client
