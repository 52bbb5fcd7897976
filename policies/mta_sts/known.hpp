// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "policies/mta_sts/store.hpp"

namespace outpost::mta_sts {

using EntryPtr = std::shared_ptr<const Entry>;

/// The store's entries in memory, so that a delivery asks nothing of the database. Thread-safe.
class Known {
  public:
    /// Marks it as used. Null: nothing is stored of the domain, or nothing was loaded yet.
    EntryPtr find(const std::string& domain);
    /// Whether everything was loaded once: what is not found then is not stored either.
    bool complete() const;

    void replace_all(std::map<std::string, Entry> entries);
    /// Of two entries of a domain the newer one stays; version 0 removes it.
    void put(const std::string& domain, Entry entry);

    /// The domains that were used since the last call.
    std::vector<std::string> take_used();

  private:
    struct Place {
        EntryPtr entry;
        bool used = false;
    };
    mutable std::mutex mutex_;
    std::map<std::string, Place> places_;
    bool complete_ = false;
};

}  // namespace outpost::mta_sts
