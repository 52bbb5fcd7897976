// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <deque>
#include <memory>
#include <string>

#include "core/delivery/plugin/process/child.hpp"

namespace outpost::plugin_host {

/// A place for one process of a plugin at a time: starts it when there is work, starts another when
/// it has died (later and later while they die quickly), and hands it jobs as there is room. Lives
/// on the plugin's thread.
class Seat {
  public:
    struct Rules {
        std::size_t most_jobs = 0;      ///< in the process at once; 0: any number
        std::uint64_t most_octets = 0;  ///< of content in it at once, or one job; 0: any
        std::chrono::milliseconds first_pause{100}, longest_pause{10'000};
    };
    struct Listener {
        /// A process is about to take work: tell it of the transports.
        std::function<void(Seat&)> on_ready;
        std::function<void(const Hello&)> on_hello;
        std::function<void(const Made&)> on_made;
        /// A process ended, and how.
        std::function<void(const std::string&)> on_end;
    };
    Seat(
        asio::io_context& loop, const HostSettings& settings, std::string file, Rules rules,
        Listener listener
    );

    /// Starts a process if there is none, after the pause if there is one.
    void open();
    void offer(WorkPtr work);
    /// The process that has this job, if it is here.
    Child* child_of(std::uint64_t job) const;
    /// The process, once it has said hello.
    Child* child() const { return ready_ ? child_.get() : nullptr; }
    std::size_t load() const { return waiting_.size() + (child_ ? child_->jobs() : 0); }
    /// Ends a process that has nothing to do.
    void close_if_idle();

  private:
    void start();
    void pump();
    bool has_room(const Work& next) const;
    void on_hello(const Hello& hello);
    void on_end(const std::string& how, std::size_t jobs);
    void pause();
    void refuse_all(const std::string& why);

    asio::io_context& loop_;
    const HostSettings& settings_;
    const std::string file_;
    const Rules rules_;
    const Listener listener_;
    std::shared_ptr<Child> child_;
    bool ready_ = false;
    bool pausing_ = false;
    bool wanted_ = false;   ///< though nothing waits
    bool closing_ = false;  ///< we ended the process ourselves
    int failures_ = 0;      ///< processes that died quickly, in a row
    SteadyTime started_{};
    asio::steady_timer timer_;
    std::deque<WorkPtr> waiting_;
};

}  // namespace outpost::plugin_host
