// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>

#include "core/foundation/database/pool.hpp"
#include "core/net/dns/resolver.hpp"
#include "core/net/http_client/client.hpp"
#include "core/tls_reports/sending/settings.hpp"

namespace outpost::tls_reports {

/// One step of making reports, be it whose turn it is among the nodes: makes one that is due, else
/// marks what is owed. True when one was due: then there may be more.
/// `pool` must outlive it. Throws as the pool does; so does the next.
awaitable<bool> make_round(
    db::Pool& pool, std::shared_ptr<dns::Resolver> resolver, Settings settings
);

/// Posts one report to one place. True when one was due. Apart from the above, since a stranger's
/// server may keep it waiting.
awaitable<bool> post_round(db::Pool& pool, std::shared_ptr<http_client::Client> client);

}  // namespace outpost::tls_reports
