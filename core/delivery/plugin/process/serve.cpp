// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/plugin/process/serve.hpp"

#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>
#include <asio/co_spawn.hpp>
#include <asio/post.hpp>

#include <atomic>
#include <csignal>
#include <map>
#include <mutex>
#include <new>
#include <thread>

#include "core/delivery/plugin/process/channel.hpp"
#include "core/delivery/plugin/process/codec.hpp"
#include "core/delivery/plugin/process/messages.hpp"
#include "core/delivery/plugin/process/process.hpp"
#include "core/delivery/plugin/sdk/library.hpp"
#include "core/delivery/plugin/sdk/registry.hpp"
#include "core/foundation/async/detach.hpp"
#include "core/foundation/async/event_loops.hpp"
#include "core/foundation/async/promise.hpp"
#include "core/foundation/base/log.hpp"
#include "core/net/dns/stub_resolver.hpp"
#include "core/net/sockets/tcp_stream.hpp"

namespace outpost::plugin_host {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool address_sanitizer = true;
#elif defined(__has_feature)
constexpr bool address_sanitizer = __has_feature(address_sanitizer);
#else
constexpr bool address_sanitizer = false;
#endif

/// Without a server there is nothing to do, even when a plugin keeps every thread busy.
void end_with_the_server() {
    std::thread([] {
        pollfd server{inherited_socket, POLLRDHUP, 0};
        while (::poll(&server, 1, -1) < 0) {
        }
        ::_exit(0);
    }).detach();
}

/// Memory runs out for all jobs at once and in the end for the machine, so the process says so and
/// goes: better than a failed allocation at any place.
void limit_memory(std::uint64_t octets) {
    std::set_new_handler([] { ::_exit(out_of_memory_status); });
    if (octets == 0 || address_sanitizer) return;
    const rlimit limit{octets, octets};
    ::setrlimit(RLIMIT_DATA, &limit);
}

/// Passes the questions of one job on to the server, and what was said on the way with them.
class RemoteGate final : public delivery::DotGate {
  public:
    RemoteGate(Channel& channel, std::uint64_t job, const delivery::Transcript& transcript)
        : channel_(channel), job_(job), transcript_(transcript) {}

    void reached(delivery::Stage stage) noexcept override {
        channel_.send(encode(FromPlugin(Reached{job_, stage, new_lines()})));
    }

    awaitable<bool> may_finish(std::span<const std::int32_t> recipients) override {
        const Promise<bool> answer;
        Ask ask{job_, 0, {recipients.begin(), recipients.end()}, new_lines()};
        {
            const std::lock_guard lock(mutex_);
            ask.question = next_question_++;
            questions_.emplace(ask.question, answer);
        }
        channel_.send(encode(FromPlugin(std::move(ask))));
        auto waiting = answer;
        co_return co_await waiting.wait();
    }

    void answered(std::int64_t question, bool yes) {
        const std::lock_guard lock(mutex_);
        const auto found = questions_.find(question);
        if (found == questions_.end()) return;
        found->second.set(yes);
        questions_.erase(found);
    }

    Lines new_lines() { return transcript_.lines(std::exchange(told_, transcript_.size())); }

  private:
    Channel& channel_;
    const std::uint64_t job_;
    const delivery::Transcript& transcript_;
    std::size_t told_ = 0;  ///< lines of the transcript that the server has
    std::mutex mutex_;
    std::int64_t next_question_ = 0;
    std::map<std::int64_t, Promise<bool>> questions_;
};

/// A job whose body is still coming in.
struct Arriving {
    Start start;
    std::vector<std::string> body;
    std::uint64_t missing = 0;
};

/// The process. Messages are taken on the first loop, jobs run on all.
class PluginProcess {
  public:
    explicit PluginProcess(Channel::Socket::native_handle_type socket, asio::io_context& first)
        : channel_(std::make_shared<Channel>(
              Channel::Socket(first, asio::local::stream_protocol(), socket), longest_message
          )) {}

    awaitable<void> run() {
        const Channel::Receiver receiver = [this](const FrameReader::Cut& frame) {
            auto decoded = decode_to_plugin(frame);
            std::visit([this](auto& message) { take(message); }, decoded);
        };
        co_await channel_->receive(receiver);
    }

  private:
    struct Running {
        Start start;
        delivery::TransportPtr transport;
        delivery::Transcript transcript;
        std::unique_ptr<RemoteGate> gate;
    };

    void take(Setup& setup) {
        log::set_level(setup.log_level);
        limit_memory(setup.memory);
        resolver_ = dns::make_resolver(setup.dns);
        Hello hello;
        try {
            dialer_ = net::make_direct_dialer(tls::make_client_context(setup.tls));
            const auto library = registry_.load(setup.file);
            if (library)
                hello = {{}, (*library)->name(), registry_.types()};
            else
                hello.error = library.error();
        } catch (const std::exception& error) {
            hello.error = error.what();
        }
        loops_ = std::make_unique<EventLoops>(setup.threads);
        loops_->start();
        say(std::move(hello));
    }

