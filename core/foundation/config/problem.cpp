// SPDX-License-Identifier: Apache-2.0
#include "core/foundation/config/problem.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "core/foundation/config/source.hpp"

namespace outpost::config {
namespace {

constexpr std::size_t most_problems = 200;
constexpr int widest_excerpt = 160;

/// Blanks up to the caret; tabs stay tabs, so that the caret stands right however wide they are
/// shown.
std::string indent_to(const std::string& source, int column) {
    std::string out;
    int at = 1;
    for (const char c : source) {
        if (at >= column) break;
        if ((static_cast<unsigned char>(c) & 0xC0) == 0x80)
            continue;  // continues a UTF-8 character
        out += c == '\t' ? '\t' : ' ';
        ++at;
    }
    out.append(static_cast<std::size_t>(std::max(0, column - at)), ' ');
    return out;
}

}  // namespace

std::string Problem::headline() const {
    std::string out = file;
    if (at.line > 0) out += fmt::format(":{}:{}", at.line, at.column);
    out += severity == Severity::error ? ": error: " : ": warning: ";
    if (!path.empty()) out += path + ": ";
    out += message;
    if (!hint.empty()) out += fmt::format(" ({})", hint);
    return out;
}

std::string Problem::text() const {
    std::string out = headline() + "\n";
    if (source.empty() || at.column > widest_excerpt) return out;
    const std::string number = std::to_string(at.line);
    out += fmt::format("  {} | {}\n", number, source);
    out += fmt::format("  {:{}} | {}^\n", "", number.size(), indent_to(source, at.column));
    return out;
}

void Problems::add(Problem problem) {
    if (count(problem.severity) < most_problems) {
        list_.push_back(std::move(problem));
    } else {
        ++left_out_;
    }
}

bool Problems::has_errors() const noexcept {
    return count(Severity::error) > 0;
}

std::size_t Problems::count(Severity severity) const noexcept {
    return static_cast<std::size_t>(std::count_if(
        list_.begin(), list_.end(), [&](const Problem& p) { return p.severity == severity; }
    ));
}

void Problems::finish(const Source& source) {
    for (Problem& problem : list_)
        problem.source = source.quotable(problem.at, problem.quote);
    std::sort(list_.begin(), list_.end(), [](const Problem& a, const Problem& b) {
        return std::tie(a.at.line, a.at.column, a.path, a.message) <
               std::tie(b.at.line, b.at.column, b.path, b.message);
    });
}

std::string Problems::text() const {
    std::string out;
    for (const Problem& problem : list_)
        out += problem.text();
    if (left_out_ > 0) out += fmt::format("... and {} more\n", left_out_);
    return out;
}

}  // namespace outpost::config
