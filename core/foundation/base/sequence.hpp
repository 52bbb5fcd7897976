// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <utility>
#include <vector>

namespace outpost {

/// Whether one of the elements equals `one`.
template <class Range, class Value>
bool contains(const Range& all, const Value& one) {
    return std::find(all.begin(), all.end(), one) != all.end();
}

/// Appends what is not there yet; short lists only.
template <class T>
void add_once(std::vector<T>& all, T one) {
    if (!contains(all, one)) all.push_back(std::move(one));
}

}  // namespace outpost
