// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "core/delivery/plugin/process/channel.hpp"
#include "core/delivery/plugin/process/process.hpp"
#include "core/delivery/plugin/process/work.hpp"

namespace outpost::plugin_host {

/// How the processes of plugins are run.
struct HostSettings {
    Program program;
    /// Memory that one process may use, in octets; 0: any. Half of it may be message content.
    std::uint64_t memory = 1ULL << 30;
    /// A process that gives no sign of life for so long is ended.
    std::chrono::milliseconds answer_time{30'000};
    /// What a plugin may take to end its attempt after the deadline before its process is ended.
    std::chrono::milliseconds grace{10'000};
    std::size_t threads = 2;  ///< event loops in a process
    log::Level log_level = log::Level::info;
    dns::Settings dns;
    tls::ClientSettings tls;
};

/// One process of a plugin, as the server sees it, from its start to its end. Lives on one thread,
/// the plugin's, and there it calls back.
class Child : public std::enable_shared_from_this<Child> {
  public:
    struct Listener {
        std::function<void(const Hello&)> on_hello;
        std::function<void(const Made&)> on_made;
        std::function<void()> on_job_ended;
        /// The last call: how it ended, and with how many jobs.
        std::function<void(const std::string& how, std::size_t jobs)> on_end;
    };

    /// Throws std::system_error when the process cannot be started.
    Child(
        asio::io_context& loop, const HostSettings& settings, const std::string& file,
        Listener listener
    );
    /// Begins to listen. Once.
    void start();

    template <class Message>
    void send(Message message) {
        channel_->send(encode(ToPlugin(std::move(message))));
    }
    void run(const WorkPtr& work);
    /// Passes the gate's answer on. Who was let through is of unknown outcome from now on.
    void answer(
        std::uint64_t job, std::int64_t question, bool yes,
        const std::vector<std::int32_t>& recipients
    );
    /// Nobody waits for the job any more.
    void forget(std::uint64_t job);
    bool has(std::uint64_t job) const { return jobs_.contains(job); }
    /// Ends the process, whatever it is doing; `why` is what its jobs are told.
    void kill(const std::string& why);

    std::size_t jobs() const noexcept { return jobs_.size(); }
    std::uint64_t octets() const noexcept { return octets_; }

  private:
    using Clock = SteadyClock;
    static awaitable<void> live(std::shared_ptr<Child> self);
    static awaitable<void> watch(std::shared_ptr<Child> self);
    static awaitable<void> ask_for_life(std::shared_ptr<Child> self);
    void receive(const FrameReader::Cut& frame);
    template <class Message>
    void pass_on(Message& message, bool ends);
    void ended(std::string how);

    asio::io_context& loop_;
    const std::chrono::milliseconds answer_time_;
    const Listener listener_;
    std::shared_ptr<Channel> channel_;
    std::unique_ptr<Process> process_;
    asio::posix::stream_descriptor end_;  ///< readable when the process has ended
    Event dead_;
    asio::steady_timer timer_;
    std::string killed_for_;
    bool over_ = false;
    std::optional<SteadyTime> unanswered_since_;
    std::int64_t pings_ = 0;
    std::map<std::uint64_t, WorkPtr> jobs_;
    std::uint64_t octets_ = 0;
};

}  // namespace outpost::plugin_host
