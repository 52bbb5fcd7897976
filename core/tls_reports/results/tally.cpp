// SPDX-License-Identifier: Apache-2.0
#include "core/tls_reports/results/tally.hpp"

#include <algorithm>
#include <numeric>

#include "core/foundation/base/safe_text.hpp"
#include "core/mail/tlsrpt/merge.hpp"

namespace outpost::tls_results {
namespace {

using tlsrpt::FailureDetail;
using tlsrpt::Policy;

/// About what a node of a map takes besides the text.
constexpr std::size_t entry_octets = 256;
constexpr std::size_t longest_line = 2'000;
/// A server that calls itself by another name in each session gets no more rows than this from one
/// batch.
constexpr std::size_t most_details = 100;

// Greetings, policies and names are strangers' text.
std::string clean(const std::string& text, std::size_t most = longest_line) {
    if (text.size() <= most && is_clean_utf8(text)) return text;
    return safe_text(text, Charset::utf8, most);
}

std::vector<std::string> clean(std::vector<std::string> lines) {
    for (std::string& line : lines)
        line = clean(line);
    return lines;
}

Policy clean(Policy policy) {
    policy.domain = clean(policy.domain);
    policy.strings = clean(std::move(policy.strings));
    policy.mx_hosts = clean(std::move(policy.mx_hosts));
    return policy;
}

FailureDetail clean(FailureDetail detail) {
    constexpr std::size_t longest_greeting = 200;
    detail.receiving_mx_helo = clean(detail.receiving_mx_helo, longest_greeting);
    for (auto* text :
         {&detail.sending_mta_ip, &detail.receiving_mx_hostname, &detail.receiving_ip,
          &detail.additional_information, &detail.failure_reason_code})
        *text = clean(*text);
    return detail;
}

std::size_t octets(const std::vector<std::string>& lines) {
    return std::accumulate(
        lines.begin(), lines.end(), std::size_t{0},
        [](std::size_t sum, const std::string& line) { return sum + line.size() + sizeof(line); }
    );
}

std::size_t octets(const ResultKey& key) {
    return entry_octets + key.recipient_domain.size() + key.policy.domain.size() +
           octets(key.policy.strings) + octets(key.policy.mx_hosts);
}

std::size_t octets(const FailureDetail& detail) {
    return sizeof(detail) + detail.receiving_mx_hostname.size() + detail.receiving_mx_helo.size() +
           detail.failure_reason_code.size() + detail.additional_information.size();
}

/// Returns how many octets that took.
std::size_t add_bounded(std::vector<FailureDetail>& details, FailureDetail more) {
    if (details.size() >= most_details) {
        more.receiving_mx_helo.clear();
        more.receiving_ip.clear();
        more.sending_mta_ip.clear();
    }
    const std::size_t before = details.size(), taken = octets(more);
    tlsrpt::add(details, std::move(more));
    return details.size() > before ? taken : 0;
}

}  // namespace

void Tally::add_results(const Learned& learned) {
    const auto day = std::chrono::floor<std::chrono::days>(learned.at);
    for (const tlsrpt::Result& result : learned.evidence->results) {
        const ResultKey key{day, learned.evidence->domain, clean(result.policy), result.of_host};
        results_.update(key, octets(key), [&](ResultSum& sum) {
            sum.successes += std::max<std::int64_t>(result.successes, 0);
            sum.failures += std::max<std::int64_t>(result.failures, 0);
            sum.send_report = sum.send_report || learned.causes_report;
            std::size_t taken = 0;
            for (const FailureDetail& detail : result.details)
                taken += add_bounded(sum.details, clean(detail));
            return taken;
        });
    }
}

void Tally::add_abilities(const Learned& learned) {
    const AbilityKey key{learned.account, learned.evidence->domain};
    const std::size_t octets = entry_octets + key.account.size() + key.domain.size();
    abilities_.update(key, octets, [&](Abilities& known) {
        const bool newer = learned.at >= known.at;
        known.abilities = newer ? updated(known.abilities, learned.evidence->abilities)
                                : updated(learned.evidence->abilities, known.abilities);
        known.at = std::max(known.at, learned.at);
        return std::size_t{0};
    });
}

Batch Tally::take(std::size_t most) {
    return {results_.take(most), abilities_.take(most)};
}

delivery::DomainAbilities updated(
    delivery::DomainAbilities known, const delivery::DomainAbilities& newer
) {
    const auto update = [](std::optional<bool>& one, const std::optional<bool>& with) {
        if (with) one = with;
    };
    update(known.starttls, newer.starttls);
    update(known.requiretls, newer.requiretls);
    update(known.dnssec, newer.dnssec);
    for (const auto& [policy, protects] : newer.policies)
        known.policies[policy] = protects;
    return known;
}

}  // namespace outpost::tls_results
