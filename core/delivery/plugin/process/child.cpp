// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/plugin/process/child.hpp"

#include <fmt/format.h>
#include <unistd.h>
#include <asio/local/connect_pair.hpp>
#include <asio/redirect_error.hpp>

#include "core/delivery/plugin/process/codec.hpp"
#include "core/foundation/async/detach.hpp"
#include "core/foundation/base/log.hpp"

namespace outpost::plugin_host {
namespace {

/// What a process that ended had said before is read first.
constexpr std::chrono::milliseconds last_words{200};
/// One that closed its socket is granted this time to end by itself, so that its true end is told.
constexpr std::chrono::seconds time_to_end{1};

}  // namespace

Child::Child(
    asio::io_context& loop, const HostSettings& settings, const std::string& file, Listener listener
)
    : loop_(loop),
      answer_time_(settings.answer_time),
      listener_(std::move(listener)),
      end_(loop),
      dead_(loop.get_executor()),
      timer_(loop) {
    Channel::Socket ours(loop), theirs(loop);
    asio::local::connect_pair(ours, theirs);
    Program program = settings.program;
    program.arguments.push_back(file);  // so that people can tell the processes apart
    process_ = std::make_unique<Process>(program, theirs.native_handle());
    channel_ = std::make_shared<Channel>(std::move(ours), longest_message);
    send(Setup{
        file, settings.log_level, settings.memory, settings.threads, settings.dns, settings.tls
    });
    unanswered_since_ = Clock::now();
}

void Child::start() {
    detach(loop_.get_executor(), live(shared_from_this()));
    detach(loop_.get_executor(), ask_for_life(shared_from_this()));
    const int descriptor = ::dup(process_->ended_descriptor());
    if (descriptor < 0) return;  // an old kernel: the closed socket tells
    end_.assign(descriptor);
    detach(loop_.get_executor(), watch(shared_from_this()));
}

awaitable<void> Child::live(std::shared_ptr<Child> self) {
    std::string nonsense;
    const Channel::Receiver receiver = [&self](const FrameReader::Cut& frame) {
        self->receive(frame);
    };
    try {
        co_await self->channel_->receive(receiver);
    } catch (const Malformed& error) {
        nonsense = error.what();
    }
    self->over_ = true;
    self->timer_.cancel();
    self->channel_->close();
    if (nonsense.empty() && self->killed_for_.empty())
        co_await self->dead_.wait(Deadline::in(time_to_end));
    self->process_->kill();
    const auto ending = self->process_->wait();
    asio::error_code ignored;
    self->end_.close(ignored);
    if (!nonsense.empty())
        self->ended("it said " + nonsense);
    else
        self->ended(self->killed_for_.empty() ? ending : self->killed_for_);
}

// The socket alone does not tell: what the plugin left running may hold it open.
awaitable<void> Child::watch(std::shared_ptr<Child> self) {
    asio::error_code error;
    co_await self->end_.async_wait(
        asio::posix::descriptor_base::wait_read, asio::redirect_error(use_awaitable, error)
    );
    if (error) co_return;
    self->dead_.notify();
    asio::steady_timer timer(self->loop_, last_words);
    co_await timer.async_wait(asio::redirect_error(use_awaitable, error));
    self->channel_->close();
}

awaitable<void> Child::ask_for_life(std::shared_ptr<Child> self) {
    while (!self->over_) {
        self->timer_.expires_after(self->answer_time_ / 4);
        asio::error_code ignored;
        co_await self->timer_.async_wait(asio::redirect_error(use_awaitable, ignored));
        if (self->over_) co_return;
        if (!self->unanswered_since_) {
            self->unanswered_since_ = Clock::now();
            self->send(Ping{++self->pings_});
        } else if (Clock::now() - *self->unanswered_since_ >= self->answer_time_) {
            self->kill(fmt::format("no sign of life for {} ms", self->answer_time_.count()));
        }
    }
}

void Child::receive(const FrameReader::Cut& frame) {
    auto message = decode_from_plugin(frame);
    if (const auto* hello = std::get_if<Hello>(&message)) {
        unanswered_since_.reset();
        listener_.on_hello(*hello);
    } else if (const auto* made = std::get_if<Made>(&message)) {
        listener_.on_made(*made);
    } else if (const auto* pong = std::get_if<Pong>(&message)) {
        if (pong->number == pings_) unanswered_since_.reset();
    } else if (auto* reached = std::get_if<Reached>(&message)) {
        pass_on(*reached, false);
    } else if (auto* ask = std::get_if<Ask>(&message)) {
        pass_on(*ask, false);
    } else if (auto* outcome = std::get_if<Outcome>(&message)) {
        pass_on(*outcome, true);
    } else if (auto* fault = std::get_if<Fault>(&message)) {
        pass_on(*fault, true);
    }
}

template <class Message>
void Child::pass_on(Message& message, bool ends) {
    const auto found = jobs_.find(message.job);
    if (found == jobs_.end()) return;  // given up meanwhile
    found->second->letters.put(std::move(message));
    if (ends) forget(found->first);
}

void Child::run(const WorkPtr& work) {
    jobs_.emplace(work->number, work);
    octets_ += work->octets();
    const auto& content = work->job.message->content;
    std::uint64_t body = 0;
    for (const auto& chunk : content->body())
        body += chunk.size();
    send(Start{
        work->number, work->transport, work->ehlo_name, work->deadline.left(), work->job, body
    });
    for (const auto& chunk : content->body()) {
        for (std::string_view rest = chunk; !rest.empty();) {
            const auto piece = rest.substr(0, content_piece);
            channel_->send(encode_content(work->number, piece, content));
            rest.remove_prefix(piece.size());
        }
    }
}

void Child::answer(
    std::uint64_t job, std::int64_t question, bool yes, const std::vector<std::int32_t>& recipients
) {
    const auto found = jobs_.find(job);
    if (found == jobs_.end() || over_) return;
    auto& released = found->second->released;
    if (yes) released.insert(released.end(), recipients.begin(), recipients.end());
    send(Answer{job, question, yes});
}

void Child::forget(std::uint64_t job) {
    const auto found = jobs_.find(job);
    if (found == jobs_.end()) return;
    octets_ -= found->second->octets();
    jobs_.erase(found);
    if (!over_) listener_.on_job_ended();
}

void Child::kill(const std::string& why) {
    if (over_ || !killed_for_.empty()) return;
    killed_for_ = why;
    process_->kill();
}

void Child::ended(std::string how) {
    const auto jobs = std::exchange(jobs_, {});
    for (const auto& [number, work] : jobs)
        work->letters.put(Crashed{how, work->released});
    listener_.on_end(how, jobs.size());
}

}  // namespace outpost::plugin_host
