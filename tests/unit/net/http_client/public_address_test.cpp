// SPDX-License-Identifier: Apache-2.0
#include "core/net/http_client/public_address.hpp"

#include <doctest/doctest.h>

#include "core/net/http_client/certificate_fault.hpp"
#include "core/net/http_client/url.hpp"

#include <openssl/x509_vfy.h>

using namespace outpost;
using namespace outpost::http_client;

TEST_CASE("addresses of special purposes are not of the public internet") {
    const auto is_public = [](const char* text) {
        return http_client::is_public(asio::ip::make_address(text));
    };
    for (const char* text :
         {"192.0.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.0", "172.15.0.1", "172.32.0.1",
          "198.17.0.1", "198.20.0.1", "223.255.255.255", "2a00:1450:4001::1", "2606:4700::1"})
        CHECK_MESSAGE(is_public(text), std::string(text));
    for (const char* text :
         {"0.0.0.0",
          "0.1.2.3",
          "10.0.0.1",
          "100.64.0.1",
          "100.127.255.255",
          "127.0.0.1",
          "127.255.255.254",
          "169.254.169.254",
          "172.16.0.1",
          "172.31.255.255",
          "192.0.0.8",
          "192.0.2.1",
          "192.168.1.1",
          "198.18.0.1",
          "198.19.255.255",
          "198.51.100.1",
          "203.0.113.1",
          "224.0.0.1",
          "239.1.1.1",
          "240.0.0.1",
          "255.255.255.255",
          "::",
          "::1",
          "fe80::1",
          "fc00::1",
          "fd12::1",
          "ff02::1",
          "2001:db8::1",
          "::ffff:127.0.0.1",
          "::ffff:10.0.0.1",
          "64:ff9b::7f00:1",
          "2002:7f00:1::"})
        CHECK_MESSAGE(!is_public(text), std::string(text));
}

TEST_CASE("only https with a host name is asked") {
    CHECK(
        parse_https_url("https://mta-sts.a.example/.well-known/mta-sts.txt")->host ==
        "mta-sts.a.example"
    );
    CHECK(parse_https_url("https://A.example:8443/x")->port == 8443);
    CHECK(parse_https_url("https://A.example:8443/x")->host == "a.example");
    for (const char* url :
         {"", "http://a.example/", "ftp://a.example/", "file:///etc/passwd", "https://127.0.0.1/",
          "https://[::1]/", "https://2130706433/", "https://0x7f.1/", "https://user@a.example/",
          "https://user:word@a.example/", "//a.example/"})
        CHECK_MESSAGE(!parse_https_url(url), std::string(url));
}

TEST_CASE("certificates are refused for reasons that TLS reports know") {
    CHECK(certificate_fault(X509_V_OK) == "certificate-host-mismatch");
    CHECK(certificate_fault(X509_V_ERR_HOSTNAME_MISMATCH) == "certificate-host-mismatch");
    CHECK(certificate_fault(X509_V_ERR_CERT_HAS_EXPIRED) == "certificate-expired");
    CHECK(certificate_fault(X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT)
              .starts_with("certificate-not-trusted"));
    CHECK(certificate_fault(X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY)
              .starts_with("certificate-not-trusted"));
}
