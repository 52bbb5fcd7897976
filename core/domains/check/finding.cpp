// SPDX-License-Identifier: Apache-2.0
#include "core/domains/check/finding.hpp"

#include <algorithm>
#include <utility>

namespace outpost::domain_check {

std::string_view text(Grade grade) noexcept {
    switch (grade) {
        case Grade::ok:
            return "ok";
        case Grade::warning:
            return "warning";
        case Grade::unknown:
            return "unknown";
        case Grade::missing:
            return "missing";
        case Grade::wrong:
            break;
    }
    return "wrong";
}

std::string_view text(Topic topic) noexcept {
    switch (topic) {
        case Topic::resolver:
            return "resolver";
        case Topic::mx:
            return "MX";
        case Topic::spf:
            return "SPF";
        case Topic::dkim:
            return "DKIM";
        case Topic::dmarc:
            return "DMARC";
        case Topic::mta_sts:
            return "MTA-STS";
        case Topic::tls_reports:
            return "TLSRPT";
        case Topic::tlsa:
            return "DANE";
        case Topic::starttls:
            return "STARTTLS";
        case Topic::ehlo:
            return "EHLO";
        case Topic::ptr:
            break;
    }
    return "PTR";
}

Finding ok(Subject about, std::string summary) {
    return {Grade::ok, std::move(about), std::move(summary), {}, {}};
}

Finding problem(
    Grade grade, Subject about, std::string summary, std::string advice, std::string expected
) {
    return {grade, std::move(about), std::move(summary), std::move(expected), std::move(advice)};
}

Grade gravest(const Findings& findings) noexcept {
    auto worst = Grade::ok;
    for (const auto& finding : findings)
        worst = std::max(worst, finding.grade);
    return worst;
}

Finding no_answer(Topic topic, std::string name, const dns::Failure& failure) {
    if (!failure.is_dnssec()) {
        return problem(
            Grade::unknown, {topic, std::move(name), {}, {}}, "no answer: " + failure.text,
            "ask again later; if it lasts, look after the zone's name servers and the resolver"
        );
    }
    return problem(
        Grade::wrong, {topic, std::move(name), dns::Security::bogus, {}},
        "DNSSEC lets no answer through: " + failure.text,
        "sign the zone again, or take its DS record out of the parent: who validates sees nothing "
        "of it"
    );
}

Subject subject(
    Topic topic, std::string name, const dns::Answer& answer, std::vector<std::string> found
) {
    return {topic, std::move(name), answer.security, std::move(found)};
}

Finding no_record(Subject about, const dns::Answer& answer, std::string expected) {
    return problem(
        Grade::missing, std::move(about), absence(answer), "publish the record", std::move(expected)
    );
}

Finding several_records(Subject about, std::string expected) {
    return problem(
        Grade::wrong, std::move(about), "there are several records, so that none counts",
        "leave one of them", std::move(expected)
    );
}

Finding malformed_record(Subject about, std::string expected) {
    return problem(
        Grade::wrong, std::move(about), "the record is malformed", "publish the record",
        std::move(expected)
    );
}

std::string absence(const dns::Answer& answer) {
    return answer.nxdomain ? "the name does not exist" : "there is no such record";
}

}  // namespace outpost::domain_check
