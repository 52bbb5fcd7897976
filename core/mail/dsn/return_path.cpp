// SPDX-License-Identifier: Apache-2.0
#include "core/mail/dsn/return_path.hpp"

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include "core/foundation/base/crypto.hpp"
#include "core/foundation/base/encoding.hpp"

namespace outpost::dsn {
namespace {

constexpr std::string_view prefix = "bounce-";
// Base32 (RFC 4648 section 6) in lower case, without padding: 25 octets are 40 characters exactly,
// so that no bits are left over and each name is written in one way only.
constexpr std::string_view alphabet = "abcdefghijklmnopqrstuvwxyz234567";
constexpr std::size_t id_octets = 8, number_octets = 4, mac_octets = 13;
constexpr std::size_t token_octets = id_octets + number_octets + mac_octets;
constexpr std::size_t token_characters = token_octets * 8 / 5;
static_assert(token_octets % 5 == 0 && mac_octets * 8 >= 80);
static_assert(prefix.size() + token_characters <= 64);

std::string base32_encode(std::string_view octets) {
    std::string out;
    std::uint32_t bits = 0;
    unsigned count = 0;
    for (const char c : octets) {
        bits = bits << 8 | static_cast<unsigned char>(c);
        for (count += 8; count >= 5; count -= 5)
            out += alphabet[bits >> (count - 5) & 31];
    }
    return out;
}

std::optional<std::string> base32_decode(std::string_view text) {
    std::string out;
    std::uint32_t bits = 0;
    unsigned count = 0;
    for (const char c : text) {
        const auto value = alphabet.find(c);
        if (value == alphabet.npos) return std::nullopt;
        bits = bits << 5 | static_cast<std::uint32_t>(value);
        count += 5;
        if (count < 8) continue;
        count -= 8;
        out += static_cast<char>(bits >> count & 0xff);
    }
    return out;
}

std::string big_endian(std::uint64_t value, std::size_t octets) {
    std::string out(octets, '\0');
    for (auto at = out.rbegin(); at != out.rend(); ++at, value >>= 8)
        *at = static_cast<char>(value & 0xff);
    return out;
}

std::uint64_t from_big_endian(std::string_view octets) {
    std::uint64_t value = 0;
    for (const char c : octets)
        value = value << 8 | static_cast<unsigned char>(c);
    return value;
}

/// The label keeps this use of the secret apart from any other.
std::string mac(std::string_view name, const dns::Domain& domain, const Secret& secret) {
    const auto signed_octets =
        std::string("outpost return path 1\n").append(name).append(domain.ascii());
    return crypto::hmac(crypto::Hash::sha256, secret.reveal(), signed_octets).substr(0, mac_octets);
}

/// What follows the prefix, decoded; none unless it has the form of a token.
std::optional<std::string> token_in(std::string_view local) {
    const auto lower = to_lower(local);
    if (!lower.starts_with(prefix) || lower.size() != prefix.size() + token_characters)
        return std::nullopt;
    return base32_decode(std::string_view(lower).substr(prefix.size()));
}

}  // namespace

mail::Address make_return_path(
    RecipientKey recipient, const dns::Domain& domain, const Secret& secret
) {
    const auto name =
        big_endian(static_cast<std::uint64_t>(to_number(recipient.message)), id_octets) +
        big_endian(static_cast<std::uint32_t>(recipient.number), number_octets);
    const auto token = base32_encode(name + mac(name, domain, secret));
    auto address = mail::Address::parse(std::string(prefix) + token + '@' + domain.ascii());
    if (!address) throw std::logic_error("no return path at the bounce domain: " + address.error());
    return std::move(*address);
}

std::optional<RecipientKey> parse_return_path(const mail::Address& address, const Secret& secret) {
    const auto token = token_in(address.local());
    if (!token || secret.empty()) return std::nullopt;
    const auto name = std::string_view(*token).substr(0, id_octets + number_octets);
    const auto claimed = std::string_view(*token).substr(name.size());
    if (!crypto::equal_constant_time(claimed, mac(name, address.domain(), secret)))
        return std::nullopt;
    return RecipientKey{
        static_cast<MessageId>(from_big_endian(name.substr(0, id_octets))),
        static_cast<std::int32_t>(from_big_endian(name.substr(id_octets)))
    };
}

}  // namespace outpost::dsn
