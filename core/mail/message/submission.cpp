// SPDX-License-Identifier: Apache-2.0
#include "core/mail/message/submission.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/foundation/base/encoding.hpp"
#include "core/mail/message/trace.hpp"

namespace outpost::mail {
namespace {

constexpr std::string_view crlf = "\r\n";

/// A name before the colon; blanks between the two are obsolete but real (RFC 5322 section 4.5).
bool is_field_name(std::string_view name) {
    const auto last = name.find_last_not_of(" \t");
    if (last == std::string_view::npos) return false;
    return std::all_of(
        name.begin(), name.begin() + static_cast<std::ptrdiff_t>(last) + 1,
        [](char c) { return c > ' ' && c < 0x7f; }
    );
}

/// Whether a line (without its end) can stand in a header section. A continuation cannot be the
/// first.
bool belongs_to_header(std::string_view line, bool first) {
    if (line.front() == ' ' || line.front() == '\t') return !first;
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return false;
    return is_field_name(line.substr(0, colon));
}

/// Finds the end of a header section in text that grows chunk by chunk.
class HeaderEndFinder {
  public:
    /// Looks at the lines that are complete. True when the end was found.
    bool look(std::string_view text, bool is_all) {
        while (true) {
            const auto end = text.find(crlf, line_start_);
            const bool complete = end != std::string_view::npos;
            if (!complete && !is_all) return false;
            const auto line = text.substr(line_start_, complete ? end - line_start_ : text.npos);
            if (line.empty()) {
                body_start_ = std::min(text.size(), line_start_ + crlf.size());
                return true;
            }
            if (!belongs_to_header(line, line_start_ == 0)) {
                body_start_ = line_start_;
                return true;
            }
            line_start_ = complete ? end + crlf.size() : text.size();
        }
    }
    /// All of the text is header, however it goes on.
    void give_up(std::string_view text) { line_start_ = body_start_ = text.size(); }
    /// Where the fields end, and where the body begins.
    std::size_t fields_end() const noexcept { return line_start_; }
    std::size_t body_start() const noexcept { return body_start_; }

  private:
    std::size_t line_start_ = 0, body_start_ = 0;
};

}  // namespace

MessageParts split_message(std::vector<std::string> chunks) {
    std::string text;
    HeaderEndFinder finder;
    std::size_t used = 0;
    bool found = false;
    while (!found && text.size() <= longest_header) {
        if (used < chunks.size()) text += std::exchange(chunks[used++], {});
        found = finder.look(text, used == chunks.size());
    }
    if (!found) finder.give_up(text);

    MessageParts parts;
    if (finder.body_start() < text.size()) parts.body.push_back(text.substr(finder.body_start()));
    std::move(
        chunks.begin() + static_cast<std::ptrdiff_t>(used), chunks.end(),
        std::back_inserter(parts.body)
    );
    text.resize(finder.fields_end());
    if (!text.empty() && !text.ends_with(crlf)) text += crlf;
    text += crlf;
    parts.header = std::move(text);
    return parts;
}

Result<std::string> normalise_line_ends(std::string_view text) {
    std::string out;
    out.reserve(text.size() + text.size() / 32 + crlf.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '\0') return Err("the message contains a NUL octet, which mail cannot carry");
        if (c == '\r' && (i + 1 == text.size() || text[i + 1] != '\n')) {
            return Err("the message contains a carriage return that does not end a line");
        }
        if (c == '\n' && (i == 0 || text[i - 1] != '\r')) out += '\r';
        out += c;
    }
    if (!out.empty() && !out.ends_with(crlf)) out += crlf;
    return out;
}

void complete_header(Header& header, std::string_view host, WallTime now) {
    std::string added;
    if (!header.find("Date")) added += "Date: " + rfc5322_date(now) + "\r\n";
    if (!header.find("Message-ID")) added += "Message-ID: " + make_message_id(host) + "\r\n";
    header.erase({"Bcc", "Resent-Bcc"});
    if (!added.empty()) header.prepend(added);
}

bool is_looping(const Header& header, std::size_t most) {
    return header.count("Received") > most;
}

bool waives_tls(const Header& header) {
    bool says_no = false;
    for (const auto field : header) {
        if (!iequals(field.name, "TLS-Required")) continue;
        if (!iequals(field.value(), "no")) return false;
        says_no = true;
    }
    return says_no;
}

bool has_eightbit(std::string_view text) noexcept {
    return !is_ascii(text);
}

bool has_eightbit(const Content& content) noexcept {
    return has_eightbit(content.header()) ||
           std::any_of(content.body().begin(), content.body().end(), [](const std::string& chunk) {
               return has_eightbit(chunk);
           });
}

}  // namespace outpost::mail
