// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "core/foundation/config/path.hpp"
#include "core/foundation/config/type.hpp"

namespace outpost::config {

/// Collects, in one walk over two values, the keys that differ and are marked by restart().
class RestartKeys {
  public:
    /// Whether the place is a marked key or below one.
    bool marked() const noexcept { return marks_ > 0; }
    void add() { differing_.push_back(text(path_)); }
    std::vector<std::string> differing() && { return std::move(differing_); }

    /// Goes down to a key while it lives.
    class Scope {
      public:
        Scope(RestartKeys& keys, const std::string& key, bool marked)
            : keys_(keys), marked_(marked) {
            keys_.path_.emplace_back(key);
            keys_.marks_ += marked_;
        }
        ~Scope() {
            keys_.path_.pop_back();
            keys_.marks_ -= marked_;
        }
        Scope(const Scope&) = delete;
        Scope& operator=(const Scope&) = delete;

      private:
        RestartKeys& keys_;
        int marked_;
    };

  private:
    Path path_;
    int marks_ = 0;
    std::vector<std::string> differing_;
};

/// The marked keys that differ between two values, by name: "database.lease".
template <class T>
std::vector<std::string> needs_restart(const Type<T>& type, const T& old, const T& next) {
    RestartKeys keys;
    type.kind().compare(&old, &next, keys);
    return std::move(keys).differing();
}

/// All keys below a type, in the order of their description. Names in maps are NAME, as in
/// "listeners.NAME.port"; what only one word of a choice has is "transports.NAME[direct].port".
std::vector<KeyInfo> all_keys(const AnyType& type);

/// Whether any key below a type is marked.
bool has_restart_keys(const Kind& kind);

}  // namespace outpost::config
