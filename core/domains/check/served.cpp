// SPDX-License-Identifier: Apache-2.0
#include "core/domains/check/served.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/foundation/base/encoding.hpp"

namespace outpost::domain_check {
namespace {

/// What stands for the served key in the DNS.
std::string record_of(const tls::CertificateFacts& leaf) {
    return "3 1 1 " + leaf.public_key_sha256;
}

bool is_configured(const tls::CertificateFacts& leaf, const std::vector<tls::TlsaRecord>& keys) {
    return std::any_of(keys.begin(), keys.end(), [&](const auto& key) {
        return iequals(hex_encode(key.data), leaf.public_key_sha256);
    });
}

Finding no_session(Subject about, const Session& session) {
    return problem(
        session.lasting ? Grade::wrong : Grade::unknown, std::move(about), session.trouble,
        session.lasting ? "let a listener take mail on port 25 of the address"
                        : "see whether the address can be reached from here, or ask from elsewhere"
    );
}

Finding no_tls(Subject about, const tls::TlsObservation& seen) {
    if (!seen.starttls_offered) {
        return problem(
            Grade::wrong, std::move(about), "STARTTLS is not offered",
            "give the listener a certificate, and 'tls: starttls'"
        );
    }
    return problem(
        Grade::wrong, std::move(about),
        "TLS fails: " + (seen.failure ? seen.failure->reason : "nobody knows why"),
        "see the log of the server"
    );
}

void judge_dane(
    Findings& findings, const Subject& about, const Session& session, const Demands& demands
) {
    const auto& facts = *session.seen.reached;
    if (!demands.dane) return;
    if (facts.dane_verified.value_or(false)) {
        findings.push_back(
            ok(about, fmt::format("the served certificate matches TLSA {}", facts.dane_record))
        );
        return;
    }
    findings.push_back(problem(
        Grade::wrong, about,
        "no TLSA record is of the served certificate: senders with DANE refuse it (" +
            facts.dane_error + ")",
        "publish the record now, or serve a certificate for a key that has one",
        session.chain.empty() ? std::string() : record_of(session.chain.front())
    ));
}

void judge_pkix(
    Findings& findings, const Subject& about, const tls::TlsFacts& facts, const Demands& demands
) {
    if (!demands.mta_sts) return;
    if (facts.pkix_verified) {
        findings.push_back(ok(about, "the certificate is valid for the name"));
        return;
    }
    findings.push_back(problem(
        Grade::wrong, about,
        "senders that go by the MTA-STS policy refuse the certificate: " + facts.pkix_error,
        "serve a certificate for the name that everybody trusts"
    ));
}

void judge_key(
    Findings& findings, const Subject& about, const Session& session, const Demands& demands
) {
    if (demands.keys.empty() || session.chain.empty()) return;
    if (is_configured(session.chain.front(), demands.keys)) return;
    findings.push_back(problem(
        Grade::warning, about, "the served certificate is for none of the configured keys",
        "name its key in 'host_keys', or have the certificate made for one of them",
        record_of(session.chain.front())
    ));
}

}  // namespace

Findings judge_session(const std::string& host, const Session& session, const Demands& demands) {
    const Subject about{
        Topic::starttls, fmt::format("{} ({})", host, session.address.to_string()), {}, {}
    };
    const auto& seen = session.seen;
    // Trouble with TLS is reported as such, not as a broken session.
    const bool came_to_tls = seen.starttls_tried || seen.reached || seen.failure;
    if (!session.trouble.empty() && !came_to_tls) return {no_session(about, session)};
    if (!seen.reached) return {no_tls(about, seen)};
    Findings findings;
    judge_dane(findings, about, session, demands);
    judge_pkix(findings, about, *seen.reached, demands);
    judge_key(findings, about, session, demands);
    if (findings.empty())
        findings.push_back(ok(
            about,
            fmt::format("{}; nobody asks for a certificate that is verified", seen.reached->version)
        ));
    return findings;
}

}  // namespace outpost::domain_check
