// SPDX-License-Identifier: Apache-2.0
#include "core/mail/smtp/data_decoder.hpp"

#include <algorithm>
#include <utility>

#include "core/foundation/base/octets.hpp"

namespace outpost::smtp {
namespace {

constexpr std::size_t small_chunk = 64 * 1024;
/// For large content: a block that malloc gets from the system and gives back to it.
constexpr std::size_t large_chunk = 1024 * 1024;
constexpr std::size_t small_chunks = large_chunk / small_chunk;

}  // namespace

void ContentCollector::fail(ContentFault fault) {
    if (fault_ == ContentFault::none) fault_ = fault;
    chunks_.clear();
    chunks_.shrink_to_fit();
}

/// Runs over the octets once; false (and a fault) at the first that is not allowed there.
bool ContentCollector::check(std::string_view octets) {
    while (!octets.empty()) {
        if (after_cr_) {
            if (octets.front() != '\n') return fail(ContentFault::bare_cr), false;
            after_cr_ = false;
            line_length_ = 0;
            octets.remove_prefix(1);
            continue;
        }
        const auto special = std::min(find_line_end_or_nul(octets), octets.size());
        line_length_ += special;
        if (line_length_ > limits_.max_line) return fail(ContentFault::long_line), false;
        if (special == octets.size()) return true;
        if (octets[special] == '\n') return fail(ContentFault::bare_lf), false;
        if (octets[special] == '\0') return fail(ContentFault::nul), false;
        after_cr_ = true;
        octets.remove_prefix(special + 1);
    }
    return true;
}

void ContentCollector::begin_chunk() {
    const bool large = chunks_.size() >= small_chunks;
    chunk_size_ = large ? large_chunk : small_chunk;
    auto& chunk = chunks_.emplace_back();
    if (large) chunk.reserve(large_chunk);
}

void ContentCollector::store(std::string_view octets) {
    while (!octets.empty()) {
        if (chunks_.empty() || chunks_.back().size() == chunk_size_) begin_chunk();
        auto& chunk = chunks_.back();
        const auto part = octets.substr(0, chunk_size_ - chunk.size());
        chunk += part;
        octets.remove_prefix(part.size());
    }
}

void ContentCollector::add(std::string_view octets) {
    if (fault_ != ContentFault::none) return;
    const auto room = std::min<std::uint64_t>(octets.size(), limits_.max_size - size_);
    const auto fitting = octets.substr(0, static_cast<std::size_t>(room));
    if (!check(fitting)) return;
    if (fitting.size() < octets.size()) return fail(ContentFault::too_large);
    size_ += octets.size();
    store(octets);
}

void ContentCollector::finish() {
    if (after_cr_) return fail(ContentFault::bare_cr);
    if (line_length_ > 0) add("\r\n");
}

std::vector<std::string> ContentCollector::take() {
    return std::exchange(chunks_, {});
}

std::size_t DataDecoder::feed(std::string_view input) {
    std::size_t kept = 0;  // up to here the input has been passed on
    std::size_t i = 0;
    const auto pass_on = [&](std::size_t end) { content_.add(input.substr(kept, end - kept)); };
    while (i < input.size() && state_ != State::ended) {
        const char c = input[i];
        switch (state_) {
            case State::line_start:
                if (c == '.') {
                    pass_on(i);
                    kept = i + 1;
                    state_ = State::dot;
                    break;
                }
                [[fallthrough]];
            case State::text:
                // Within a line only the CR that may end it matters here.
                i = std::min(input.find('\r', i), input.size());
                state_ = i < input.size() ? State::cr : State::text;
                if (i == input.size()) continue;
                break;
            case State::cr:
                state_ = c == '\n' ? State::line_start : c == '\r' ? State::cr : State::text;
                break;
            case State::dot:
            case State::dot_cr:
                // The dot is removed, and the CR after it is not content yet.
                kept = state_ == State::dot && c == '\r' ? i + 1 : i;
                state_ = after_dot(c);
                break;
            case State::ended:
                break;
        }
        ++i;
    }
    if (state_ != State::ended && kept < i) pass_on(i);
    return i;
}

/// The octet after a dot at the beginning of a line: only CR and then LF end the data.
DataDecoder::State DataDecoder::after_dot(char c) {
    if (state_ == State::dot) return c == '\r' ? State::dot_cr : State::text;
    if (c == '\n') return State::ended;
    content_.add("\r");  // the CR that was kept back stands alone
    return c == '\r' ? State::cr : State::text;
}

}  // namespace outpost::smtp
