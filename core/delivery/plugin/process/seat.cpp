// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/plugin/process/seat.hpp"

#include <algorithm>

#include "core/foundation/base/log.hpp"

namespace outpost::plugin_host {
namespace {

/// A process that lived so long did not die of its birth: the next one starts at once.
constexpr std::chrono::seconds long_life{30};

}  // namespace

Seat::Seat(
    asio::io_context& loop, const HostSettings& settings, std::string file, Rules rules,
    Listener listener
)
    : loop_(loop),
      settings_(settings),
      file_(std::move(file)),
      rules_(rules),
      listener_(std::move(listener)),
      timer_(loop) {}

void Seat::open() {
    wanted_ = true;
    if (!child_ && !pausing_) start();
}

void Seat::start() {
    started_ = SteadyClock::now();
    ready_ = closing_ = wanted_ = false;
    try {
        child_ = std::make_shared<Child>(
            loop_, settings_, file_,
            Child::Listener{
                [this](const Hello& hello) { on_hello(hello); }, listener_.on_made,
                [this] { pump(); },
                [this](const std::string& how, std::size_t jobs) { on_end(how, jobs); }
            }
        );
        child_->start();
    } catch (const std::exception& error) {
        log::error("plugin", "{}: {}", file_, error.what());
        child_.reset();
        refuse_all(error.what());
        listener_.on_end(error.what());
        ++failures_;
        pause();
    }
}

void Seat::on_hello(const Hello& hello) {
    listener_.on_hello(hello);
    if (!hello.error.empty()) {
        refuse_all(hello.error);
        child_->kill(hello.error);
        return;
    }
    ready_ = true;
    listener_.on_ready(*this);
    pump();
}

void Seat::offer(WorkPtr work) {
    waiting_.push_back(std::move(work));
    open();
    pump();
}

bool Seat::has_room(const Work& next) const {
    const auto jobs = child_->jobs();
    if (jobs == 0) return true;
    if (rules_.most_jobs > 0 && jobs >= rules_.most_jobs) return false;
    return rules_.most_octets == 0 || child_->octets() + next.octets() <= rules_.most_octets;
}

void Seat::pump() {
    while (ready_ && !waiting_.empty() && has_room(*waiting_.front())) {
        const WorkPtr work = std::move(waiting_.front());
        waiting_.pop_front();
        if (work->try_start()) child_->run(work);
    }
}

void Seat::on_end(const std::string& how, std::size_t jobs) {
    const bool lived = SteadyClock::now() - started_ >= long_life;
    child_.reset();
    ready_ = false;
    if (!closing_) {
        log::error("plugin", "the process of {} ended: {}; deliveries in it: {}", file_, how, jobs);
        failures_ = lived ? 0 : failures_ + 1;
    }
    listener_.on_end(how);
    if (closing_ || failures_ == 0) {
        if (!waiting_.empty()) start();
    } else {
        pause();
    }
}

void Seat::pause() {
    pausing_ = true;
    timer_.expires_after(
        std::min(rules_.longest_pause, rules_.first_pause * (1 << std::min(failures_ - 1, 10)))
    );
    timer_.async_wait([this](const asio::error_code& error) {
        if (error) return;
        pausing_ = false;
        if (wanted_ || !waiting_.empty()) open();
    });
}

void Seat::refuse_all(const std::string& why) {
    for (const auto& work : std::exchange(waiting_, {})) {
        if (work->try_start()) work->letters.put(Refused{why});
    }
}

Child* Seat::child_of(std::uint64_t job) const {
    return child_ && child_->has(job) ? child_.get() : nullptr;
}

void Seat::close_if_idle() {
    if (!ready_ || child_->jobs() > 0 || !waiting_.empty()) return;
    closing_ = true;
    ready_ = false;
    child_->kill("it had nothing to do");
}

}  // namespace outpost::plugin_host
