// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/delivery/interface/rate.hpp"
#include "core/delivery/interface/retry.hpp"
#include "core/delivery/interface/transport.hpp"
#include "core/delivery/route/list.hpp"
#include "core/mail/authentication/dkim/signer.hpp"
#include "core/mail/dsn/return_path.hpp"

namespace outpost::dispatch {

struct TransportEntry {
    delivery::TransportPtr transport;
    std::size_t concurrency = 0;  ///< deliveries in flight through it; 0: Settings::per_transport
    delivery::Rate rate = {};     ///< messages through it; unset: Settings::transport_rate
};

/// What the configuration says about delivering. Immutable: a reload makes another one, and an
/// attempt keeps the one it started with.
struct Snapshot {
    std::string version;    ///< of the configuration, for attempt rows
    std::string ehlo_name;  ///< our host name
    std::map<std::string, route::RouteList> account_routes;
    std::map<dns::Domain, route::RouteList> domain_routes;  ///< by the sender's domain
    route::RouteList global_routes;
    std::map<std::string, TransportEntry> transports;
    delivery::RetryPolicy retry;
    /// Set: what leaves has a return path for each recipient (VERP).
    std::optional<dsn::ReturnPaths> return_paths;
    /// How long an address gets no more mail that a server says does not exist. Unset: it does.
    std::optional<std::chrono::seconds> suppress_for;
    /// Of mail that came in unsigned, by SQL. Null: no domain has keys.
    std::shared_ptr<const dkim::Signer> signer;

    route::RouteLists lists_for(const std::string& account, const dns::Domain& sender) const;
    /// Null when the configuration has no transport of that name.
    const TransportEntry* transport(const std::string& name) const;
};

using SnapshotPtr = std::shared_ptr<const Snapshot>;

}  // namespace outpost::dispatch
