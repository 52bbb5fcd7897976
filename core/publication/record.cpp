// SPDX-License-Identifier: Apache-2.0
#include "core/publication/record.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/dkim/key_record.hpp"

namespace outpost::publication {
namespace {

/// Text that a zone file may have between quotes (RFC 1035 section 5.1).
std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out;
}

std::string zone_line(const Record& record) {
    if (record.type == dns::Type::txt) return dkim::zone_line(record.name, escaped(record.value));
    return fmt::format("{}. IN {} {}", record.name, name_of(record.type), record.value);
}

}  // namespace

std::string_view name_of(dns::Type type) noexcept {
    switch (type) {
        case dns::Type::a:
            return "A";
        case dns::Type::aaaa:
            return "AAAA";
        case dns::Type::cname:
            return "CNAME";
        case dns::Type::mx:
            return "MX";
        case dns::Type::ptr:
            return "PTR";
        case dns::Type::tlsa:
            return "TLSA";
        case dns::Type::txt:
            return "TXT";
        default:
            return "?";
    }
}

std::string zone_text(const Records& records) {
    std::string text, last_reason;
    for (const Record& record : records) {
        if (record.reason != last_reason) {
            text += fmt::format("{}; {}\n", text.empty() ? "" : "\n", record.reason);
            last_reason = record.reason;
        }
        text += zone_line(record) + "\n";
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
        add(record.name, name_of(record.type), record.reason, record.value);
    return text;
}

}  // namespace outpost::publication
