// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/tools/ledger.hpp"

#include <functional>

#include "tests/bench/tools/support.hpp"

namespace outpost::bench {
namespace {

/// The value of a field of our own; empty when it is missing. `field` is "\r\nName: ".
std::string_view value_of(std::string_view header, std::string_view field) {
    const auto at = header.find(field);
    if (at == std::string_view::npos) return {};
    const auto begin = at + field.size();
    return header.substr(begin, header.find('\r', begin) - begin);
}

/// Recipients are unique among all messages, so that they alone name a delivery.
std::uint64_t key_of(const std::string& recipient, std::string_view number) {
    constexpr std::uint64_t prime = 1099511628211U;
    return std::hash<std::string>{}(recipient)*prime ^ std::hash<std::string_view>{}(number);
}

}  // namespace

void Ledger::add(std::string_view content, const std::vector<std::string>& recipients) {
    ++messages;
    octets += content.size();
    const auto header_end = content.find("\r\n\r\n");
    // With the CRLF that ends its last field, so that each field stands between two of them.
    const auto header = content.substr(0, header_end == content.npos ? 0 : header_end + 2);
    const auto body = content.substr(header_end == content.npos ? 0 : header_end + 4);
    const auto number = value_of(header, "\r\nX-Bench-Number: ");
    if (checksum(body) != value_of(header, "\r\nX-Bench-Sum: ")) ++damaged;
    const double at = now();
    if (first == 0) first = at;
    const std::string local_part = "r" + std::string(number) + ".";
    for (const std::string& recipient : recipients) {
        if (!recipient.starts_with(local_part)) ++mixed_up;
        if (seen_.insert(key_of(recipient, number)).second)
            last = at;
        else
            ++duplicates;
    }
}

}  // namespace outpost::bench
