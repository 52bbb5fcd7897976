// SPDX-License-Identifier: Apache-2.0
// Does what the local part of a recipient asks for, and that is seldom good. What it delivers it
// notes in the file `log`, a line for each recipient: message id and address.
#include <signal.h>
#include <unistd.h>
#include <asio/steady_timer.hpp>

#include <cstdlib>
#include <fstream>
#include <mutex>
#include <stdexcept>
#include <vector>

#include "core/delivery/plugin/sdk/abi.hpp"
#include "core/delivery/plugin/sdk/options.hpp"

namespace {

using namespace outpost;
using delivery::AttemptContext;
using delivery::DeliveryJob;
using delivery::DeliveryOutcome;
using delivery::Stage;
using delivery::Verdict;

void segfault() {
    ::signal(SIGSEGV, SIG_DFL);  // a sanitizer would end the process in its own way
    ::raise(SIGSEGV);
}

void loop_forever() {
    for (volatile int i = 0;; i = i + 1) {
    }
}

void hoard() {
    std::vector<std::vector<char>> all;
    for (;;)
        all.emplace_back(1 << 20, 'x');
}

// The socket to the server is no secret to a plugin.
void talk_nonsense() {
    const char nonsense[] = "\x05\0\0\0\xff\xff\xff\xff\xff";
    [[maybe_unused]] const auto written = ::write(3, nonsense, sizeof nonsense - 1);
}

awaitable<void> sleep_for(std::chrono::milliseconds span) {
    asio::steady_timer timer(co_await asio::this_coro::executor, span);
    co_await timer.async_wait(use_awaitable);
}

class Evil : public delivery::Transport {
  public:
    explicit Evil(std::string log) : log_(std::move(log)) {}

    awaitable<DeliveryOutcome> deliver(const DeliveryJob& job, AttemptContext& context) override {
        const std::string wish = job.recipients.front().address.local();
        const auto asks_for = [&](const char* what) { return wish.starts_with(what); };
        context.transcript.sent("I was asked for: " + wish);
        context.gate.reached(Stage::rcpt);
        if (asks_for("segfault")) segfault();
        if (asks_for("abort")) std::abort();
        if (asks_for("exit")) ::_exit(3);
        if (asks_for("throw")) throw std::runtime_error("evil thrown");
        if (asks_for("loop")) loop_forever();
        if (asks_for("hoard")) hoard();
        if (asks_for("nonsense")) talk_nonsense();
        if (asks_for("hang")) co_await sleep_for(std::chrono::hours(1));
        if (asks_for("short")) co_return DeliveryOutcome{};
        if (asks_for("slow")) co_await sleep_for(std::chrono::milliseconds(300));
        if (asks_for("refuse"))
            co_return DeliveryOutcome::all(
                job, Verdict::from_reply(Stage::rcpt, {550, {}, {"no"}})
            );

        std::vector<std::int32_t> numbers;
        for (const auto& recipient : job.recipients)
            numbers.push_back(recipient.number);
        const bool allowed = co_await context.gate.may_finish(numbers);
        if (!allowed) {
            co_return DeliveryOutcome::all(
                job,
                Verdict::deferred(Stage::data, delivery::ErrorKind::local, {4, 3, 0}, "not allowed")
            );
        }
        if (asks_for("dot")) segfault();
        note(job);
        const auto octets = job.message->body.held()->size();
        co_return DeliveryOutcome::all(
            job, Verdict::delivered("octets: " + std::to_string(octets))
        );
    }
    bool per_domain() const noexcept override { return false; }
    bool can_require_tls() const noexcept override { return true; }

  private:
    void note(const DeliveryJob& job) {
        if (log_.empty()) return;
        const std::lock_guard lock(mutex_);
        std::ofstream out(log_, std::ios::app);
        for (const auto& recipient : job.recipients)
            out << to_number(job.message->id) << " " << recipient.address.wire() << std::endl;
    }
    std::mutex mutex_;
    const std::string log_;
};

Result<delivery::TransportPtr> make(const std::string&, const plugin::Options& options) {
    plugin::OptionReader reader(options);
    const std::string log = reader.text("log");
    if (reader.truth("die", false)) segfault();
    if (auto problems = reader.problems()) return Err{std::move(*problems)};
    return delivery::TransportPtr(std::make_shared<Evil>(log));
}

void attach(plugin::Registrar& registrar) {
    registrar.transport("evil", make);
}

}  // namespace

OUTPOST_PLUGIN("evil", "1.0", attach)
