// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <initializer_list>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/delivery/route/table.hpp"

namespace outpost::route {

/// Routes in the order in which they are asked, with an index over the conditions of which users
/// write thousands: recipient and sender domains, senders, accounts, tags. A decision looks at the
/// few routes that the index does not rule out. Immutable.
class RouteList {
  public:
    /// Positions in the list, from 0.
    using Positions = std::vector<std::uint32_t>;

    RouteList() = default;
    RouteList(std::vector<Route> routes);  // NOLINT: a list of routes is one
    RouteList(std::initializer_list<Route> routes) : RouteList(std::vector<Route>(routes)) {}

    const std::vector<Route>& routes() const noexcept { return routes_; }
    std::size_t size() const noexcept { return routes_.size(); }
    /// Every route that may match, in order, and perhaps others: each of them is to be judged.
    Positions candidates(const Facts& facts) const;
    bool asks_for_mx() const noexcept { return asks_for_mx_; }
    bool asks_for_header() const noexcept { return asks_for_header_; }

  private:
    using Keys = std::unordered_map<std::string, Positions>;
    struct DomainKeys {
        Keys exact;  ///< the empty domain, too
        Keys below;  ///< by the parent
        void add(const std::vector<DomainPattern>& patterns, std::uint32_t position);
        void find(const dns::Domain& domain, Positions& found) const;
    };
    void add(const Route& route, std::uint32_t position);

    std::vector<Route> routes_;
    // Each route stands under one of its conditions, or among those that every decision looks at.
    DomainKeys to_, from_;
    Keys senders_, accounts_, tags_;
    Positions others_;
    bool asks_for_mx_ = false, asks_for_header_ = false;
};

}  // namespace outpost::route
