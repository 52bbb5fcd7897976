// SPDX-License-Identifier: Apache-2.0
#include "core/server/node/public_site.hpp"

#include <doctest/doctest.h>

#include <asio/io_context.hpp>

#include "core/mail/tlsrpt/gzip.hpp"
#include "core/server/settings/load.hpp"
#include "tests/support/memory_tls_report_store.hpp"
#include "tests/support/run.hpp"
#include "tests/unit/tls_reports/receiving/report_samples.hpp"

using namespace outpost;
using namespace outpost::server;
using http_server::Request;
using http_server::Response;

namespace {

constexpr const char* configuration =
    "hostname: mx.example.org\n"
    "https: {listen: 127.0.0.1:8443}\n"
    "tls_reports: {host_address: host@example.org}\n"
    "domains:\n"
    "  example.org:\n"
    "    mx: [mx.example.org]\n"
    "    mta_sts: {mode: testing, max_age: 1d}\n"
    "    tls_reports: tls@example.org\n"
    "  b\xc3\xbc"
    "cher.example:\n"
    "    mta_sts: {mx: ['*.example.org']}\n"
    "  silent.example: {}\n";

Settings settings_of(const std::string& text) {
    auto loaded = load_text(text, "test.yaml", config::Environment::assumed("/etc/outpost"));
    if (!loaded) FAIL(loaded.error().text());
    return loaded->settings;
}

struct World {
    asio::io_context loop;
    test::MemoryTlsReportStore store;
    metrics::Registry metrics;
    tls_report_receiving::TlsReportIntake intake{store, metrics};
    PublicSite site{settings_of(configuration), intake};

    Response ask(Request request) {
        if (site.longest_body(request.head) == 0) request.body.clear();  // as the server does
        return test::run(loop, site.answer(std::move(request)));
    }
    Response get(
        const std::string& host, const std::string& path, const std::string& method = "GET"
    ) {
        Request request;
        request.head.method = method;
        request.head.host = host;
        request.head.path = path;
        return ask(std::move(request));
    }
};

const std::string policy_path = "/.well-known/mta-sts.txt";

Request report(const std::string& body, const std::string& type = "application/tlsrpt+gzip") {
    Request request;
    request.head.method = "POST";
    request.head.path = "/tlsrpt";
    request.head.host = "anything";
    request.head.media_type = type;
    request.client = asio::ip::make_address("192.0.2.1");
    request.body = body;
    return request;
}

}  // namespace

TEST_CASE("the policies of our domains are served at their own hosts") {
    World world;
    const auto policy = world.get("mta-sts.example.org", policy_path);
    CHECK(policy.status == 200);
    CHECK(policy.content_type.starts_with("text/plain"));
    CHECK(
        policy.body == "version: STSv1\r\nmode: testing\r\nmx: mx.example.org\r\nmax_age: 86400\r\n"
    );
    CHECK(
        world.get("mta-sts.xn--bcher-kva.example", policy_path).body.find("mx: *.example.org") !=
        std::string::npos
    );
    CHECK(world.get("mta-sts.example.org", policy_path, "HEAD").status == 200);
    const auto posted = world.get("mta-sts.example.org", policy_path, "POST");
    CHECK(posted.status == 405);
    CHECK(posted.allow == "GET, HEAD");
    CHECK(world.get("mta-sts.silent.example", policy_path).status == 404);
    CHECK(world.get("example.org", policy_path).status == 404);
    CHECK(world.get("mta-sts.example.org", "/").status == 404);
}

TEST_CASE("a report that is posted is kept, with whoever posted it, as proved by nobody") {
    World world;
    CHECK(world.ask(report(tlsrpt::gzip(test::sample_report()))).status == 201);
    CHECK(world.ask(report(test::sample_report(), "application/tlsrpt+json")).status == 200);
    REQUIRE(world.store.reports.size() == 1);
    CHECK(world.store.reports[0].way == tls_report_receiving::ReportWay::https);
    CHECK(world.store.reports[0].submitter == "Company-X");
    CHECK(world.store.reports[0].from_domain.empty());
    CHECK(world.store.reports[0].client == "192.0.2.1");
    CHECK(
        world.store.asked == tls_report_receiving::https_quotas(asio::ip::make_address("192.0.2.1"))
    );
}

TEST_CASE("what is refused says why") {
    World world;
    CHECK(world.ask(report("x", "text/plain")).status == 415);
    auto encoded = report(tlsrpt::gzip(test::sample_report()));
    encoded.head.has_encoding = true;
    CHECK(world.ask(encoded).status == 415);
    CHECK(world.get("x", "/tlsrpt").status == 405);
    CHECK(world.ask(report("hello")).status == 400);
    CHECK(world.ask(report(tlsrpt::gzip(std::string(21 << 20, ' ')))).status == 413);
    auto strange = test::sample_report();
    for (const char* ours : {"Example.ORG", "\"mx.example.org\", \"policy-string\""})
        strange.replace(strange.find(ours) + 1, 2, "zz");
    CHECK(world.ask(report(strange)).status == 422);
    world.store.full = true;
    CHECK(world.ask(report(test::sample_report())).status == 429);
    CHECK(world.store.reports.empty());
}

TEST_CASE("a web server on this machine says who posts, others do not") {
    World world;
    auto forwarded = report(test::sample_report());
    forwarded.head.forwarded = "198.51.100.7";
    world.ask(forwarded);
    CHECK(world.store.reports.at(0).client == "192.0.2.1");
    world.store.reports.clear();
    forwarded.client = asio::ip::make_address("127.0.0.1");
    world.ask(forwarded);
    CHECK(world.store.reports.at(0).client == "198.51.100.7");
}

TEST_CASE("only what is wanted is read") {
    World world;
    CHECK(world.site.longest_body(report("").head) == tlsrpt::longest_message);
    auto elsewhere = report("").head;
    elsewhere.path = "/";
    CHECK(world.site.longest_body(elsewhere) == 0);
    CHECK(world.site.longest_body(report("", "text/plain").head) == 0);
    PublicSite closed(
        settings_of(
            "hostname: mx.example.org\nhttps: {listen: 127.0.0.1:8443, tls_report_path: ''}\n"
        ),
        world.intake
    );
    CHECK(closed.longest_body(report("").head) == 0);
}
