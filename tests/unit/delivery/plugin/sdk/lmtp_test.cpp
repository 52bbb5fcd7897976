// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <asio/read_until.hpp>
#include <asio/write.hpp>
#include <cstdlib>
#include <future>
#include <system_error>

#include "core/delivery/plugin/process/isolated_plugin.hpp"
#include "core/delivery/plugin/sdk/registry.hpp"
#include "core/net/sockets/tcp_stream.hpp"
#include "tests/support/run.hpp"

using namespace outpost;
using namespace outpost::delivery;

namespace {

/// A store that plays a script: each step waits for a line that begins with `expect` (empty: for
/// none;
/// ".": for the end of the data) and then says `say`. It hangs up at the end of the script.
struct Step {
    std::string expect, say;
};

class Store {
  public:
    explicit Store(std::vector<Step> script)
        : acceptor_(loop_, {asio::ip::address_v4::loopback(), 0}) {
        seen_ = std::async(std::launch::async, [this, script = std::move(script)] {
            return play(script);
        });
    }
    std::string address() const {
        return "127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
    }
    /// All that was said to it.
    std::string seen() { return seen_.get(); }

  private:
    std::string play(const std::vector<Step>& script) {
        auto socket = acceptor_.accept();
        std::string all, buffer;
        for (const Step& step : script) {
            std::error_code error;
            while (!step.expect.empty()) {
                const auto size =
                    asio::read_until(socket, asio::dynamic_buffer(buffer), "\r\n", error);
                if (error) return all + "<lost>";
                const std::string line = buffer.substr(0, size);
                buffer.erase(0, size);
                all += line;
                if (step.expect == "." ? line == ".\r\n" : line.starts_with(step.expect)) break;
            }
            asio::write(socket, asio::buffer(step.say), error);
        }
        return all;
    }
    asio::io_context loop_;
    asio::ip::tcp::acceptor acceptor_;
    std::future<std::string> seen_;
};

class Gate : public DotGate {
  public:
    void reached(Stage stage) noexcept override { last = stage; }
    awaitable<bool> may_finish(std::span<const std::int32_t> recipients) override {
        asked.assign(recipients.begin(), recipients.end());
        co_return answer;
    }
    Stage last = Stage::route;
    std::vector<std::int32_t> asked;
    bool answer = true;
};

/// LMTP asks no resolver.
class NoResolver : public dns::Resolver {
    awaitable<Result<dns::Answer, dns::Failure>> query(dns::Question, Deadline) override {
        co_return Err{dns::Failure{}};
    }
};

DeliveryJob job_for(std::vector<std::string> recipients) {
    auto message = std::make_shared<Message>();
    message->mail_from = *mail::Address::parse("from@example.org");
    message->body = std::make_shared<const mail::Content>(
        "Subject: x\r\n\r\n", std::vector<std::string>{"one\r\n.two\r\n"}
    );
    message->ret = Ret::headers;
    message->envid = "id+1";
    DeliveryJob job;
    std::int32_t number = 0;
    for (const auto& text : recipients) {
        Recipient recipient;
        recipient.number = ++number;
        recipient.address = *mail::Address::parse(text);
        recipient.notify.success = true;
        job.recipients.push_back(recipient);
    }
    job.message = std::move(message);
    return job;
}

struct Attempt {
    asio::io_context loop;
    NoResolver resolver;
    std::shared_ptr<net::Dialer> dialer = net::make_direct_dialer(nullptr);
    Gate gate;
    Transcript transcript;
    plugin::Registry registry;

    DeliveryOutcome deliver(const DeliveryJob& job, const std::string& address) {
        const auto transport =
            make({{"address", address}, {"command_timeout", "1s"}, {"data_timeout", "1s"}});
        REQUIRE(transport);
        AttemptContext context{"client.example.org",
                               resolver,
                               *dialer,
                               gate,
                               transcript,
                               Deadline::in(std::chrono::seconds(10))};
        return test::run(loop, (*transport)->deliver(job, context));
    }

