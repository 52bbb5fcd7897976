// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <functional>
#include <map>
#include <string>

#include "core/foundation/metrics/registry.hpp"
#include "core/net/http_server/server.hpp"

namespace outpost::server {

/// What a node shows over HTTP: `/metrics` for Prometheus, and `/health`, which is 200 while it
/// serves and its database answers. The registry and `serving` must outlive the pages. Adds what
/// the build is to the registry.
std::map<std::string, http_server::Page> node_pages(
    metrics::Registry& registry, std::function<bool()> database_answers,
    const std::atomic<bool>& serving
);

}  // namespace outpost::server
