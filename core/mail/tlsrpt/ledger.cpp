// SPDX-License-Identifier: Apache-2.0
#include "core/mail/tlsrpt/ledger.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/mail/tlsrpt/certificate_detail.hpp"
#include "core/mail/tlsrpt/merge.hpp"

namespace outpost::tlsrpt {
namespace {

using tls::Refusal;
using tls::TlsFailure;
using tls::TlsObservation;

bool says_nothing(const Result& result) {
    return result.successes == 0 && result.failures == 0 && result.details.empty();
}

// RFC 8460 section 4.3.2.1: why there are no TLSA records, where DNSSEC is the reason.
bool is_dnssec(const Result& result) {
    return std::any_of(result.details.begin(), result.details.end(), [](const auto& detail) {
        return detail.type == ResultType::dnssec_invalid;
    });
}

FailureDetail of_host(const std::string& host, ResultType type, std::string reason_code) {
    FailureDetail made = detail(type, std::move(reason_code), 1);
    made.receiving_mx_hostname = host;
    return made;
}

/// The same, met in a session.
FailureDetail met(const std::string& host, const TlsObservation& seen, FailureDetail what) {
    what.receiving_mx_hostname = host;
    what.sending_mta_ip = seen.sending_ip;
    what.receiving_ip = seen.receiving_ip;
    what.receiving_mx_helo = seen.helo;
    what.sessions = 1;
    return what;
}

/// What kept a session from TLS: for the domain and the host alike.
std::optional<FailureDetail> tls_problem(const TlsObservation& seen) {
    if (!seen.failure) {
        const bool in_clear = !seen.starttls_offered && !seen.starttls_tried && !seen.reached;
        if (in_clear) return detail(ResultType::starttls_not_supported);
        return std::nullopt;
    }
    switch (seen.failure->kind) {
        case TlsFailure::Kind::starttls_refused:
            return detail(
                ResultType::starttls_not_supported,
                fmt::format("smtp-starttls-reply-code-{}", seen.failure->reply_code)
            );
        case TlsFailure::Kind::handshake:
        case TlsFailure::Kind::alert_after:
            return detail(ResultType::validation_failure, seen.failure->reason_code);
        case TlsFailure::Kind::pkix:
        case TlsFailure::Kind::dane:
            break;
    }
    return std::nullopt;
}

/// What PKIX has against the certificate, whether anybody asked for PKIX or not: for the domain.
std::optional<FailureDetail> certificate_problem(const TlsObservation& seen) {
    if (seen.reached && !seen.reached->pkix_verified) return certificate_detail(*seen.reached);
    if (!seen.reached && seen.failure && seen.failure->kind == TlsFailure::Kind::pkix)
        return detail(ResultType::certificate_not_trusted, seen.failure->reason_code);
    return std::nullopt;
}

/// Failed verification may have no consequence; a session that did not reach TLS has failed, even
/// if the mail then goes in clear.
bool failed(const TlsObservation& seen) {
    if (seen.given_up) return true;
    if (!seen.failure) return false;
    return seen.failure->kind != TlsFailure::Kind::pkix &&
           seen.failure->kind != TlsFailure::Kind::dane;
}

/// That the certificate matches no TLSA record, whether DANE is enforced, ignored or only watched:
/// for the host.
std::optional<FailureDetail> record_problem(const TlsObservation& seen) {
    const bool by_dane = seen.failure && seen.failure->kind == TlsFailure::Kind::dane;
    if (!by_dane && !(seen.reached && seen.reached->dane_verified == false)) return std::nullopt;
    const bool has_code = by_dane && !seen.failure->reason_code.empty();
    return detail(
        ResultType::validation_failure, has_code ? seen.failure->reason_code : "dane-no-match"
    );
}

}  // namespace

Ledger::Ledger(std::string recipient_domain) : domain_(std::move(recipient_domain)) {}

void Ledger::domain_lookup_failed(const dns::Failure& failure) {
    if (!failure.is_dnssec()) return;
    ++of_domain_.failures;
    add(of_domain_.details, detail(ResultType::validation_failure, failure.reason_code(), 1));
}

void Ledger::domain_policy(Finding finding) {
    of_domain_.found = std::move(finding);
}

void Ledger::host_policy(const std::string& host, Finding finding) {
    for (FailureDetail& trouble : finding.details)
        trouble.receiving_mx_hostname = host;
    of_hosts_[host].found = std::move(finding);
}

void Ledger::host_lookup_failed(const std::string& host, const dns::Failure& failure) {
    if (!failure.is_dnssec()) return;
    Account& account = of_hosts_[host];
    // TLSA records were not looked up, yet such an answer is a failure of DANE.
    if (!account.found) account.found = Finding{{PolicyType::tlsa, {}, host, {}}, {}};
    ++account.failures;
    ++of_domain_.failures;
    add(account.details, of_host(host, ResultType::validation_failure, failure.reason_code()));
}

void Ledger::refused(const std::string& host, const Refusal& refusal, bool ignored) {
    const int stopped = ignored ? 0 : 1;
    switch (refusal.kind) {
        case Refusal::Kind::domain_unknown:
            // It concerns every host, but it is one session that did not happen.
            of_domain_.troubled = 1;
            of_domain_.stopped = std::max<std::int64_t>(of_domain_.stopped, stopped);
            return;
        case Refusal::Kind::domain_excludes:
            of_domain_.failures += stopped;
            add(of_domain_.details,
                of_host(host, ResultType::validation_failure, "mtasts-policy-mx-mismatch"));
            return;
        case Refusal::Kind::host_unknown:
            of_hosts_[host].troubled += 1;
            of_hosts_[host].stopped += stopped;
            return;
        case Refusal::Kind::host_unproven:
            of_hosts_[host].dane_required = true;
            of_hosts_[host].failures += stopped;
            of_domain_.failures += stopped;
            add(of_hosts_[host].details, of_host(host, ResultType::dane_required, {}));
            return;
        case Refusal::Kind::requiretls:
            return;  // the sender asked for it; nothing that the domain published failed
    }
}

void Ledger::session(const std::string& host, const TlsObservation& seen) {
    Account& of_this_host = of_hosts_[host];
    for (Account* account : {&of_domain_, &of_this_host}) {
        if (failed(seen))
            ++account->failures;
        else if (seen.reached)
            ++account->successes;
        if (const auto problem = tls_problem(seen))
            add(account->details, met(host, seen, *problem));
    }
    if (const auto problem = certificate_problem(seen))
        add(of_domain_.details, met(host, seen, *problem));
    if (const auto problem = record_problem(seen))
        add(of_this_host.details, met(host, seen, *problem));
}

Result Ledger::close(const Account& account, const std::string& name, bool of_host) const {
    Result result{
        {PolicyType::no_policy_found, {}, name, {}},
        of_host,
        account.successes,
        account.failures + account.stopped,
        {}
    };
    if (account.found) {
        result.policy = account.found->policy;
        for (FailureDetail trouble : account.found->details) {
            trouble.sessions += account.troubled;
            add(result.details, std::move(trouble));
        }
    }
    if (account.dane_required) result.policy.type = PolicyType::tlsa;
    for (const FailureDetail& one : account.details)
        add(result.details, one);
    return result;
}

std::vector<Result> Ledger::results() const {
    Result of_domain = close(of_domain_, domain_, false);
    bool told_by_host = false;
    std::vector<Result> all;
    for (const auto& [host, account] : of_hosts_) {
        Result result = close(account, host, true);
        if (is_dnssec(result)) of_domain.failures += account.stopped;
        if (says_nothing(result)) continue;
        if (result.policy.domain == of_domain.policy.domain) {
            if (result.policy.type == PolicyType::no_policy_found) continue;
            told_by_host = true;
        }
        all.push_back(std::move(result));
    }
    const bool told = of_domain.policy.type == PolicyType::no_policy_found && told_by_host;
    if (!says_nothing(of_domain) && !told) all.push_back(std::move(of_domain));
    return merge({}, all);
}

}  // namespace outpost::tlsrpt
