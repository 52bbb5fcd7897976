// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "core/server/settings/cross_checks.hpp"
#include "core/server/settings/load.hpp"

using namespace outpost;

namespace {

route::Route route_of(const std::string& conditions) {
    const std::string text = "hostname: a.example\nroutes: [{" + conditions +
                             (conditions.empty() ? "" : ", ") + "transport: direct}]\n";
    const auto loaded = server::load_text(text, "t.yaml", config::Environment::assumed("/"));
    REQUIRE_MESSAGE(loaded, text);
    return loaded->settings.routes.at(0);
}

}  // namespace

TEST_CASE("a route covers another only when each of its conditions follows from the other's") {
    struct Case {
        const char *wide, *narrow;
        bool covers;
    };
    const Case cases[] = {
        {"", "", true},
        {"", "to: a.example", true},
        {"to: a.example", "", false},
        {"to: a.example", "to: a.example", true},
        {"to: a.example", "to: A.Example", true},
        {"to: [a.example, b.example]", "to: b.example", true},
        {"to: b.example", "to: [a.example, b.example]", false},
        {"to: .example", "to: a.example", true},
        {"to: .a.example", "to: a.example", false},
        {"to: .example", "to: .a.example", true},
        {"to: .a.example", "to: .example", false},
        {"to: '*'", "to: .a.example", true},
        {"to: '*'", "to: '.'", false},
        {"to: '*'", "", false},
        {"to: a.example", "to: '*'", false},
        {"to: ['*', '!a.example']", "to: b.example", false
        },  // in doubt: not said to be excluded below
        {"to: ['*', '!a.example']", "to: [b.example, '!a.example']", true},
        {"to: ['*', '!a.example']", "to: ['*', '!.example', '!a.example']", true},
        {"to: '!a.example'", "to: '!a.example'", true},
        {"to: '!a.example'", "", false},
        {"", "to: '!a.example'", true},
        {"mx: .a.example", "mx: .a.example", true},
        {"mx: .a.example", "to: a.example", false},
        {"sender: '@a.example'", "sender: x@a.example", true},
        {"sender: x@a.example", "sender: '@a.example'", false},
        {"attempts: 2..", "attempts: 3..", true},
        {"attempts: 3..", "attempts: 2..", false},
        {"attempts: 0..", "", true},
        {"attempts: 1..4", "attempts: 2..3", true},
        {"attempts: 1..4", "attempts: 2..", false},
        {"size: 1MiB..", "size: 2MiB..", true},
        {"size: ..1MiB", "size: ..2MiB", false},
        {"last_error: '4.7'", "last_error: 4.7.1", true},
        {"last_error: '4.7'", "last_error: 4.70.1", false},
        {"last_error: connect", "last_error: [connect, tls]", false},
        {"tag: [a, b]", "tag: a", true},
        {"header: {name: X-A}", "header: {name: x-a, contains: q}", true},
        {"header: {name: X-A, contains: q}", "header: {name: X-A}", false},
        {"header: {name: X-A}", "", false},
        {"to: a.example", "to: a.example, tag: x", true},
        {"to: a.example, tag: x", "to: a.example", false},
    };
    for (const Case& each : cases) {
        const std::string text = std::string(each.wide) + " above " + each.narrow;
        CHECK_MESSAGE(
            server::covers(route_of(each.wide), route_of(each.narrow)) == each.covers, text
        );
    }
}
