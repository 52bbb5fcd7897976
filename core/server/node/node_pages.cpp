// SPDX-License-Identifier: Apache-2.0
#include "core/server/node/node_pages.hpp"

#include <utility>

#include "core/foundation/base/clock.hpp"
#include "core/server/node/version.hpp"

namespace outpost::server {
namespace {

http_server::Response health(bool database_answers, bool serving) {
    http_server::Response response;
    response.status = serving && database_answers ? 200 : 503;
    response.body = !serving            ? "stopping\n"
                    : !database_answers ? "the database does not answer\n"
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
    metrics::Registry& registry, std::function<bool()> database_answers,
    const std::atomic<bool>& serving
) {
    measure_process(registry);
    const auto metrics = [&registry] {
        return http_server::Response{
            200, "text/plain; version=0.0.4; charset=utf-8", registry.text()
        };
    };
    return {
        {"/metrics", metrics},
        {"/health",
         [answers = std::move(database_answers), &serving] { return health(answers(), serving); }},
    };
}

}  // namespace outpost::server
