// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/plugin/process/isolated_plugin.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <future>

#include "core/net/sockets/tcp_stream.hpp"
#include "tests/support/delivery_job.hpp"
#include "tests/support/run.hpp"
#include "tests/support/soon.hpp"

using namespace outpost;
using namespace std::chrono_literals;
using delivery::DeliveryOutcome;
using delivery::ErrorKind;
using delivery::Stage;
using delivery::Verdict;
using plugin_host::IsolatedPlugin;

namespace {

plugin_host::HostSettings settings() {
    plugin_host::HostSettings settings;
    settings.program = {PLUGIN_PROCESS, {"test_plugin_process"}};
    settings.memory = 400 << 20;
    settings.answer_time = 2s;
    settings.grace = 100ms;
    return settings;
}

std::string open_error(const std::string& file) {
    const auto plugin = IsolatedPlugin::open(file, settings());
    return plugin ? "" : plugin.error();
}

class NoResolver : public dns::Resolver {
    awaitable<Result<dns::Answer, dns::Failure>> query(dns::Question, Deadline) override {
        co_return Err{dns::Failure{}};
    }
};

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

/// Counts the deliveries of which the plugin says that it works on them.
struct CountingGate : test::NotingGate {
    explicit CountingGate(std::atomic<int>& counter) : begun(counter) {}
    void reached(Stage stage) noexcept override {
        NotingGate::reached(stage);
        ++begun;
    }
    std::atomic<int>& begun;
};

/// Who asks the plugin for deliveries, each on a thread of its own.
class Evil {
  public:
    explicit Evil(plugin_host::HostSettings with = settings()) {
        const auto opened = IsolatedPlugin::open(std::string(BAD_PLUGIN_FOLDER) + "/evil.so", with);
        REQUIRE_MESSAGE(opened, (opened ? "" : opened.error()));
        plugin = *opened;
        const auto made = plugin->make("evil", "evil", {});
        REQUIRE_MESSAGE(made, (made ? "" : made.error()));
        transport = *made;
    }

    DeliveryOutcome deliver(
        delivery::DeliveryJob job, delivery::DotGate& gate, delivery::Transcript& transcript,
        Duration patience = 20s
    ) {
        asio::io_context loop;
        NoResolver resolver;
        const auto dialer = net::make_direct_dialer(nullptr);
        delivery::AttemptContext context{"mail.example.org",    resolver, *dialer, gate, transcript,
                                         Deadline::in(patience)};
        return test::run(loop, transport->deliver(job, context));
    }
    Verdict deliver(const std::string& wish, int crashes = 0, Duration patience = 20s) {
        auto job = test::job_for({wish + "@example.org"});
        job.crashes = crashes;
        CountingGate gate{under_way};
        delivery::Transcript transcript;
        return deliver(job, gate, transcript, patience).verdicts.at(0);
    }
    std::future<Verdict> begin(const std::string& wish, int crashes = 0) {
        return std::async(std::launch::async, [this, wish, crashes] {
            return deliver(wish, crashes);
        });
    }

    std::shared_ptr<IsolatedPlugin> plugin;
    delivery::TransportPtr transport;
    std::atomic<int> under_way{0};  ///< deliveries that the plugin has begun
};

}  // namespace

TEST_CASE("a job goes there, its questions and its outcome come back") {
    Evil evil;
    CHECK(evil.plugin->name() == "evil");
    CHECK(evil.plugin->types() == std::vector<std::string>{"evil"});
    CHECK_FALSE(evil.transport->per_domain());
    CHECK(evil.transport->can_require_tls());

    auto message = test::small_message();
    const std::vector<std::string> chunks = {std::string(3 << 20, 'x'), "end\r\n"};
    message.content = std::make_shared<mail::Content>("Subject: x\r\n\r\n", chunks);
    const auto octets = std::to_string(message.content->size());
    test::NotingGate gate;
    delivery::Transcript transcript;
    const auto outcome = evil.deliver(
        test::job_for(message, {"good@example.org", "too@example.org"}), gate, transcript
    );
    CHECK(test::briefs(outcome.verdicts) == std::vector<std::string>{"delivered", "delivered"});
    CHECK(outcome.verdicts[0].words() == "octets: " + octets);
    CHECK(gate.asked == std::vector<std::vector<std::int32_t>>{{1, 2}});
    CHECK(gate.last == Stage::rcpt);
    CHECK(has(transcript.text(), "> I was asked for: good"));
    CHECK(evil.deliver("refuse").reply()->code == 550);
}

TEST_CASE("whether it may carry REQUIRETLS is asked of the plugin in its process") {
    const auto may = [](const std::string& library, const char* type, const plugin::Options& with) {
        const auto opened = IsolatedPlugin::open(PLUGIN_FOLDER "/" + library, settings());
        REQUIRE_MESSAGE(opened, (opened ? "" : opened.error()));
        const auto made = (*opened)->make(type, "store", with);
        REQUIRE_MESSAGE(made, (made ? "" : made.error()));
        return (*made)->can_require_tls();
    };
    CHECK(may("example_file.so", "file", {{"folder", "/tmp"}}));
    CHECK_FALSE(may("lmtp.so", "lmtp", {{"socket", "/run/lmtp"}}));
    CHECK(may("lmtp.so", "lmtp", {{"require_tls", "yes"}, {"socket", "/run/lmtp"}}));
}

