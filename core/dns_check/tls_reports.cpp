// SPDX-License-Identifier: Apache-2.0
#include "core/dns_check/tls_reports.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/tlsrpt/record.hpp"

namespace outpost::dns_check {

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
                return problem(
                    Grade::wrong, about, "there are several records, so that none counts",
                    "leave one of them", expected
                );
            case tlsrpt::RecordFault::broken:
                return problem(
                    Grade::wrong, about, "the record is malformed", "publish the record", expected
                );
            case tlsrpt::RecordFault::none:
                break;
        }
        return problem(Grade::missing, about, absence(*answer), "publish the record", expected);
    }
    if (std::find(record->mail.begin(), record->mail.end(), address) == record->mail.end()) {
        return problem(
            Grade::wrong, about, fmt::format("{} gets no reports", address.wire()),
            "add the address to rua=", expected
        );
    }
    return ok(about, fmt::format("{} gets the reports", address.wire()));
}

}  // namespace outpost::dns_check
