// SPDX-License-Identifier: Apache-2.0
#include "core/foundation/config/suggest.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/foundation/base/encoding.hpp"

namespace outpost::config {
namespace {

constexpr std::size_t longest_word = 64;  // names are short; the cost grows with the square
constexpr std::size_t most_listed = 12;

std::string normalized(std::string_view word) {
    std::string out = to_lower(word.substr(0, longest_word));
    std::replace(out.begin(), out.end(), '-', '_');
    return out;
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before, last(b.size() + 1), row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j)
        last[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replace = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, replace});
            const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
        }
        before = last;
        std::swap(last, row);
    }
    return last[b.size()];
}

std::string did_you_mean(std::string_view typed, const std::vector<std::string>& known) {
    const std::string wanted = normalized(typed);
    const std::string* best = nullptr;
    std::size_t best_distance = wanted.size() / 3 + 1;  // more than that is another word
    for (const std::string& candidate : known) {
        const std::size_t distance = edit_distance(wanted, normalized(candidate));
        const bool close = distance < best_distance || (distance == best_distance && !best);
        if (close && distance < candidate.size()) {
            best = &candidate;
            best_distance = distance;
        }
    }
    if (best) return fmt::format("did you mean '{}'?", *best);
    if (known.empty() || known.size() > most_listed) return {};
    return fmt::format("known: {}", fmt::join(known, ", "));
}

}  // namespace outpost::config
