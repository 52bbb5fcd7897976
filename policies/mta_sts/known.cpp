// SPDX-License-Identifier: Apache-2.0
#include "policies/mta_sts/known.hpp"

#include <utility>

namespace outpost::mta_sts {

EntryPtr Known::find(const std::string& domain) {
    const std::lock_guard lock(mutex_);
    const auto found = places_.find(domain);
    if (found == places_.end()) return nullptr;
    found->second.used = true;
    return found->second.entry;
}

bool Known::complete() const {
    const std::lock_guard lock(mutex_);
    return complete_;
}

void Known::replace_all(std::map<std::string, Entry> entries) {
    std::map<std::string, Place> next;
    for (auto& [domain, entry] : entries)
        next[domain].entry = std::make_shared<const Entry>(std::move(entry));
    const std::lock_guard lock(mutex_);
    for (auto& [domain, place] : next) {
        const auto old = places_.find(domain);
        if (old != places_.end()) place.used = old->second.used;
    }
    places_.swap(next);
    complete_ = true;
}

void Known::put(const std::string& domain, Entry entry) {
    auto made = std::make_shared<const Entry>(std::move(entry));
    const std::lock_guard lock(mutex_);
    if (made->version == 0) {
        places_.erase(domain);
        return;
    }
    Place& place = places_[domain];
    if (!place.entry || place.entry->version < made->version) place.entry = std::move(made);
}

std::vector<std::string> Known::take_used() {
    std::vector<std::string> domains;
    const std::lock_guard lock(mutex_);
    for (auto& [domain, place] : places_) {
        if (std::exchange(place.used, false)) domains.push_back(domain);
    }
    return domains;
}

}  // namespace outpost::mta_sts
