// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace outpost::config {

/// "did you mean 'host'?" when one of `known` is close to what was typed; else, when there are few,
/// "known: a, b, c"; else nothing.
std::string did_you_mean(std::string_view typed, const std::vector<std::string>& known);
/// Insertions, deletions, replacements and swaps of neighbours that turn one word into the other.
std::size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace outpost::config
