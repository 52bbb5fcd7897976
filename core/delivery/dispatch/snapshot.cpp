// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/dispatch/snapshot.hpp"

namespace outpost::dispatch {
namespace {

template <class Map>
const typename Map::mapped_type* find(const Map& map, const typename Map::key_type& key) {
    const auto found = map.find(key);
    return found == map.end() ? nullptr : &found->second;
}

}  // namespace

route::RouteLists Snapshot::lists_for(const std::string& account, const dns::Domain& sender) const {
    return {find(account_routes, account), find(domain_routes, sender), &global_routes};
}

const TransportEntry* Snapshot::transport(const std::string& name) const {
    return find(transports, name);
}

}  // namespace outpost::dispatch
