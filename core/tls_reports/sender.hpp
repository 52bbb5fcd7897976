// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>

#include "core/db/pool.hpp"
#include "core/dns/resolver.hpp"
#include "core/http/client.hpp"
#include "core/tls_reports/settings.hpp"

namespace outpost::tls_reports {

/// What a node reaches the world with.
struct World {
    std::shared_ptr<dns::Resolver> resolver;
    std::shared_ptr<http::Client> client;
};

/// One step of sending, be it whose turn it is among the nodes: marks what is owed, makes a report
/// that is due, or posts one. True when there was one: then there may be more.
/// `pool` must outlive it. Throws as the pool does.
awaitable<bool> send_round(db::Pool& pool, World world, Settings settings);

}  // namespace outpost::tls_reports
