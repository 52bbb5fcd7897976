// SPDX-License-Identifier: Apache-2.0
#include "core/domains/check/tlsa.hpp"

#include <fmt/format.h>

#include "core/foundation/base/sequence.hpp"
#include "core/net/dns/type_name.hpp"
#include "core/net/tls/tlsa.hpp"

namespace outpost::domain_check {
namespace {

constexpr std::uint8_t dane_ee = 3;

std::vector<tls::TlsaRecord> records_of(const dns::Answer& answer) {
    std::vector<tls::TlsaRecord> records;
    for (const auto& one : answer.records) {
        if (auto record = tls::parse_tlsa(one.text)) records.push_back(std::move(*record));
    }
    return records;
}

Finding judge_without_keys(const Subject& about) {
    if (!about.found.empty())
        return ok(about, "there are records, and no 'host_keys' to compare them with");
    return problem(
        Grade::warning, about, "no key is configured that a record could be published of: no DANE",
        "name the keys of the host's certificates in 'host_keys'"
    );
}

Finding judge_unsigned(const Subject& about) {
    if (*about.security == dns::Security::indeterminate) {
        return problem(
            Grade::warning, about, "whether the zone is signed is not known: see the resolver",
            "let a validating resolver answer"
        );
    }
    return problem(
        Grade::warning, about,
        about.found.empty() ? "the zone is not signed: there can be no DANE"
                            : "the zone is not signed: nobody looks at the records",
        "sign the zone, and have its DS record published by the parent"
    );
}

void judge_keys(
    Findings& findings, const Subject& about, const std::vector<tls::TlsaRecord>& keys,
    const dns::Answer& answer
) {
    const auto records = records_of(answer);
    for (const auto& key : keys) {
        if (contains(records, key)) {
            findings.push_back(ok(about, fmt::format("{}: a configured key", tls::text(key))));
            continue;
        }
        findings.push_back(problem(
            Grade::missing, about,
            records.empty() ? absence(answer) : "a configured key is not among the records",
            "publish the record before a certificate with this key is served", tls::text(key)
        ));
    }
}

void judge_others(
    Findings& findings, const Subject& about, const std::vector<tls::TlsaRecord>& keys,
    const dns::Answer& answer
) {
    for (const auto& record : records_of(answer)) {
        if (!tls::is_usable(record)) {
            findings.push_back(problem(
                Grade::warning, about,
                fmt::format("{}: not of use in SMTP (RFC 7672 section 3.1)", tls::text(record)),
                "take the record away: DANE-EE and DANE-TA (2 and 3) alone count"
            ));
        } else if (record.usage == dane_ee && !contains(keys, record)) {
            findings.push_back(problem(
                Grade::warning, about,
                fmt::format("{}: of none of the configured keys", tls::text(record)),
                "take the record away, unless it is of the certificate that is still served"
            ));
        }
    }
}

}  // namespace

std::vector<tls::TlsaRecord> usable_records(const dns::Answer& answer) {
    auto records = records_of(answer);
    std::erase_if(records, [](const auto& record) { return !tls::is_usable(record); });
    return records;
}

bool binds_senders(const Lookup& answer) {
    return answer && answer->security == dns::Security::secure && !usable_records(*answer).empty();
}

Findings judge_tlsa(
    const std::string& host, const std::vector<tls::TlsaRecord>& keys, const Lookup& answer
) {
    const auto name = "_25._tcp." + host;
    if (!answer) return {no_answer(Topic::tlsa, name, answer.error())};
    auto about = subject(Topic::tlsa, name, *answer);
    for (const auto& record : records_of(*answer))
        about.found.push_back(tls::text(record));
    if (answer->security != dns::Security::secure) return {judge_unsigned(about)};
    if (keys.empty()) return {judge_without_keys(about)};
    Findings findings;
    judge_keys(findings, about, keys, *answer);
    judge_others(findings, about, keys, *answer);
    return findings;
}

Findings judge_path_to_tlsa(const std::string& domain, const Lookup& mx) {
    if (!mx || mx->records.empty() || mx->security == dns::Security::secure) return {};
    if (mx->security == dns::Security::indeterminate) return {};  // the resolver's finding says it
    return {problem(
        Grade::warning, subject(Topic::tlsa, domain, *mx),
        "the domain's zone is not signed: senders to it ask for no TLSA records",
        "sign the zone, and have its DS record published by the parent"
    )};
}

}  // namespace outpost::domain_check