TEST_CASE("the gate's no reaches the plugin") {
    Evil evil;
    test::NotingGate gate;
    gate.answer = false;
    delivery::Transcript transcript;
    const auto outcome = evil.deliver(test::job_for({"good@example.org"}), gate, transcript);
    CHECK(outcome.verdicts[0].words() == "not allowed");
}

TEST_CASE("whatever kills the process: the delivery says so, and the next one works") {
    struct Case {
        const char* wish;
        const char* how;
    };
    const Case cases[] = {
        {"segfault", "(signal 11 (Segmentation fault))"},
        {"abort", "(signal 6 (Aborted))"},
        {"exit", "(exit status 3)"},
        {"loop", "(no sign of life for 2000 ms)"},
        {"nonsense", "(it said a message"},
    };
    Evil evil;
    for (const auto& test : cases) {
        CAPTURE(std::string(test.wish));
        const auto verdict = evil.deliver(test.wish);
        CHECK(verdict.kind() == Verdict::Kind::deferred);
        CHECK(verdict.error_kind() == ErrorKind::crash);
        CHECK(verdict.stage() <= Stage::data);
        CHECK(has(verdict.words(), std::string("the plugin 'evil' crashed ") + test.how));
        CHECK(has(verdict.words(), "during this attempt"));
        CHECK(test::brief(evil.deliver("good")) == "delivered");
    }
}

TEST_CASE("a process that takes more memory than it may is ended") {
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
    return;  // its shadow memory knows no limit
#endif
    auto patient = settings();
    patient.memory = 200 << 20;
    patient.answer_time = 25s;
    Evil evil(patient);
    CHECK(has(evil.deliver("hoard").words(), "crashed (out of memory)"));
    CHECK(test::brief(evil.deliver("good")) == "delivered");
}

TEST_CASE("an attempt that goes on after its deadline is ended") {
    Evil evil;
    const auto verdict = evil.deliver("hang", 0, 300ms);
    CHECK(verdict.error_kind() == ErrorKind::crash);
    CHECK(has(verdict.words(), "an attempt went on after its deadline"));
}

TEST_CASE("an exception is the plugin's bug, and kills nobody") {
    Evil evil;
    auto neighbour = evil.begin("slow");
    CHECK_THROWS_WITH(evil.deliver("throw"), "evil thrown");
    CHECK(test::brief(neighbour.get()) == "delivered");
    auto job = test::job_for({"short@example.org"});
    test::NotingGate gate;
    delivery::Transcript transcript;
    CHECK(evil.deliver(job, gate, transcript).verdicts.empty());  // the caller counts them
}

TEST_CASE("who was let through before the crash is of unknown outcome") {
    Evil evil;
    const auto verdict = evil.deliver("dot");
    CHECK(verdict.error_kind() == ErrorKind::crash);
    CHECK(verdict.stage() == Stage::final_dot);
    CHECK(has(verdict.words(), "it may have been delivered"));
}

TEST_CASE("a crash strikes its neighbours; tried alone they go free, and strike nobody") {
    Evil evil;
    auto first = evil.begin("hang"), second = evil.begin("hang");
    CHECK(test::soon([&] { return evil.under_way == 2; }));
    CHECK(evil.deliver("segfault").error_kind() == ErrorKind::crash);
    CHECK(first.get().error_kind() == ErrorKind::crash);
    CHECK(second.get().error_kind() == ErrorKind::crash);

    auto fresh = evil.begin("slow");
    auto innocent = evil.begin("slow", 1), innocent2 = evil.begin("slow", 1);
    auto guilty = evil.begin("segfault", 1);
    CHECK(guilty.get().error_kind() == ErrorKind::crash);
    CHECK(test::brief(fresh.get()) == "delivered");
    CHECK(test::brief(innocent.get()) == "delivered");
    CHECK(test::brief(innocent2.get()) == "delivered");
    evil.transport->prune();  // processes without work end; the next suspect starts another
    CHECK(test::brief(evil.deliver("good", 1)) == "delivered");
}

TEST_CASE("what cannot be loaded or made says why, and a crash while it is made is no exception") {
    const std::string bad = BAD_PLUGIN_FOLDER;
    CHECK(has(open_error(bad + "/no_entry.so"), "this is no Outpost plugin"));
    CHECK(has(open_error(bad + "/other_build.so"), "Some Compiler 1.0"));
    CHECK(has(open_error(bad + "/throws.so"), "no more today"));
    CHECK(has(open_error("/no/such/file.so"), "/no/such/file.so"));
    auto nowhere = settings();
    nowhere.program.path = "/no/such/program";
    CHECK_FALSE(IsolatedPlugin::open(bad + "/evil.so", nowhere));

    Evil evil;
    const auto unknown = evil.plugin->make("evil", "e", {{"colour", "red"}});
    REQUIRE_FALSE(unknown);
    CHECK(has(unknown.error(), "unknown option 'colour'"));
    const auto died = evil.plugin->make("evil", "e", {{"die", "true"}});
    REQUIRE_FALSE(died);
    CHECK(has(died.error(), "crashed while it made the transport (signal 11"));
    CHECK(test::brief(evil.deliver("good")) == "delivered");
    CHECK(evil.plugin->make("evil", "e", {}));
}
