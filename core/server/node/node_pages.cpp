// SPDX-License-Identifier: Apache-2.0
#include "core/server/node/node_pages.hpp"

#include "core/foundation/base/clock.hpp"
#include "core/server/node/pg_backend.hpp"

namespace outpost::server {
namespace {

http_server::Response health(const Backend& backend, bool serving) {
    http_server::Response response;
    response.status = serving && backend.reachable() ? 200 : 503;
    response.body = !serving               ? "stopping\n"
                    : !backend.reachable() ? "the database does not answer\n"
                                           : "serving\n";
    return response;
}

void measure_process(metrics::Registry& registry) {
    registry.gauge(
        "outpost_build_info", "Always 1; the label says which build this is",
        {{"version", program_version()}}, [] { return 1.0; }
    );
    const auto started = std::chrono::duration<double>(WallClock::now().time_since_epoch()).count();
    registry.gauge(
        "outpost_start_time_seconds", "When the node started, in seconds since 1970", {},
        [started] { return started; }
    );
}

}  // namespace

std::map<std::string, http_server::Page> node_pages(
    metrics::Registry& registry, const Backend& backend, const std::atomic<bool>& serving
) {
    measure_process(registry);
    const auto metrics = [&registry] {
        return http_server::Response{
            200, "text/plain; version=0.0.4; charset=utf-8", registry.text()
        };
    };
    return {
        {"/metrics", metrics},
        {"/health", [&backend, &serving] { return health(backend, serving); }},
    };
}

}  // namespace outpost::server
