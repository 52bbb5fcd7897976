// SPDX-License-Identifier: Apache-2.0
#include "core/mail/message/mime.hpp"

#include "core/foundation/base/crypto.hpp"
#include "core/foundation/base/encoding.hpp"

namespace outpost::mail {
namespace {

constexpr std::string_view crlf = "\r\n";
constexpr std::size_t max_plain_line = 998;
constexpr std::size_t max_encoded_line = 76;

/// One octet in quoted-printable. Blanks at the end of a line would not survive and are encoded.
std::string encode_octet(char c, bool ends_line) {
    const bool blank = c == ' ' || c == '\t';
    const bool plain = (c > ' ' && c < 0x7f && c != '=') || (blank && !ends_line);
    if (plain) return std::string(1, c);
    constexpr std::string_view digits = "0123456789ABCDEF";
    const auto octet = static_cast<unsigned char>(c);
    return {'=', digits[octet >> 4], digits[octet & 15]};
}

void encode_line(std::string_view line, std::string& out) {
    std::size_t column = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const auto encoded = encode_octet(line[i], i + 1 == line.size());
        if (column + encoded.size() >= max_encoded_line) {
            out += "=\r\n";
            column = 0;
        }
        out += encoded;
        column += encoded.size();
    }
}

}  // namespace

std::string quoted_printable(std::string_view text) {
    std::string out;
    out.reserve(text.size() + text.size() / 8);
    while (!text.empty()) {
        const auto end = text.find(crlf);
        encode_line(text.substr(0, end), out);
        if (end == text.npos) break;
        out += crlf;
        text.remove_prefix(end + crlf.size());
    }
    return out;
}

bool is_seven_bit(std::string_view text) noexcept {
    if (!is_ascii(text) || text.find('\0') != text.npos) return false;
    while (!text.empty()) {
        const auto end = text.find(crlf);
        const auto line = text.substr(0, end);
        if (line.size() > max_plain_line || line.find_first_of(crlf) != text.npos) return false;
        if (end == text.npos) break;
        text.remove_prefix(end + crlf.size());
    }
    return true;
}

std::string make_boundary(std::string_view seed, std::string_view contents) {
    // The digest is fixed before the search, so the loop ends at once unless somebody guessed it.
    std::string boundary(seed);
    do {
        boundary =
            "report_" + hex_encode(crypto::digest(crypto::Hash::sha256, boundary)).substr(0, 40);
    } while (contents.find(boundary) != contents.npos);
    return boundary;
}

}  // namespace outpost::mail
