// SPDX-License-Identifier: Apache-2.0
#include "core/tls_reports/sending/look_up.hpp"

#include "core/foundation/base/safe_text.hpp"

namespace outpost::tls_reports {
namespace {

std::string reason_of(tlsrpt::RecordFault fault) {
    switch (fault) {
        case tlsrpt::RecordFault::none:
            return "it publishes no TLSRPT record";
        case tlsrpt::RecordFault::several:
            return "it publishes several TLSRPT records, so none counts";
        case tlsrpt::RecordFault::broken:
            return "its TLSRPT record is broken";
    }
    return {};
}

}  // namespace

awaitable<Result<tlsrpt::Record, NoRecord>> look_up(
    std::string domain, dns::Resolver& resolver, Deadline deadline
) {
    dns::Question question{"_smtp._tls." + domain, dns::Type::txt};
    const auto answer = co_await resolver.query(std::move(question), deadline);
    if (!answer) {
        const auto words = safe_text(answer.error().text, Charset::utf8, 300);
        co_return Err{NoRecord{true, "its TLSRPT record could not be looked up: " + words}};
    }
    std::vector<std::string> texts;
    for (const dns::Record& record : answer->records)
        texts.push_back(record.text);
    auto record = tlsrpt::parse_records(texts);
    if (!record) co_return Err{NoRecord{false, reason_of(record.error())}};
    co_return std::move(*record);
}

}  // namespace outpost::tls_reports
