// SPDX-License-Identifier: Apache-2.0
#include "core/publication/compare.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/encoding.hpp"
#include "core/dkim/key_record.hpp"
#include "core/tls/tlsa.hpp"

namespace outpost::publication {
namespace {

using Kind = Finding::Kind;

/// Data as records that should be published have it.
std::string value_of(const dns::Record& record) {
    switch (record.type) {
        case dns::Type::mx:
            return fmt::format("{} {}.", record.preference, record.text);
        case dns::Type::cname:
        case dns::Type::ptr:
            return record.text + ".";
        case dns::Type::tlsa: {
            const auto tlsa = tls::parse_tlsa(record.text);
            return tlsa ? tls::text(*tlsa) : hex_encode(record.text);
        }
        default:
            return record.text;
    }
}

/// What a text is for: its version tag, "v=spf1". A DKIM key need not have one.
std::string_view purpose(std::string_view text) {
    return text.substr(0, text.find_first_of("; "));
}

bool serves(const Record& wanted, const std::string& found) {
    if (wanted.type != dns::Type::txt) return true;
    const bool is_key = wanted.name.find("._domainkey.") != std::string::npos;
    return is_key || iequals(purpose(found), purpose(wanted.value));
}

bool same_key(const std::string& a, const std::string& b) {
    const auto one = dkim::parse_key_record(a), other = dkim::parse_key_record(b);
    return one && other && one->key_type == other->key_type && one->key == other->key;
}

/// The order of tags, spaces and letters of names may differ where they mean nothing.
bool means_the_same(const Record& wanted, const std::string& found) {
    if (wanted.value == found) return true;
    if (wanted.type == dns::Type::txt) return same_key(wanted.value, found);
    return iequals(wanted.value, found);
}

/// Several records of one purpose at a name make all of them void.
bool stands_alone(dns::Type type) {
    return type == dns::Type::txt || type == dns::Type::cname;
}

std::string joined(const std::vector<std::string>& values) {
    std::string text;
    for (const auto& value : values)
        text += (text.empty() ? "" : " and ") + value;
    return text;
}

/// Whether each that was found is one of those wanted.
bool has_foreign(const Wanted& wanted, const std::vector<std::string>& found) {
    return std::any_of(found.begin(), found.end(), [&](const std::string& value) {
        return std::none_of(
            wanted.records.begin(), wanted.records.end(),
            [&](const Record& record) { return means_the_same(record, value); }
        );
    });
}

Finding finding_of(const Record& record, const Wanted& wanted, const dns::Answer& answer) {
    Finding finding{Kind::ok, record, {}, answer.security, {}};
    for (const auto& found : answer.records) {
        auto value = value_of(found);
        if (serves(record, value)) finding.found.push_back(std::move(value));
    }
    const bool there =
        std::any_of(finding.found.begin(), finding.found.end(), [&](const std::string& value) {
            return means_the_same(record, value);
        });
    if (finding.found.empty()) {
        finding.kind = Kind::missing;
        finding.problem = answer.nxdomain ? "the name does not exist" : "there is no such record";
    } else if (!there && !has_foreign(wanted, finding.found)) {
        finding.kind = Kind::missing;
        finding.problem = "only others of the set are there: " + joined(finding.found);
    } else if (!there) {
        finding.kind = Kind::wrong;
        finding.problem = "there is " + joined(finding.found) + " instead";
    } else if (stands_alone(record.type) && finding.found.size() > 1) {
        finding.kind = Kind::wrong;
        finding.problem = "there may be only one: " + joined(finding.found);
    } else if (record.type == dns::Type::tlsa && answer.security != dns::Security::secure) {
        finding.kind = Kind::wrong;
        finding.problem = fmt::format(
            "the answer is {}, so that nobody looks at it: sign the zone",
            dns::text(answer.security)
        );
    } else if (has_foreign(wanted, finding.found) && record.type != dns::Type::tlsa) {
        finding.kind = Kind::wrong;
        finding.problem = "others are there too: " + joined(finding.found);
    }
    return finding;
}

}  // namespace

std::string_view text(Finding::Kind kind) noexcept {
    switch (kind) {
        case Kind::ok:
            return "ok";
        case Kind::missing:
            return "missing";
        case Kind::wrong:
            return "wrong";
        case Kind::unknown:
            break;
    }
    return "unknown";
}

std::vector<Wanted> questions(const Records& records) {
    std::vector<Wanted> all;
    for (const Record& record : records) {
        const auto same = std::find_if(all.begin(), all.end(), [&](const Wanted& wanted) {
            return wanted.name == record.name && wanted.type == record.type;
        });
        if (same == all.end())
            all.push_back({record.name, record.type, {record}});
        else
            same->records.push_back(record);
    }
    return all;
}

std::vector<Finding> compare(
    const Wanted& wanted, const Result<dns::Answer, dns::Failure>& outcome
) {
    std::vector<Finding> findings;
    for (const Record& record : wanted.records) {
        if (outcome) {
            findings.push_back(finding_of(record, wanted, *outcome));
            continue;
        }
        const auto& failure = outcome.error();
        const auto security =
            failure.is_dnssec() ? dns::Security::bogus : dns::Security::indeterminate;
        findings.push_back({Kind::unknown, record, {}, security, failure.text});
    }
    return findings;
}

}  // namespace outpost::publication