    /// In this process or, as a server has it, in one of its own.
    Result<TransportPtr> make(const plugin::Options& options) {
        const std::string file = std::string(PLUGIN_FOLDER) + "/lmtp.so";
        if (std::getenv("OUTPOST_TEST_ISOLATED") == nullptr) {
            REQUIRE(registry.load(file));
            return registry.make("lmtp", "store", options);
        }
        plugin_host::HostSettings settings;
        settings.program = {PLUGIN_PROCESS, {"test_plugin_process"}};
        const auto plugin = plugin_host::IsolatedPlugin::open(file, settings);
        REQUIRE(plugin);
        return (*plugin)->make("lmtp", "store", options);
    }
};

std::vector<Verdict::Kind> kinds(const DeliveryOutcome& outcome) {
    std::vector<Verdict::Kind> all;
    for (const auto& verdict : outcome.verdicts)
        all.push_back(verdict.kind());
    return all;
}
using Kind = Verdict::Kind;
const std::vector<std::string> three = {"a@example.org", "b@example.org", "c@example.org"};

}  // namespace

TEST_CASE("each recipient has its own answer, before the data and after it") {
    for (const bool pipelining : {true, false}) {
        CAPTURE(pipelining);
        Store store(
            {{"", "220 store\r\n"},
             {"LHLO client.example.org",
              pipelining ? "250-store\r\n250-PIPELINING\r\n250-DSN\r\n250 SIZE 1000\r\n"
                         : "250-store\r\n250-DSN\r\n250 SIZE 1000\r\n"},
             {"MAIL", "250 ok\r\n"},
             {"RCPT", "250 ok\r\n"},
             {"RCPT", "550 5.1.1 who?\r\n"},
             {"RCPT", "250 ok\r\n"},
             {"DATA", "354 go\r\n"},
             {".", "250 2.0.0 kept\r\n452 4.2.2 full\r\n"},
             {"QUIT", ""}}
        );
        Attempt attempt;
        const auto outcome = attempt.deliver(job_for(three), store.address());
        CHECK(kinds(outcome) == std::vector{Kind::delivered, Kind::failed, Kind::deferred});
        CHECK(outcome.verdicts[1].stage() == Stage::rcpt);
        CHECK(outcome.verdicts[2].status().text() == "4.2.2");
        CHECK(outcome.verdicts[2].stage() != Stage::final_dot);  // its fate is known
        CHECK(outcome.verdicts[0].remote->success == RemoteFacts::Success::delivered);
        CHECK(attempt.gate.asked == std::vector<std::int32_t>{1, 3});
        const std::string seen = store.seen();
        CHECK(
            seen.find("MAIL FROM:<from@example.org> SIZE=25 RET=HDRS ENVID=id+2B1\r\n") !=
            std::string::npos
        );
        CHECK(seen.find("RCPT TO:<a@example.org> NOTIFY=SUCCESS\r\n") != std::string::npos);
        CHECK(seen.find("Subject: x\r\n\r\none\r\n..two\r\n.\r\n") != std::string::npos);
    }
}

TEST_CASE("without the gate's leave no final dot is sent") {
    Store store(
        {{"", "220 s\r\n"},
         {"LHLO", "250 s\r\n"},
         {"MAIL", "250 ok\r\n"},
         {"RCPT", "250 ok\r\n"},
         {"DATA", "354 go\r\n"},
         {".", "250 ok\r\n"}}
    );
    Attempt attempt;
    attempt.gate.answer = false;
    const auto outcome = attempt.deliver(job_for({"a@example.org"}), store.address());
    CHECK(kinds(outcome) == std::vector{Kind::deferred});
    CHECK(outcome.verdicts[0].stage() == Stage::data);
    CHECK(store.seen().ends_with("..two\r\n<lost>"));
}

