// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <chrono>

#include "core/delivery/verdict.hpp"
#include "core/mail/safe_text.hpp"

namespace outpost::delivery {
namespace {

constexpr std::size_t max_line_octets = 512;

}  // namespace

void Transcript::add(char direction, std::string_view line) {
    if (lines_.size() >= max_lines_) {
        ++dropped_;
        return;
    }
    lines_.push_back(
        {SteadyClock::now() - start_, direction, std::string(line.substr(0, max_line_octets))}
    );
}

void Transcript::append(std::span<const TranscriptLine> lines) {
    for (const auto& line : lines) {
        const auto before = lines_.size();
        add(line.direction, line.text);
        if (lines_.size() > before) lines_.back().since_start = line.since_start;
    }
}

std::string Transcript::text() const {
    std::string out;
    for (const auto& line : lines_) {
        const double seconds = std::chrono::duration<double>(line.since_start).count();
        out += fmt::format(
            "{:8.3f} {} {}\n", seconds, line.direction,
            mail::safe_text(line.text, mail::Charset::utf8, max_line_octets)
        );
    }
    if (dropped_ > 0) out += fmt::format("         * {} more lines are not kept\n", dropped_);
    return out;
}

}  // namespace outpost::delivery
