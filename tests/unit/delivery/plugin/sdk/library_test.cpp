// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <filesystem>

#include "core/delivery/plugin/sdk/library.hpp"
#include "core/delivery/plugin/sdk/options.hpp"
#include "core/delivery/plugin/sdk/registry.hpp"

using namespace outpost;
using namespace outpost::plugin;

namespace {

const std::filesystem::path good = PLUGIN_FOLDER, bad = BAD_PLUGIN_FOLDER;

std::string load_error(const std::filesystem::path& file) {
    Registry registry;
    const auto loaded = registry.load(file);
    CHECK(registry.types().empty());
    return loaded ? "" : loaded.error();
}
bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a plugin's transports become known by name") {
    Registry registry;
    const auto lmtp = registry.load(good / "lmtp.so");
    REQUIRE_MESSAGE(lmtp, (lmtp ? "" : lmtp.error()));
    CHECK((*lmtp)->name() == "lmtp");
    REQUIRE(registry.load(good / "example_file.so"));
    CHECK(registry.types() == std::vector<std::string>{"file", "lmtp"});
    CHECK(registry.make("lmtp", "store", {{"socket", "/run/lmtp"}}));
}

TEST_CASE("what does not fit is refused, and the refusal names both sides") {
    const std::string other_build = load_error(bad / "other_build.so");
    CHECK(has(other_build, "Some Compiler 1.0"));
    CHECK(has(other_build, own_build_id()));
    CHECK(has(load_error(bad / "other_version.so"), "it speaks plugin interface 999, this server 1")
    );
    CHECK(has(load_error(bad / "no_entry.so"), "this is no Outpost plugin"));
    CHECK(has(load_error(bad / "throws.so"), "no more today"));
    CHECK(has(load_error("/no/such/file.so"), "/no/such/file.so"));
    CHECK(has(load_error("/etc/passwd"), "/etc/passwd"));
}

TEST_CASE("a name that is taken refuses the plugin as a whole") {
    Registry registry;
    CHECK(registry.add("lmtp", [](const auto&, const auto&) {
        return Result<delivery::TransportPtr>(nullptr);
    }));
    const auto loaded = registry.load(good / "lmtp.so");
    REQUIRE_FALSE(loaded);
    CHECK(has(loaded.error(), "'lmtp' exists already"));
}

TEST_CASE("a transport keeps the code that it runs") {
    delivery::TransportPtr transport;
    {
        Registry registry;
        REQUIRE(registry.load(good / "lmtp.so"));
        transport = *registry.make("lmtp", "store", {{"socket", "/run/lmtp"}});
    }
    CHECK_FALSE(transport->per_domain());  // would crash, were the library gone
    transport.reset();
}

TEST_CASE("who says nothing of REQUIRETLS is not given such messages") {
    class Pigeon : public delivery::Transport {
        awaitable<delivery::DeliveryOutcome>
        deliver(const delivery::DeliveryJob& job, delivery::AttemptContext&) override {
            co_return delivery::DeliveryOutcome::all(job, delivery::Verdict::delivered("flown"));
        }
        bool per_domain() const noexcept override { return false; }
    };
    CHECK_FALSE(Pigeon().can_require_tls());

    Registry registry;
    REQUIRE(registry.load(good / "lmtp.so"));
    REQUIRE(registry.load(good / "example_file.so"));
    const auto may = [&](const char* type, const Options& options) {
        const auto made = registry.make(type, "store", options);
        REQUIRE_MESSAGE(made, (made ? "" : made.error()));
        return (*made)->can_require_tls();
    };
    CHECK(may("file", {{"folder", "/tmp"}}));
    CHECK_FALSE(may("lmtp", {{"socket", "/run/lmtp"}}));
    CHECK(may("lmtp", {{"require_tls", "yes"}, {"socket", "/run/lmtp"}}));
    CHECK(may("lmtp", {{"address", "[::1]:24"}, {"require_tls", "yes"}}));
    const auto far =
        registry.make("lmtp", "store", {{"address", "192.0.2.1:24"}, {"require_tls", "yes"}});
    REQUIRE_FALSE(far);
    CHECK(has(far.error(), "'require_tls' is for a store on this machine"));
}

TEST_CASE("bad options are told all at once") {
    Registry registry;
    REQUIRE(registry.load(good / "lmtp.so"));
    const auto error = [&](const Options& options) {
        const auto made = registry.make("lmtp", "store", options);
        return made ? std::string() : made.error();
    };
    const std::string many =
        error({{"address", "nonsense"}, {"data_timeout", "soon"}, {"sokket", "/run/x"}});
    CHECK(has(many, "transport 'store' of type 'lmtp'"));
    CHECK(has(many, "'address' is an IP address and port"));
    CHECK(has(many, "'data_timeout' is a time"));
    CHECK(has(many, "unknown option 'sokket'"));
    CHECK(has(error({}), "give either 'socket'"));
    CHECK(has(error({{"socket", "/run/x"}, {"address", "127.0.0.1:24"}}), "give either 'socket'"));
    CHECK(has(error({{"socket", "run/x"}}), "absolute path"));
    CHECK(has(error({{"address", "127.0.0.1:25"}}), "must not be port 25"));
    CHECK(has(
        error({{"socket", "/run/x"}, {"lhlo_name", "a b\r\nRSET"}}), "'lhlo_name' is a host name"
    ));
    CHECK(error({{"address", "[::1]:2424"}, {"connect_timeout", "5s"}}).empty());
    CHECK(
        has(registry.make("pigeon", "p", {}).error(),
            "there is no transport type 'pigeon'; known are: lmtp")
    );
}
