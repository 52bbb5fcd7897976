// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <utility>
#include <vector>

namespace outpost::tls_results {

/// A map that knows the order in which its keys came. What is beyond its bound is let go, oldest
/// first.
template <class Key, class Value>
class OldestFirst {
  public:
    explicit OldestFirst(std::size_t most_octets) : most_octets_(most_octets) {}

    /// Changes the value of a key, which is made first if need be and then costs `octets`; `change`
    /// returns how many more octets the value takes.
    template <class Change>
    void update(const Key& key, std::size_t octets, Change change) {
        const auto [entry, is_new] = entries_.try_emplace(key);
        if (is_new) order_.push_back(entry);
        const std::size_t more = change(entry->second.value) + (is_new ? octets : 0);
        entry->second.octets += more;
        octets_ += more;
        while (octets_ > most_octets_) {
            let_go(order_.front());
            ++lost_;
        }
    }

    /// Takes the oldest out, `most` at most.
    std::vector<std::pair<Key, Value>> take(std::size_t most) {
        std::vector<std::pair<Key, Value>> taken;
        while (!order_.empty() && taken.size() < most) {
            const auto entry = order_.front();
            taken.emplace_back(entry->first, std::move(entry->second.value));
            let_go(entry);
        }
        return taken;
    }

    std::size_t size() const noexcept { return order_.size(); }
    std::size_t octets() const noexcept { return octets_; }
    /// How many keys were let go for want of room, until now.
    std::uint64_t lost() const noexcept { return lost_; }

  private:
    struct Entry {
        Value value;
        std::size_t octets = 0;
    };
    using Entries = std::map<Key, Entry>;

    void let_go(typename Entries::iterator entry) {
        octets_ -= entry->second.octets;
        order_.pop_front();
        entries_.erase(entry);
    }

    const std::size_t most_octets_;
    Entries entries_;
    std::deque<typename Entries::iterator> order_;
    std::size_t octets_ = 0;
    std::uint64_t lost_ = 0;
};

}  // namespace outpost::tls_results