TEST_CASE("the store drops the connection at each step in turn") {
    const std::vector<Step> whole = {{"", "220 s\r\n"},      {"LHLO", "250 s\r\n"},
                                     {"MAIL", "250 ok\r\n"}, {"RCPT", "250 ok\r\n"},
                                     {"DATA", "354 go\r\n"}, {".", "250 ok\r\n"}};
    const Stage stages[] = {Stage::greeting, Stage::ehlo, Stage::mail,
                            Stage::rcpt,     Stage::data, Stage::final_dot};
    for (std::size_t step = 0; step < whole.size(); ++step) {
        CAPTURE(step);
        std::vector<Step> script(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(step));
        script.push_back({whole[step].expect, ""});
        Store store(script);
        Attempt attempt;
        const auto outcome = attempt.deliver(job_for({"a@example.org"}), store.address());
        CHECK(kinds(outcome) == std::vector{Kind::deferred});
        CHECK(outcome.verdicts[0].stage() == stages[step]);
        CHECK_FALSE(outcome.unreachable);
    }
}

TEST_CASE("answers before the connection broke count; those that did not come are unknown") {
    Store store(
        {{"", "220 s\r\n"},
         {"LHLO", "250 s\r\n"},
         {"MAIL", "250 ok\r\n"},
         {"RCPT", "250 ok\r\n"},
         {"RCPT", "250 ok\r\n"},
         {"RCPT", "250 ok\r\n"},
         {"DATA", "354 go\r\n"},
         {".", "250 kept\r\n"}}
    );
    Attempt attempt;
    const auto outcome = attempt.deliver(job_for(three), store.address());
    CHECK(kinds(outcome) == std::vector{Kind::delivered, Kind::deferred, Kind::deferred});
    CHECK(outcome.verdicts[1].stage() == Stage::final_dot);
}

TEST_CASE("refusals and nonsense") {
    struct Case {
        std::vector<Step> script;
        Kind kind;
        Stage stage;
    };
    const Case cases[] = {
        {{{"", "554 go away\r\n"}}, Kind::deferred, Stage::greeting},
        {{{"", "220 s\r\n"}, {"LHLO", "500 this is SMTP\r\n"}}, Kind::deferred, Stage::ehlo},
        {{{"", "220 s\r\n"}, {"LHLO", "250-s\r\n250 SIZE 3\r\n"}}, Kind::failed, Stage::mail},
        {{{"", "220 s\r\n"}, {"LHLO", "250 s\r\n"}, {"MAIL", "451 later\r\n"}},
         Kind::deferred,
         Stage::mail},
        {{{"", "220 s\r\n"},
          {"LHLO", "250 s\r\n"},
          {"MAIL", "250 ok\r\n"},
          {"RCPT", "250 ok\r\n"},
          {"DATA", "250 ok\r\n"}},
         Kind::deferred,
         Stage::data},
        {{{"", "220 s\r\n"},
          {"LHLO", "250 s\r\n"},
          {"MAIL", "250 ok\r\n"},
          {"RCPT", "250 ok\r\n"},
          {"DATA", "554 no\r\n"}},
         Kind::failed,
         Stage::data},
        {{{"", "hello\r\n"}}, Kind::deferred, Stage::greeting},
    };
    for (const Case& c : cases) {
        CAPTURE(c.script.back().say);
        Store store(c.script);
        Attempt attempt;
        const auto outcome = attempt.deliver(job_for({"a@example.org"}), store.address());
        CHECK(kinds(outcome) == std::vector{c.kind});
        CHECK(outcome.verdicts[0].stage() == c.stage);
    }
}

TEST_CASE("nobody listens: another transport may try") {
    asio::io_context loop;
    std::string address;
    {
        const asio::ip::tcp::acceptor gone(loop, {asio::ip::address_v4::loopback(), 0});
        address = "127.0.0.1:" + std::to_string(gone.local_endpoint().port());
    }
    Attempt attempt;
    const auto outcome = attempt.deliver(job_for(three), address);
    CHECK(outcome.unreachable);
    CHECK(kinds(outcome) == std::vector{Kind::deferred, Kind::deferred, Kind::deferred});
    CHECK(outcome.verdicts[0].stage() == Stage::connect);
}
