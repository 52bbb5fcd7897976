// SPDX-License-Identifier: Apache-2.0
#include "core/domains/check/names.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>

#include "core/foundation/base/encoding.hpp"

namespace outpost::domain_check {
namespace {

bool leads_to_one_of(
    const std::vector<net::IpAddress>& found, const std::vector<net::IpAddress>& addresses
) {
    return std::any_of(found.begin(), found.end(), [&](const auto& one) {
        return std::any_of(addresses.begin(), addresses.end(), [&](const auto& other) {
            return net::without_mapping(one) == net::without_mapping(other);
        });
    });
}

/// The numbers in a name, "192-0-2-1.pool.example" has four.
std::vector<std::string> numbers_in(const std::string& name) {
    std::vector<std::string> numbers(1);
    for (const char c : name) {
        if (c >= '0' && c <= '9')
            numbers.back() += c;
        else if (!numbers.back().empty())
            numbers.emplace_back();
    }
    if (numbers.back().empty()) numbers.pop_back();
    return numbers;
}

std::vector<std::string> octets_of(const asio::ip::address_v4& address) {
    std::vector<std::string> octets;
    for (const auto octet : address.to_bytes())
        octets.push_back(std::to_string(octet));
    return octets;
}

bool contains(const std::vector<std::string>& all, const std::vector<std::string>& part) {
    return std::search(all.begin(), all.end(), part.begin(), part.end()) != all.end();
}

/// The digits of an address without what is between them.
std::string digits_of(const asio::ip::address_v6& address) {
    std::string digits;
    for (const auto octet : address.to_bytes())
        digits += fmt::format("{:02x}", octet);
    return digits;
}

std::string only_hex(const std::string& name) {
    std::string digits;
    for (const char c : name) {
        if (c != '-' && c != '.') digits += c;
    }
    return digits;
}

}  // namespace

Findings judge_ehlo(
    const std::string& name, const std::vector<net::IpAddress>& addresses,
    const AddressLookup& found
) {
    Subject about{Topic::ehlo, name, found.security(), {}};
    for (const auto& address : found.addresses())
        about.found.push_back(address.to_string());
    if (about.found.empty()) {
        if (const auto* failure = found.failure()) return {no_answer(Topic::ehlo, name, *failure)};
        return {problem(
            Grade::missing, about, "the name in EHLO has no address",
            "publish its A and AAAA records",
            addresses.empty() ? std::string() : addresses.front().to_string()
        )};
    }
    Findings findings;
    if (!addresses.empty() && !leads_to_one_of(found.addresses(), addresses)) {
        findings.push_back(problem(
            Grade::wrong, about,
            fmt::format("the name in EHLO leads to {} alone", fmt::join(about.found, ", ")),
            "let it lead to the addresses that mail comes from", addresses.front().to_string()
        ));
    }
    if (found.is_alias()) {
        findings.push_back(problem(
            Grade::warning, about, "the name in EHLO is an alias (CNAME)",
            "give it addresses of its own"
        ));
    }
    if (findings.empty())
        findings.push_back(ok(about, fmt::format("{}", fmt::join(about.found, ", "))));
    return findings;
}

Finding judge_pointer(
    const net::IpAddress& address, const std::string& ehlo, const Lookup& pointers,
    const dns::ConfirmedNames& confirmed
) {
    const auto name = address.to_string();
    const auto expected = ehlo + ".";
    if (!pointers) return no_answer(Topic::ptr, name, pointers.error());
    auto about = subject(Topic::ptr, name, *pointers);
    for (const auto& record : pointers->records)
        about.found.push_back(record.text + ".");
    if (about.found.empty()) {
        return problem(
            Grade::missing, std::move(about), "the address has no name: many refuse its mail",
            "let whoever runs the network publish the PTR record", expected
        );
    }
    if (confirmed.names.empty()) {
        if (confirmed.failure) return no_answer(Topic::ptr, name, *confirmed.failure);
        const auto names = fmt::format("{}", fmt::join(about.found, ", "));
        return problem(
            Grade::wrong, std::move(about), names + " does not lead back to the address",
            "publish the address of this name, or another name for the address", expected
        );
    }
    const auto& names = confirmed.names;
    const bool is_ehlo = std::any_of(names.begin(), names.end(), [&](const auto& one) {
        return iequals(one, ehlo);
    });
    if (!is_ehlo) {
        return problem(
            Grade::warning, std::move(about),
            fmt::format("its name is {}, and EHLO says {}", names.front(), ehlo),
            "let both be the same, unless it is the address of another node", expected
        );
    }
    if (is_generic(ehlo, address)) {
        return problem(
            Grade::warning, std::move(about),
            fmt::format("{} looks like the name of a customer's line", ehlo),
            "choose a name that does not contain the address"
        );
    }
    return ok(std::move(about), fmt::format("{}, which leads back", ehlo));
}

bool is_generic(const std::string& name, const net::IpAddress& address) {
    const auto plain = net::without_mapping(address);
    if (plain.is_v6())
        return only_hex(to_lower(name)).find(digits_of(plain.to_v6())) != std::string::npos;
    const auto numbers = numbers_in(name);
    auto octets = octets_of(plain.to_v4());
    if (contains(numbers, octets)) return true;
    std::reverse(octets.begin(), octets.end());
    return contains(numbers, octets);
}

}  // namespace outpost::domain_check
