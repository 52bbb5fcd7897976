// SPDX-License-Identifier: Apache-2.0
#include "core/domains/check/spf.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/mail/authentication/spf/record.hpp"

namespace outpost::domain_check {
namespace {

using spf::Status;

std::string spent(const spf::Outcome& outcome) {
    return fmt::format(
        "{} of {} look-ups, {} of {} without an answer", outcome.lookup_terms,
        spf::most_lookup_terms, outcome.voids, spf::most_voids
    );
}

std::string why(const spf::Outcome& outcome) {
    const auto& reason = outcome.reason.empty() ? outcome.mechanism : outcome.reason;
    const auto verdict = spf::text(outcome.status);
    return reason.empty() ? std::string(verdict) : fmt::format("{} ({})", verdict, reason);
}

/// "+all", or something that comes to it, lets everybody send for the domain.
bool lets_anybody(const spf::Record& record, const spf::Outcome& stranger) {
    const bool plainly =
        std::any_of(record.directives.begin(), record.directives.end(), [](const auto& directive) {
            return directive.mechanism == spf::Mechanism::all &&
                   directive.qualifier == spf::Qualifier::pass;
        });
    return plainly || stranger.status == Status::pass;
}

Finding judge_record(
    const Subject& about, const spf::Record& record, const spf::Outcome& stranger,
    const std::string& expected
) {
    if (stranger.status == Status::permerror) {
        return problem(
            Grade::wrong, about,
            fmt::format("receivers give up on the record: {}", stranger.reason),
            "mend the records that it includes, or leave some of them out", expected
        );
    }
    if (stranger.status == Status::temperror) {
        return problem(
            Grade::unknown, about, "not all of it could be looked up: " + stranger.reason,
            "ask again later"
        );
    }
    if (lets_anybody(record, stranger)) {
        return problem(
            Grade::warning, about, "anybody may send for the domain: +all, or what comes to it",
            "end the record with ~all or -all", expected
        );
    }
    if (stranger.status == Status::neutral || stranger.status == Status::none) {
        return problem(
            Grade::warning, about, "the record says nothing about mail from elsewhere",
            "end the record with ~all or -all", expected
        );
    }
    return ok(about, fmt::format("{} ({})", about.found.front(), spent(stranger)));
}

Finding judge_run(const Subject& about, const SpfRun& run, const std::string& expected) {
    const auto& outcome = run.outcome;
    Subject subject{Topic::spf, about.name, outcome.security, about.found};
    const auto address = run.address.to_string();
    if (outcome.status == Status::pass) {
        return ok(
            std::move(subject),
            fmt::format("{} passes by {} ({})", address, outcome.mechanism, spent(outcome))
        );
    }
    if (outcome.status == Status::temperror) {
        return problem(
            Grade::unknown, std::move(subject),
            fmt::format("whether {} passes is not known: {}", address, outcome.reason),
            "ask again later"
        );
    }
    const bool broken = outcome.status == Status::permerror;
    return problem(
        Grade::wrong, std::move(subject),
        fmt::format("mail from {} does not pass: {}", address, why(outcome)),
        broken ? "mend the records that it includes, or leave some of them out"
               : fmt::format("add {}:{}", run.address.is_v4() ? "ip4" : "ip6", address),
        expected
    );
}

}  // namespace

net::IpAddress nobodys_address() {
    return asio::ip::make_address("240.0.0.1");
}

Findings judge_spf(
    const std::string& domain, const Lookup& answer, const spf::Outcome& stranger,
    const std::vector<SpfRun>& runs, const std::string& expected
) {
    if (!answer) return {no_answer(Topic::spf, domain, answer.error())};
    auto about = subject(Topic::spf, domain, *answer);
    for (const auto& record : answer->records) {
        if (spf::is_record(record.text)) about.found.push_back(record.text);
    }
    if (about.found.empty()) return {no_record(about, *answer, expected)};
    if (about.found.size() > 1) {
        return {problem(
            Grade::wrong, about, "there are several records, which receivers take for an error",
            "leave one of them", expected
        )};
    }
    const auto record = spf::parse_record(about.found.front());
    if (!record) {
        return {problem(
            Grade::wrong, about, "the record is malformed: " + record.error(), "correct it",
            expected
        )};
    }
    Findings findings{judge_record(about, *record, stranger, expected)};
    for (const auto& run : runs)
        findings.push_back(judge_run(about, run, expected));
    return findings;
}

}  // namespace outpost::domain_check
