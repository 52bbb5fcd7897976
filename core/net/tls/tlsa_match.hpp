// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "core/net/tls/requirement.hpp"

/// TLSA records against certificates in files, as a sender will judge them. Pure.
namespace outpost::tls {

/// The certificates of a PEM file in DER, in their order (leaf first). None: it has none.
std::vector<std::string> certificates_in(std::string_view pem);

/// "3 1 1" for a certificate in DER: the same for all certificates of one key.
TlsaRecord tlsa_of_certificate(const std::string& der);

/// Whether a record is of the first certificate (DANE-EE), or of any of the chain that follows it
/// (DANE-TA), as RFC 7671 section 5 compares them. Whether the chain is valid is not checked.
bool matches(const TlsaRecord& record, const std::vector<std::string>& chain);

}  // namespace outpost::tls
