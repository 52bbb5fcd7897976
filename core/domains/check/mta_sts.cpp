// SPDX-License-Identifier: Apache-2.0
#include "core/domains/check/mta_sts.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/foundation/base/encoding.hpp"
#include "policies/mta_sts/fetcher.hpp"
#include "policies/mta_sts/record.hpp"

namespace outpost::domain_check {
namespace {

using namespace std::chrono_literals;
using domain_records::MtaStsPolicy;

constexpr auto advised_age = 24h;

std::vector<std::string> sorted(std::vector<std::string> names) {
    for (auto& name : names)
        name = to_lower(name);
    std::sort(names.begin(), names.end());
    return names;
}

/// Where the served policy differs from the configured one; empty: nowhere.
std::string difference(const mta_sts::Policy& served, const MtaStsPolicy& configured) {
    if (mta_sts::text(served.mode) != to_string(configured.mode)) {
        return fmt::format(
            "its mode is {}, and {} is configured", mta_sts::text(served.mode),
            to_string(configured.mode)
        );
    }
    if (sorted(served.mx) != sorted(configured.mx)) {
        return fmt::format(
            "it names {}, and {} is configured", fmt::join(served.mx, ", "),
            fmt::join(configured.mx, ", ")
        );
    }
    if (served.max_age != configured.max_age) {
        return fmt::format(
            "its max_age is {}, and {} is configured", served.max_age.count(),
            configured.max_age.count()
        );
    }
    return {};
}

Finding not_served(Subject about, const http_client::Failure& failure) {
    using Kind = http_client::Failure::Kind;
    const auto summary = "the policy cannot be fetched: " + failure.text;
    if (failure.kind == Kind::no_address) {
        return problem(
            Grade::missing, about, summary,
            fmt::format("publish {}, and serve the policy there", about.name)
        );
    }
    if (failure.kind == Kind::certificate) {
        return problem(
            Grade::wrong, about, summary,
            fmt::format("get a certificate for {} that everybody trusts", about.name)
        );
    }
    const bool passing =
        failure.kind == Kind::dns || failure.kind == Kind::timeout || failure.kind == Kind::stopped;
    const bool by_dnssec = failure.lookup && failure.lookup->is_dnssec();
    return problem(
        passing && !by_dnssec ? Grade::unknown : Grade::wrong, std::move(about), summary,
        passing ? "ask again later" : "let a web server answer HTTPS there, with the policy alone"
    );
}

Finding not_usable(Subject about, const mta_sts::Trouble& trouble, const MtaStsPolicy& wanted) {
    const bool absent = trouble.kind == mta_sts::Trouble::Kind::no_policy_served;
    return problem(
        absent ? Grade::missing : Grade::wrong, std::move(about), trouble.text,
        "serve the policy as text/plain at /.well-known/mta-sts.txt",
        domain_records::policy_text(wanted)
    );
}

/// What could be better in the policy itself, even if it is as configured.
void add_doubts(Findings& findings, const Subject& about, const mta_sts::Policy& policy) {
    if (policy.mode != mta_sts::Mode::enforce) {
        findings.push_back(problem(
            Grade::warning, about,
            fmt::format("mode {}: nobody insists on verified TLS", mta_sts::text(policy.mode)),
            "choose enforce once reports show that all sessions succeed"
        ));
    }
    if (policy.max_age <= advised_age && policy.mode == mta_sts::Mode::enforce) {
        findings.push_back(problem(
            Grade::warning, about,
            fmt::format(
                "senders forget it after {} s: who keeps them from the policy host for so long "
                "gets mail in clear",
                policy.max_age.count()
            ),
            "choose a max_age of weeks"
        ));
    }
}

/// Both ways: hosts that the policy excludes, and patterns that match no host.
void compare_with_mx(
    Findings& findings, const Subject& about, const mta_sts::Policy& policy, const dns::Answer& mx
) {
    for (const auto& record : mx.records) {
        const auto host = to_lower(record.text);
        if (host.empty() || mta_sts::names_host(policy, host)) continue;
        findings.push_back(problem(
            Grade::wrong, about,
            fmt::format("it does not name {}, which the MX records do", record.text),
            "add the host to the policy, or take it out of the MX records"
        ));
    }
    for (const auto& pattern : policy.mx) {
        mta_sts::Policy alone;
        alone.mx = {pattern};
        const bool used = std::any_of(mx.records.begin(), mx.records.end(), [&](const auto& one) {
            return mta_sts::names_host(alone, to_lower(one.text));
        });
        if (used) continue;
        findings.push_back(problem(
            Grade::warning, about, fmt::format("it names {}, which no MX record does", pattern),
            "take the host out of the policy, unless it is a spare"
        ));
    }
}

}  // namespace

Finding judge_sts_record(
    const std::string& domain, const Lookup& answer, const std::string& expected
) {
    const auto name = "_mta-sts." + domain;
    if (!answer) return no_answer(Topic::mta_sts, name, answer.error());
    auto about = subject(Topic::mta_sts, name, *answer);
    for (const auto& record : answer->records)
        about.found.push_back(record.text);
    const auto id = mta_sts::parse_records(about.found);
    if (id) {
        if (*id == mta_sts::parse_records({expected}).value_or({})) return ok(about, "id " + *id);
        return problem(
            Grade::warning, about,
            fmt::format("the id {} is not that of the configured policy", *id),
            "publish the record: senders who have fetched another policy under this id keep it",
            expected
        );
    }
    switch (id.error()) {
        case mta_sts::RecordFault::several:
            return several_records(about, expected);
        case mta_sts::RecordFault::broken:
            return malformed_record(about, expected);
        case mta_sts::RecordFault::none:
            break;
    }
    return no_record(about, *answer, expected);
}

Findings judge_sts_policy(
    const std::string& domain, const MtaStsPolicy& configured,
    const Result<http_client::Response, http_client::Failure>& served, const Lookup& mx
) {
    Subject about{Topic::mta_sts, "mta-sts." + domain, {}, {}};
    if (!served) return {not_served(std::move(about), served.error())};
    const auto policy = mta_sts::judge(served);
    if (!policy) return {not_usable(std::move(about), policy.error(), configured)};
    about.found = {policy->text};
    Findings findings;
    if (auto other = difference(*policy, configured); !other.empty()) {
        findings.push_back(problem(
            Grade::wrong, about, std::move(other),
            "serve the configured policy, and publish its id",
            domain_records::policy_text(configured)
        ));
    }
    add_doubts(findings, about, *policy);
    if (mx && policy->mode != mta_sts::Mode::none) compare_with_mx(findings, about, *policy, *mx);
    if (findings.empty()) findings.push_back(ok(about, "the configured policy is served"));
    return findings;
}

}  // namespace outpost::domain_check
