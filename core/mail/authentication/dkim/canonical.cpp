// SPDX-License-Identifier: Apache-2.0
#include "core/mail/authentication/dkim/canonical.hpp"

#include <algorithm>

#include "core/foundation/base/encoding.hpp"

namespace outpost::dkim {
namespace {

constexpr std::size_t block_octets = 16 * 1024;

constexpr bool is_blank(char c) noexcept {
    return c == ' ' || c == '\t';
}

std::string_view without_line_end(std::string_view field) {
    if (field.ends_with('\n')) field.remove_suffix(1);
    if (field.ends_with('\r')) field.remove_suffix(1);
    return field;
}

// RFC 6376 section 3.4.2.
std::string relaxed_field(std::string_view field) {
    const auto colon = std::min(field.find(':'), field.size());
    std::string out = to_lower(trim(field.substr(0, colon)));
    out.reserve(field.size() + 2);
    out += ':';
    bool space = false, begun = false;
    for (std::size_t i = colon + 1; i < field.size(); ++i) {
        const char c = field[i];
        const bool fold = c == '\n' || (c == '\r' && i + 1 < field.size() && field[i + 1] == '\n');
        if (is_blank(c) || fold) {
            space = true;
            continue;
        }
        if (space && begun) out += ' ';
        out += c;
        space = false;
        begun = true;
    }
    return out + "\r\n";
}

}  // namespace

std::string canonical_field(Canonicalization form, std::string_view field) {
    field = without_line_end(field);
    if (form == Canonicalization::relaxed) return relaxed_field(field);
    return std::string(field) + "\r\n";
}

BodyCanonicalizer::BodyCanonicalizer(Canonicalization form, Sink sink)
    : form_(form), sink_(std::move(sink)) {
    block_.reserve(block_octets + 4);
}

void BodyCanonicalizer::feed(std::string_view piece) {
    const char* const special = form_ == Canonicalization::relaxed ? " \t\r" : "\r";
    while (!piece.empty()) {
        const bool plain = in_line_ && !space_ && !cr_;
        const auto room = piece.substr(0, block_octets);
        const auto run = plain ? std::min(room.find_first_of(special), room.size()) : 0;
        block_.append(piece.substr(0, run));
        piece.remove_prefix(run);
        if (!piece.empty()) {
            put(piece.front());
            piece.remove_prefix(1);
        }
        if (block_.size() >= block_octets) flush();
    }
}

void BodyCanonicalizer::put(char octet) {
    if (cr_) {
        cr_ = false;
        if (octet == '\n') return end_line();
        put_content('\r');
    }
    if (octet == '\r') {
        cr_ = true;
    } else if (form_ == Canonicalization::relaxed && is_blank(octet)) {
        space_ = true;
    } else {
        put_content(octet);
    }
}

void BodyCanonicalizer::put_content(char octet) {
    for (; held_lines_ > 0; --held_lines_) {
        block_ += "\r\n";
        if (block_.size() >= block_octets) flush();
    }
    if (space_) block_ += ' ';
    block_ += octet;
    space_ = false;
    in_line_ = written_ = true;
}

void BodyCanonicalizer::end_line() {
    space_ = in_line_ = false;
    ++held_lines_;
}

// Empty lines at the end do not count; an empty body is a line end of its own, but for relaxed
// (RFC 6376 sections 3.4.3 and 3.4.4).
void BodyCanonicalizer::finish() {
    if (cr_) put_content('\r');
    if (written_ || form_ == Canonicalization::simple) block_ += "\r\n";
    flush();
}

void BodyCanonicalizer::flush() {
    if (!block_.empty()) sink_(block_);
    block_.clear();
}

BodyHash::BodyHash(Canonicalization form, std::optional<std::uint64_t> length)
    : length_(length), canonicalizer_(form, [this](std::string_view piece) { take(piece); }) {}

void BodyHash::take(std::string_view canonical) {
    const std::uint64_t wanted =
        length_ ? *length_ - std::min(*length_, octets_) : canonical.size();
    octets_ += canonical.size();
    hasher_.feed(canonical.substr(
        0, static_cast<std::size_t>(std::min<std::uint64_t>(wanted, canonical.size()))
    ));
}

std::string BodyHash::finish() {
    canonicalizer_.finish();
    return hasher_.finish();
}

}  // namespace outpost::dkim
