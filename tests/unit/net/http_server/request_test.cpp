// SPDX-License-Identifier: Apache-2.0
#include "core/net/http_server/request.hpp"

#include <doctest/doctest.h>

using namespace outpost::http_server;

namespace {

RequestHead parsed(const std::vector<std::string>& lines) {
    const auto head = parse_head(lines);
    REQUIRE_MESSAGE(head, (head ? "" : head.error()));
    return *head;
}

bool refused(std::vector<std::string> more, const std::string& first = "GET / HTTP/1.1") {
    more.insert(more.begin(), first);
    return !parse_head(more);
}

}  // namespace

TEST_CASE("a head is read as far as we care") {
    const auto head = parsed(
        {"POST /tlsrpt?x=1 HTTP/1.1", "Host: MTA-STS.Example.ORG.:8443", "Content-Length:  12 ",
         "Content-Type: Application/TLSRPT+gzip; x=y", "X-Forwarded-For: 192.0.2.1, 192.0.2.2",
         "Expect: 100-Continue", "User-Agent: (compatible)"}
    );
    CHECK(head.method == "POST");
    CHECK(head.path == "/tlsrpt");
    CHECK(head.host == "mta-sts.example.org");
    CHECK(head.content_length == 12);
    CHECK(head.media_type == "application/tlsrpt+gzip");
    CHECK(head.forwarded == "192.0.2.2");
    CHECK(head.waits_for_100);
    CHECK_FALSE(head.has_coding);
    CHECK_FALSE(head.has_encoding);
    CHECK(parsed({"GET / HTTP/1.1", "Host: x", "Transfer-Encoding: chunked"}).has_coding);
    CHECK(parsed({"GET / HTTP/1.1", "Host: x", "Content-Encoding: gzip"}).has_encoding);
}

TEST_CASE("HTTP/1.0 needs no Host") {
    CHECK(parsed({"GET /a HTTP/1.0"}).host.empty());
    CHECK(refused({}));
    CHECK(refused({"Host:"}));
}

TEST_CASE("what is no request for us is refused") {
    for (const char* line :
         {"", "GET", "GET /", "GET / HTTP/2.0", "GET / http/1.1", " / HTTP/1.1", "GET  HTTP/1.1",
          "GET http://x/ HTTP/1.1", "CONNECT x:443 HTTP/1.1", "OPTIONS * HTTP/1.1",
          "GET /a b HTTP/1.1", "G\tT / HTTP/1.1", "EHLO client.example.org"}) {
        CAPTURE(line);
        CHECK(refused({"Host: x"}, line));
    }
}

TEST_CASE("fields that readers may understand differently are refused") {
    CHECK_FALSE(refused({"Host: x"}));
    for (const char* field :
         {"Content-Length : 1", " folded: 1", "no colon", ": 1", "Content-Length: +1",
          "Content-Length: 1, 1", "Content-Length: -1",
          "Content-Length:", "Content-Length: 99999999999999999999", "Host: y", "X: a\rb"}) {
        CAPTURE(field);
        CHECK(refused({"Host: x", field}));
    }
    CHECK(refused({"Host: x", "Content-Length: 1", "Content-Length: 1"}));
    CHECK(refused({"Host: x", "Content-Length: 1", "Transfer-Encoding: chunked"}));
}
