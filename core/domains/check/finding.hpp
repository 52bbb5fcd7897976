// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/net/dns/resolver.hpp"

/// Whether what we publish does what it is for, judged as receivers of our mail and senders to us
/// do. The judges are pure; check.hpp looks things up and asks them.
namespace outpost::domain_check {

/// How good a thing is.
enum class Grade {
    ok,
    warning,  ///< it works, and could be better or soon be worse
    unknown,  ///< there was no answer: ask again later
    missing,  ///< nothing is there for this purpose
    wrong     ///< something is there that does not work
};
std::string_view text(Grade grade) noexcept;  ///< "ok"

enum class Topic {
    resolver,
    mx,
    spf,
    dkim,
    dmarc,
    mta_sts,
    tls_reports,
    tlsa,
    starttls,
    ehlo,
    ptr
};
std::string_view text(Topic topic) noexcept;  ///< "MTA-STS"

/// What a finding is about.
struct Subject {
    Topic topic{};
    std::string name;  ///< of the records, or of the host
    /// Of the answer; none: the DNS was not asked. `bogus`: DNSSEC let no answer through.
    std::optional<dns::Security> security;
    std::vector<std::string> found;  ///< what is there for the purpose; from strangers
};

struct Finding {
    Grade grade = Grade::ok;
    Subject about;
    std::string summary;   ///< what was found, in one line; partly from strangers
    std::string expected;  ///< the record that should be there; empty: nothing in particular
    std::string advice;    ///< what to do; empty when nothing is
};
using Findings = std::vector<Finding>;

/// For `findings.push_back(ok(...))`.
Finding ok(Subject about, std::string summary);
Finding problem(
    Grade grade, Subject about, std::string summary, std::string advice, std::string expected = {}
);

/// The gravest of all: wrong or missing, then unknown, then warning. Ok for none.
Grade gravest(const Findings& findings) noexcept;

using Lookup = Result<dns::Answer, dns::Failure>;

/// About a look-up without an answer. Unknown, except for bogus answers: a name with those is gone
/// for all validators until its zone is mended.
Finding no_answer(Topic topic, std::string name, const dns::Failure& failure);

/// About the records of an answer that are for the purpose.
Subject subject(
    Topic topic, std::string name, const dns::Answer& answer, std::vector<std::string> found = {}
);

/// Nothing is there for the purpose.
Finding no_record(Subject about, const dns::Answer& answer, std::string expected);
/// There are several records of a kind that may occur once.
Finding several_records(Subject about, std::string expected);
/// The only one does not follow the grammar.
Finding malformed_record(Subject about, std::string expected);

/// Why there is nothing: "the name does not exist", "there is no such record".
std::string absence(const dns::Answer& answer);

}  // namespace outpost::domain_check
