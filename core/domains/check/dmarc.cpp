// SPDX-License-Identifier: Apache-2.0
#include "core/domains/check/dmarc.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/foundation/base/encoding.hpp"
#include "core/foundation/base/percent.hpp"
#include "core/foundation/base/sequence.hpp"
#include "core/mail/authentication/dkim/tags.hpp"
#include "core/mail/authentication/dmarc_record.hpp"

namespace outpost::domain_check {
namespace {

/// The value of a tag; the grammar is that of DKIM (RFC 7489 section 6.4).
std::string tag(const std::string& record, std::string_view name) {
    const auto tags = dkim::TagList::parse(record);
    return tags ? dkim::without_space(tags->value_or(name, {})) : std::string();
}

/// The addresses of rua=: mailto URIs, each perhaps with a limit of size behind "!".
std::vector<mail::Address> report_addresses(const std::string& record) {
    constexpr std::string_view scheme = "mailto:";
    std::vector<mail::Address> addresses;
    const auto value = tag(record, "rua");
    for (std::string_view rest = value; !rest.empty();) {
        auto uri = rest.substr(0, rest.find(','));
        rest.remove_prefix(std::min(uri.size() + 1, rest.size()));
        uri = uri.substr(0, uri.find('!'));
        if (!iequals(uri.substr(0, scheme.size()), scheme)) continue;
        const auto text = percent_decode(uri.substr(scheme.size()));
        if (!text) continue;
        if (auto address = mail::Address::parse(*text)) addresses.push_back(std::move(*address));
    }
    return addresses;
}

Finding judge_policy(
    const Subject& about, const std::string& record, const domain_records::Dmarc& wanted,
    const std::string& expected
) {
    const auto parsed = authentication::parse_dmarc_record(record);
    if (!parsed) {
        return problem(
            Grade::wrong, about, "the record is malformed: " + parsed.error(), "correct it",
            expected
        );
    }
    const auto policy = parsed->policy;
    if (policy != wanted.policy) {
        return problem(
            Grade::wrong, about,
            fmt::format(
                "the policy is {}, and {} is configured", authentication::text(policy),
                authentication::text(wanted.policy)
            ),
            "publish the record, or configure what is meant", expected
        );
    }
    if (policy == authentication::DmarcPolicy::none) {
        return problem(
            Grade::warning, about, "p=none: receivers do nothing against forged mail",
            "choose quarantine or reject once reports show that all of our mail passes"
        );
    }
    if (const auto percent = tag(record, "pct"); !percent.empty() && percent != "100") {
        return problem(
            Grade::warning, about, fmt::format("the policy is for {}% of the mail", percent),
            "take pct= away once reports show that all of our mail passes", expected
        );
    }
    return ok(about, record);
}

}  // namespace

Findings judge_dmarc(
    const domain_records::Sender& sender, const Lookup& answer, const std::string& expected
) {
    const auto name = "_dmarc." + sender.domain;
    if (!answer) return {no_answer(Topic::dmarc, name, answer.error())};
    auto about = subject(Topic::dmarc, name, *answer);
    for (const auto& record : answer->records) {
        if (authentication::is_dmarc_record(record.text)) about.found.push_back(record.text);
    }
    if (about.found.empty()) {
        return {no_record(about, *answer, expected)};
    }
    if (about.found.size() > 1) {
        return {several_records(about, expected)};
    }
    const auto& record = about.found.front();
    Findings findings{judge_policy(about, record, sender.dmarc, expected)};
    const auto addresses = report_addresses(record);
    const auto& wanted = sender.dmarc.reports;
    if (!wanted.is_null() && !contains(addresses, wanted)) {
        findings.push_back(problem(
            Grade::wrong, about, fmt::format("{} gets no reports", wanted.wire()),
            "add the address to rua=", expected
        ));
    }
    return findings;
}

Finding judge_consent(const std::string& name, const Lookup& answer) {
    if (!answer) return no_answer(Topic::dmarc, name, answer.error());
    auto about = subject(Topic::dmarc, name, *answer);
    for (const auto& record : answer->records) {
        if (authentication::is_dmarc_record(record.text)) about.found.push_back(record.text);
    }
    if (!about.found.empty())
        return ok(std::move(about), "the domain that gets the reports takes them");
    return problem(
        Grade::missing, std::move(about),
        "the domain that is to get the reports does not say that it takes them: " +
            absence(*answer),
        "let its owner publish the record, or name an address in the domain itself", "v=DMARC1"
    );
}

}  // namespace outpost::domain_check
