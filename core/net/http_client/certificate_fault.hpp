// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

namespace outpost::http_client {

/// Why OpenSSL refused a certificate, as TLS reports call it: a result type of RFC 8460 and, where
/// that says too little, "+" and a detail. `verdict`: X509_V_ERR_…; X509_V_OK: the name is wrong.
std::string certificate_fault(long verdict);

}  // namespace outpost::http_client
