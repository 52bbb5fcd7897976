// SPDX-License-Identifier: Apache-2.0
#include "core/domains/check/tls_reports.hpp"

#include <fmt/format.h>

#include "core/foundation/base/sequence.hpp"
#include "core/mail/tlsrpt/record.hpp"

namespace outpost::domain_check {

Finding judge_tls_reports(
    const std::string& policy_domain, const mail::Address& address, const Lookup& answer,
    const std::string& expected
) {
    const auto name = "_smtp._tls." + policy_domain;
    if (!answer) return no_answer(Topic::tls_reports, name, answer.error());
    auto about = subject(Topic::tls_reports, name, *answer);
    for (const auto& record : answer->records)
        about.found.push_back(record.text);
    const auto record = tlsrpt::parse_records(about.found);
    if (!record) {
        switch (record.error()) {
            case tlsrpt::RecordFault::several:
                return several_records(about, expected);
            case tlsrpt::RecordFault::broken:
                return malformed_record(about, expected);
            case tlsrpt::RecordFault::none:
                break;
        }
        return no_record(about, *answer, expected);
    }
    if (!contains(record->mail, address)) {
        return problem(
            Grade::wrong, about, fmt::format("{} gets no reports", address.wire()),
            "add the address to rua=", expected
        );
    }
    return ok(about, fmt::format("{} gets the reports", address.wire()));
}

}  // namespace outpost::domain_check
