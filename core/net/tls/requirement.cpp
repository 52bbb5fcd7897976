// SPDX-License-Identifier: Apache-2.0
#include "core/net/tls/requirement.hpp"

#include <algorithm>

#include "core/net/tls/tlsa.hpp"

namespace outpost::tls {
namespace {

/// Union of two lists as a sorted set: what makes the join commutative and idempotent.
template <class T>
std::vector<T> united(std::vector<T> a, const std::vector<T>& b) {
    a.insert(a.end(), b.begin(), b.end());
    std::sort(a.begin(), a.end());
    a.erase(std::unique(a.begin(), a.end()), a.end());
    return a;
}

std::string joined(const std::vector<std::string>& parts, const char* separator) {
    std::string out;
    for (const std::string& part : parts) {
        if (!out.empty()) out += separator;
        out += part;
    }
    return out;
}

}  // namespace

TlsRequirement TlsRequirement::encrypted(std::string source) {
    TlsRequirement requirement;
    requirement.must_use_tls = true;
    requirement.sources.push_back(std::move(source));
    return requirement;
}

TlsRequirement TlsRequirement::verified(std::vector<std::string> names, std::string source) {
    TlsRequirement requirement = encrypted(std::move(source));
    requirement.pkix.push_back({united(std::move(names), {})});
    return requirement;
}

TlsRequirement TlsRequirement::stricter(const TlsRequirement& other) const {
    TlsRequirement out;
    out.must_use_tls = must_use_tls || other.must_use_tls;
    out.pkix = united(pkix, other.pkix);
    out.dane = united(dane, other.dane);
    out.must_announce_requiretls = must_announce_requiretls || other.must_announce_requiretls;
    out.forbidden = united(forbidden, other.forbidden);
    out.sources = united(sources, other.sources);
    out.ignore_errors = ignore_errors && other.ignore_errors;
    return out;
}

TlsRequirement TlsRequirement::relaxed() const {
    TlsRequirement out = *this;
    out.ignore_errors = true;
    return out;
}

bool TlsRequirement::plaintext_allowed() const noexcept {
    return ignore_errors || (!must_use_tls && !needs_verification() && !must_announce_requiretls &&
                             forbidden.empty());
}

std::string TlsRequirement::describe() const {
    std::vector<std::string> parts;
    for (const Refusal& refusal : forbidden)
        parts.push_back(refusal.reason);
    const std::string ignored = ignore_errors ? ", errors ignored" : "";
    if (!parts.empty()) return "forbidden(" + joined(parts, "; ") + ")" + ignored;
    if (!dane.empty()) parts.emplace_back("dane");
    for (const PkixRequirement& one : pkix)
        parts.push_back("pkix(" + joined(one.names, ",") + ")");
    if (must_announce_requiretls) parts.emplace_back("requiretls");
    if (parts.empty()) parts.emplace_back(must_use_tls ? "encrypted" : "opportunistic");
    return joined(parts, "+") + ignored;
}

// Each part is written with its length, so that no two requirements read the same.
std::string TlsRequirement::exact() const {
    std::string out;
    const auto add = [&out](const std::string& part) {
        out += std::to_string(part.size()) + ":" + part;
    };
    const auto add_all = [&](const std::vector<std::string>& parts) {
        out += "[";
        for (const std::string& part : parts)
            add(part);
        out += "]";
    };
    for (const bool flag : {must_use_tls, must_announce_requiretls, ignore_errors})
        out += flag ? '1' : '0';
    for (const PkixRequirement& one : pkix) {
        out += "p";
        add_all(one.names);
    }
    for (const DaneRequirement& one : dane) {
        out += "d";
        add(one.base_domain);
        add_all(one.names);
        std::vector<std::string> records;
        for (const TlsaRecord& record : one.records)
            records.push_back(text(record));
        add_all(records);
    }
    for (const Refusal& refusal : forbidden) {
        out += "f" + std::to_string(static_cast<int>(refusal.kind));
        add(refusal.reason);
        add(refusal.policy);
    }
    add_all(sources);
    return out;
}

}  // namespace outpost::tls
