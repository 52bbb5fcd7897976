// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstring>

#include "core/delivery/interface/verdict.hpp"
#include "core/foundation/base/safe_text.hpp"

namespace outpost::delivery {
namespace {

constexpr std::size_t max_line_octets = 512;
/// What the usual session says, so that it takes one piece of memory.
constexpr std::size_t usual_octets = 480;

/// What stands before the text of a packed line.
struct Head {
    Duration since_start;
    std::uint16_t octets;
    char direction;
};
constexpr std::size_t head_octets = sizeof(Duration) + sizeof(std::uint16_t) + sizeof(char);

void append_head(std::string& out, const Head& head) {
    std::array<char, head_octets> octets{};
    std::memcpy(octets.data(), &head.since_start, sizeof head.since_start);
    std::memcpy(octets.data() + sizeof(Duration), &head.octets, sizeof head.octets);
    octets.back() = head.direction;
    out.append(octets.data(), octets.size());
}

TranscriptLine take_line(std::string_view& packed) {
    Head head{};
    std::memcpy(&head.since_start, packed.data(), sizeof head.since_start);
    std::memcpy(&head.octets, packed.data() + sizeof(Duration), sizeof head.octets);
    head.direction = packed[head_octets - 1];
    TranscriptLine line{
        head.since_start, head.direction, std::string(packed.substr(head_octets, head.octets))
    };
    packed.remove_prefix(head_octets + head.octets);
    return line;
}

}  // namespace

void Transcript::add(char direction, std::string_view line) {
    pack(SteadyClock::now() - start_, direction, line);
}

void Transcript::pack(Duration since_start, char direction, std::string_view text) {
    if (count_ >= max_lines_) {
        ++dropped_;
        return;
    }
    if (packed_.empty()) packed_.reserve(usual_octets);
    const auto octets = std::min(text.size(), max_line_octets);
    append_head(packed_, {since_start, static_cast<std::uint16_t>(octets), direction});
    packed_ += text.substr(0, octets);
    ++count_;
}

void Transcript::append(std::span<const TranscriptLine> lines) {
    for (const auto& line : lines)
        pack(line.since_start, line.direction, line.text);
}

std::vector<TranscriptLine> Transcript::lines(std::size_t skipped) const {
    std::vector<TranscriptLine> lines;
    std::string_view rest = packed_;
    for (std::size_t number = 0; number < count_; ++number) {
        auto line = take_line(rest);
        if (number >= skipped) lines.push_back(std::move(line));
    }
    return lines;
}

std::string Transcript::text() const {
    std::string out;
    for (const auto& line : lines()) {
        const double seconds = std::chrono::duration<double>(line.since_start).count();
        out += fmt::format(
            "{:8.3f} {} {}\n", seconds, line.direction,
            safe_text(line.text, Charset::utf8, max_line_octets)
        );
    }
    if (dropped_ > 0) out += fmt::format("         * {} more lines are not kept\n", dropped_);
    return out;
}

}  // namespace outpost::delivery
