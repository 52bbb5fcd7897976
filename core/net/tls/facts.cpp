// SPDX-License-Identifier: Apache-2.0
#include "core/net/tls/facts.hpp"

namespace outpost::tls {
namespace {

/// Enough of a record to find it in a zone file.
std::string shortened(const std::string& record) {
    constexpr std::size_t most = 22;  // "3 1 1 " and eight octets
    return record.size() <= most ? record : record.substr(0, most) + "...";
}

}  // namespace

std::string TlsFacts::summary() const {
    std::string out;
    const auto add = [&out](const std::string& part) { out += (out.empty() ? "" : ", ") + part; };
    if (dane_verified)
        add(*dane_verified ? "dane " + shortened(dane_record) + " matched" : "dane: " + dane_error);
    add(pkix_verified ? "pkix verified" : "pkix: " + pkix_error);
    if (unmet) add("not met: " + unmet->reason);
    if (watched) add("would have failed: " + watched->reason);
    return out;
}

}  // namespace outpost::tls