    void take(Make& make) {
        Made made;
        made.transport = make.transport;
        auto transport = registry_.make(make.type, make.name, make.options);
        if (transport) {
            made.per_domain = (*transport)->per_domain();
            made.can_require_tls = (*transport)->can_require_tls();
            transports_[make.transport] = std::move(*transport);
        } else {
            made.error = transport.error();
        }
        say(std::move(made));
    }

    void take(Prune& prune) {
        const auto found = transports_.find(prune.transport);
        if (found != transports_.end()) found->second->prune();
    }
    void take(Drop& drop) { transports_.erase(drop.transport); }

    void take(Start& start) {
        const auto number = start.number;
        const auto missing = start.body_octets;
        Arriving& arriving = arriving_[number];
        arriving = {std::move(start), {}, missing};
        if (missing == 0) begin(number);
    }

    void take(Content& content) {
        const auto found = arriving_.find(content.job);
        if (found == arriving_.end() || content.octets.size() > found->second.missing)
            throw Malformed("content of no job");
        found->second.body.emplace_back(content.octets);
        found->second.missing -= content.octets.size();
        if (found->second.missing == 0) begin(content.job);
    }

    void take(Answer& answer) {
        const std::lock_guard lock(mutex_);
        const auto found = running_.find(answer.job);
        if (found != running_.end()) found->second->gate->answered(answer.question, answer.yes);
    }

    /// Every loop has to pass it on: one that is blocked keeps the answer back.
    void take(Ping& ping) {
        auto left = std::make_shared<std::atomic<std::size_t>>(loops_->size());
        for (std::size_t i = 0; i < loops_->size(); ++i) {
            asio::post(loops_->at(i), [this, left, number = ping.number] {
                if (--*left == 0) say(Pong{number});
            });
        }
    }

    void begin(std::uint64_t number) {
        auto node = arriving_.extract(number);
        Arriving& arriving = node.mapped();
        auto running = std::make_shared<Running>();
        running->start = std::move(arriving.start);
        auto message = std::make_shared<delivery::Message>(*running->start.job.message);
        message->content =
            std::make_shared<mail::Content>(message->content->header(), std::move(arriving.body));
        running->start.job.message = std::move(message);
        const auto transport = transports_.find(running->start.transport);
        if (transport == transports_.end())
            return say(Fault{number, "the plugin could not make the transport again", {}});
        running->transport = transport->second;
        running->gate = std::make_unique<RemoteGate>(*channel_, number, running->transcript);
        {
            const std::lock_guard lock(mutex_);
            running_.emplace(number, running);
        }
        const auto loop = loops_->next_index();
        detach(loops_->at(loop).get_executor(), deliver(std::move(running), loop));
    }

    awaitable<void> deliver(std::shared_ptr<Running> running, std::size_t loop) {
        const auto number = running->start.number;
        delivery::AttemptContext context{running->start.ehlo_name,
                                         *resolver_,
                                         *dialer_,
                                         *running->gate,
                                         running->transcript,
                                         Deadline::in(running->start.left),
                                         loop};
        Outcome outcome{number, {}, {}};
        std::string fault;
        try {
            outcome.outcome = co_await running->transport->deliver(running->start.job, context);
        } catch (const std::exception& error) {
            fault = error.what();
            if (fault.empty()) fault = "an exception";
        } catch (...) {
            fault = "unknown exception";
        }
        {
            const std::lock_guard lock(mutex_);
            running_.erase(number);
        }
        outcome.lines = running->gate->new_lines();
        if (fault.empty())
            say(std::move(outcome));
        else
            say(Fault{number, std::move(fault), std::move(outcome.lines)});
    }

    template <class Message>
    void say(Message message) {
        channel_->send(encode(FromPlugin(std::move(message))));
    }

    std::shared_ptr<Channel> channel_;
    plugin::Registry registry_;
    std::shared_ptr<dns::Resolver> resolver_;
    std::shared_ptr<net::Dialer> dialer_;
    std::map<std::uint32_t, delivery::TransportPtr> transports_;
    std::map<std::uint64_t, Arriving> arriving_;
    std::mutex mutex_;
    std::map<std::uint64_t, std::shared_ptr<Running>> running_;
    std::unique_ptr<EventLoops> loops_;
};

}  // namespace

int serve_plugin() {
    end_with_the_server();
    // A service manager asks all processes of a service to stop; the deliveries in this one are
    // drained by the server, and end with it.
    for (const int number : {SIGPIPE, SIGHUP, SIGINT, SIGTERM})
        ::signal(number, SIG_IGN);
    asio::io_context first(1);
    PluginProcess process(inherited_socket, first);
    asio::co_spawn(first, process.run(), [](const std::exception_ptr& error) {
        // Whatever a plugin still does, without a server it does it for nobody.
        if (!error) ::_exit(0);
        try {
            std::rethrow_exception(error);
        } catch (const std::exception& what) {
            log::error("plugin", "the server is not understood: {}", what.what());
        }
        ::_exit(1);
    });
    first.run();
    return 0;
}

}  // namespace outpost::plugin_host
