// SPDX-License-Identifier: Apache-2.0
#include "core/tls_reports/sending/look_up.hpp"

#include <doctest/doctest.h>

#include "tests/support/run.hpp"
#include "tests/support/zone_resolver.hpp"

using namespace outpost;
using namespace outpost::tls_reports;

namespace {

using Found = std::optional<Result<tlsrpt::Record, NoRecord>>;

awaitable<Found> find(std::string domain, dns::Resolver& zone) {
    co_return co_await look_up(std::move(domain), zone, Deadline::in(std::chrono::seconds(5)));
}

struct Lookups {
    Result<tlsrpt::Record, NoRecord> of(const std::string& domain) {
        return test::run(loop, find(domain, zone)).value();
    }
    Lookups& txt(const std::string& domain, std::vector<std::string> texts) {
        zone.add("_smtp._tls." + domain, dns::Type::txt, std::move(texts));
        return *this;
    }
    asio::io_context loop;
    test::ZoneResolver zone;
};

}  // namespace

TEST_CASE("a record is found below _smtp._tls") {
    Lookups lookups;
    lookups.txt("example.org", {"v=TLSRPTv1; rua=mailto:tls%2Bin@example.org", "v=spf1 -all"});
    const auto found = lookups.of("example.org");
    REQUIRE(found);
    CHECK(found->mail.at(0).wire() == "tls+in@example.org");
}

TEST_CASE("no record, several and broken ones are answers; a DNS that does not answer is none") {
    Lookups lookups;
    lookups.txt(
        "two.test", {"v=TLSRPTv1; rua=mailto:a@two.test", "v=TLSRPTv1; rua=mailto:b@two.test"}
    );
    lookups.txt("broken.test", {"v=TLSRPTv1; rua=elsewhere"});
    lookups.zone.fail("_smtp._tls.silent.test", dns::Type::txt);
    for (const auto& [domain, temporary, word] :
         {std::tuple("absent.test", false, "no TLSRPT record"),
          std::tuple("two.test", false, "several"), std::tuple("broken.test", false, "broken"),
          std::tuple("silent.test", true, "told to fail")}) {
        CAPTURE(domain);
        const auto found = lookups.of(domain);
        REQUIRE_FALSE(found);
        CHECK(found.error().temporary == temporary);
        CHECK(found.error().reason.find(word) != std::string::npos);
    }
}
