// SPDX-License-Identifier: Apache-2.0
#include "core/domains/records/record.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/net/dns/type_name.hpp"
#include "core/net/dns/zone_line.hpp"

namespace outpost::domain_records {
std::string zone_text(const Records& records) {
    std::string text, last_reason;
    for (const Record& record : records) {
        if (record.reason != last_reason) {
            text += fmt::format("{}; {}\n", text.empty() ? "" : "\n", record.reason);
            last_reason = record.reason;
        }
        text += dns::zone_line(record.name, record.type, record.value) + "\n";
    }
    return text;
}

std::string table_text(const Records& records) {
    std::size_t name = 4, reason = 6;
    for (const Record& record : records) {
        name = std::max(name, record.name.size());
        reason = std::max(reason, record.reason.size());
    }
    std::string text;
    const auto add = [&](std::string_view a, std::string_view b, std::string_view c,
                         std::string_view d) {
        text += fmt::format("{:{}}  {:5}  {:{}}  {}\n", a, name, b, c, reason, d);
    };
    add("NAME", "TYPE", "REASON", "VALUE");
    for (const Record& record : records)
        add(record.name, dns::text(record.type), record.reason, record.value);
    return text;
}

}  // namespace outpost::domain_records
