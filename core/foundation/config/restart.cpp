// SPDX-License-Identifier: Apache-2.0
#include "core/foundation/config/restart.hpp"

#include <algorithm>

namespace outpost::config {

std::vector<KeyInfo> all_keys(const AnyType& type) {
    std::vector<KeyInfo> keys;
    type.kind().list_keys({}, keys);
    return keys;
}

bool has_restart_keys(const Kind& kind) {
    std::vector<KeyInfo> keys;
    kind.list_keys({}, keys);
    return std::any_of(keys.begin(), keys.end(), [](const KeyInfo& key) { return key.restart; });
}

}  // namespace outpost::config
