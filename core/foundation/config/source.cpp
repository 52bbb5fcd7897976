// SPDX-License-Identifier: Apache-2.0
#include "core/foundation/config/source.hpp"

#include <algorithm>

#include "core/foundation/base/encoding.hpp"
#include "core/foundation/base/log.hpp"

namespace outpost::config {
namespace {

constexpr std::size_t longest_line = 300;

/// Where the first value begins whose key sounds like a secret, misspelt or not; npos: nowhere.
std::size_t find_secret(std::string_view line) {
    const std::string lower = to_lower(line);
    std::size_t first = lower.npos;
    for (const char* word : {"pass", "pasw", "pwd", "secret", "token", "credential", "verifier"}) {
        const std::size_t key = lower.find(word);
        if (key == lower.npos) continue;
        const std::size_t colon = lower.find(':', key);
        if (colon != lower.npos) first = std::min(first, colon + 1);
    }
    return first;
}

std::string_view trim_end(std::string_view text) {
    const auto last = text.find_last_not_of(" \t");
    return text.substr(0, last == text.npos ? 0 : last + 1);
}

/// The octet at which the character of that number (from 1) begins.
std::size_t octet_of(std::string_view line, int column) {
    std::size_t at = 0;
    for (int passed = 1; at < line.size(); ++at) {
        if ((static_cast<unsigned char>(line[at]) & 0xC0) == 0x80) continue;
        if (passed++ == column) break;
    }
    return at;
}

}  // namespace

Source::Source(std::string name, std::string text)
    : name_(std::move(name)), text_(std::move(text)) {
    starts_.push_back(0);
    for (std::size_t i = 0; i < text_.size(); ++i) {
        if (text_[i] == '\n') starts_.push_back(i + 1);
    }
}

std::string_view Source::line(int number) const noexcept {
    if (number < 1 || static_cast<std::size_t>(number) > starts_.size()) return {};
    const std::size_t start = starts_[static_cast<std::size_t>(number) - 1];
    const std::string_view rest = std::string_view(text_).substr(start);
    std::string_view found = rest.substr(0, rest.find('\n'));
    if (!found.empty() && found.back() == '\r') found.remove_suffix(1);
    return found;
}

Position Source::end() const noexcept {
    int number = static_cast<int>(starts_.size());
    while (number > 1 && trim(line(number)).empty())
        --number;
    const std::string_view last = line(number);
    const auto characters = std::count_if(last.begin(), last.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    });
    return {number, static_cast<int>(characters) + 1};
}

bool Source::indents_with_tab(int number) const noexcept {
    const std::string_view found = line(number);
    return found.substr(0, found.find_first_not_of(" \t")).find('\t') != found.npos;
}

Problem Source::problem(
    Severity severity, Position at, std::string path, std::string message, std::string hint,
    Quote quote
) const {
    return {severity, name_, at, std::move(path), std::move(message), std::move(hint), quote, {}};
}

void Source::conceal(Position at) {
    secrets_.push_back(at);
}

std::string Source::quotable(Position at, Quote quote) const {
    const std::string_view whole = line(at.line);
    if (quote == Quote::nothing) return {};
    std::size_t end = std::min({whole.size(), longest_line, find_secret(whole)});
    for (const Position& secret : secrets_) {
        if (secret.line == at.line) end = std::min(end, octet_of(whole, secret.column));
    }
    if (quote == Quote::up_to_key) {
        const std::size_t colon = whole.find(':', octet_of(whole, at.column));
        if (colon != whole.npos) end = std::min(end, colon + 1);
    }
    while (end < whole.size() && end > 0 && (static_cast<unsigned char>(whole[end]) & 0xC0) == 0x80)
        --end;
    std::string_view rest = end < whole.size() ? trim_end(whole.substr(0, end)) : whole;
    std::string out;
    for (;;) {  // tabs matter for the place of the caret
        const std::size_t tab = rest.find('\t');
        out += log::printable(rest.substr(0, tab));
        if (tab == rest.npos) break;
        out += '\t';
        rest.remove_prefix(tab + 1);
    }
    return end < whole.size() ? out + " ..." : out;
}

}  // namespace outpost::config
