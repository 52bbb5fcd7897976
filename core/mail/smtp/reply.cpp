// SPDX-License-Identifier: Apache-2.0
#include "core/mail/smtp/reply.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/foundation/base/safe_text.hpp"

namespace outpost::smtp {
namespace {

constexpr std::size_t max_lines = 128;
constexpr std::size_t max_octets = 64 * 1024;

constexpr bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

/// A number of one to three digits, taken off `text`.
std::optional<std::uint16_t> take_number(std::string_view& text) {
    std::size_t digits = 0;
    unsigned value = 0;
    while (digits < text.size() && digits < 4 && is_digit(text[digits])) {
        value = value * 10 + static_cast<unsigned>(text[digits++] - '0');
    }
    if (digits == 0 || digits > 3) return std::nullopt;
    text.remove_prefix(digits);
    return static_cast<std::uint16_t>(value);
}

bool take_dot(std::string_view& text) {
    if (!text.starts_with('.')) return false;
    text.remove_prefix(1);
    return true;
}

/// class.subject.detail at the beginning of `text`, taken off it (RFC 3463 section 2).
std::optional<EnhancedStatus> take_status(std::string_view& text) {
    auto rest = text;
    const auto klass = take_number(rest);
    if (!klass || (*klass != 2 && *klass != 4 && *klass != 5) || !take_dot(rest))
        return std::nullopt;
    const auto subject = take_number(rest);
    if (!subject || !take_dot(rest)) return std::nullopt;
    const auto detail = take_number(rest);
    if (!detail) return std::nullopt;
    text = rest;
    return EnhancedStatus{*klass, *subject, *detail};
}

/// The enhanced code before a line's text, taken off it with the blank that follows. Text that
/// merely looks like one ("2.0.0.1 ready") and codes of another class are left alone (RFC 2034
/// section 4).
std::optional<EnhancedStatus> take_status_of_class(std::string_view& text, int klass) {
    auto rest = text;
    const auto status = take_status(rest);
    if (!status || status->klass != klass) return std::nullopt;
    if (!rest.empty() && rest.front() != ' ') return std::nullopt;
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    text = rest;
    return status;
}

/// "250", "250 text" or "250-text", taken apart.
struct Line {
    int code = 0;
    bool last = true;
    std::string_view text;
};

std::optional<Line> split(std::string_view line) {
    const bool code = line.size() >= 3 && line[0] >= '2' && line[0] <= '5' && is_digit(line[1]) &&
                      is_digit(line[2]);
    if (!code || (line.size() > 3 && line[3] != ' ' && line[3] != '-')) return std::nullopt;
    Line out;
    out.code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
    out.last = line.size() == 3 || line[3] == ' ';
    out.text = line.substr(std::min<std::size_t>(line.size(), 4));
    return out;
}

}  // namespace

std::optional<EnhancedStatus> EnhancedStatus::parse(std::string_view text) {
    const auto status = take_status(text);
    return text.empty() ? status : std::nullopt;
}

std::string EnhancedStatus::text() const {
    return fmt::format("{}.{}.{}", klass, subject, detail);
}

std::string Reply::text() const {
    std::string out = std::to_string(code);
    if (enhanced) out += ' ' + enhanced->text();
    std::string_view separator = " ";
    for (const auto& line : lines) {
        if (line.empty()) continue;
        out += separator;
        out += safe_text(line, Charset::utf8, line.size());
        separator = " / ";
    }
    return out;
}

ReplyParser::State ReplyParser::feed(std::string_view line) {
    if (ended_) start_anew();
    const auto parts = split(line);
    if (!parts) return refuse("a line of the reply has no valid code");
    if (!reply_.lines.empty() && parts->code != reply_.code) {
        return refuse("the lines of the reply have different codes");
    }
    size_ += line.size();
    if (reply_.lines.size() == max_lines || size_ > max_octets)
        return refuse("the reply is too long");

    reply_.code = parts->code;
    auto text = parts->text;
    const auto before = text;
    const auto status = take_status_of_class(text, parts->code / 100);
    if (status && !reply_.enhanced) reply_.enhanced = status;
    reply_.lines.emplace_back(status == reply_.enhanced ? text : before);
    ended_ = parts->last;
    return parts->last ? State::complete : State::need_more;
}

Reply ReplyParser::take() {
    Reply reply = std::move(reply_);
    start_anew();
    return reply;
}

void ReplyParser::start_anew() {
    reply_ = Reply{};
    size_ = 0;
    error_.clear();
    ended_ = false;
}

ReplyParser::State ReplyParser::refuse(std::string_view why) {
    start_anew();
    error_ = why;
    ended_ = true;
    return State::malformed;
}

}  // namespace outpost::smtp
