// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/plugin/process/isolated_plugin.hpp"

#include <fmt/format.h>
#include <asio/post.hpp>

#include <algorithm>
#include <array>
#include <future>

#include "core/delivery/plugin/process/seat.hpp"
#include "core/foundation/async/event_loops.hpp"

namespace outpost::plugin_host {
namespace {

using delivery::DeliveryOutcome;
using delivery::ErrorKind;
using delivery::Stage;
using delivery::Verdict;

/// Suspects that are tried at once, each in a process of its own.
constexpr std::size_t suspects_at_once = 2;
/// How long a job waits for its turn, or for a process that is being restarted.
constexpr std::chrono::seconds longest_wait{60};

}  // namespace

/// The plugin's thread and what lives on it.
class IsolatedPlugin::Processes {
  public:
    Processes(const std::filesystem::path& file, HostSettings settings)
        : settings_(std::move(settings)),
          file_(std::filesystem::absolute(file).string()),
          loops_(1),
          many_(loops_.at(0), settings_, file_, {0, settings_.memory / 2}, listener(true)) {
        for (auto& seat : alone_)
            seat = std::make_unique<Seat>(
                loops_.at(0), settings_, file_, Seat::Rules{1}, listener(false)
            );
        loops_.start();
    }
    ~Processes() { loops_.stop(); }

    Result<Hello> open() {
        auto hello = hello_.get_future();
        post([this] { many_.open(); });
        if (hello.wait_for(settings_.answer_time * 3 / 2) != std::future_status::ready)
            return Err{std::string("its process does not answer")};
        auto said = hello.get();
        if (!said.error.empty()) return Err{said.error};
        return said;
    }

    Result<Made> make(Make make) {
        std::promise<Made> promise;
        auto made = promise.get_future();
        post([this, &make, &promise] {
            make.transport = ++last_transport_;
            transports_[make.transport] = make;
            making_ = {make.transport, &promise};
            tell_all(make);
            many_.open();
        });
        if (made.wait_for(settings_.answer_time * 3 / 2) != std::future_status::ready) {
            std::promise<void> given_up;
            post([this, &given_up] {
                making_ = {};
                given_up.set_value();
            });
            given_up.get_future().wait();
            return Err{std::string("the plugin's process does not answer")};
        }
        auto said = made.get();
        if (!said.error.empty()) return Err{said.error};
        return said;
    }

    void drop(std::uint32_t transport) {
        post([this, transport] {
            transports_.erase(transport);
            tell_all(Drop{transport});
        });
    }

    void prune(std::uint32_t transport) {
        post([this, transport] {
            tell_all(Prune{transport});
            for (auto& seat : alone_)
                seat->close_if_idle();
        });
    }

    void submit(WorkPtr work) {
        post([this, work = std::move(work)] {
            work->number = ++last_job_;
            if (!work->suspect) return many_.offer(work);
            const auto least =
                std::min_element(alone_.begin(), alone_.end(), [](const auto& a, const auto& b) {
                    return a->load() < b->load();
                });
            (*least)->offer(work);
        });
    }

    void answer(
        WorkPtr work, std::int64_t question, bool yes, std::vector<std::int32_t> recipients
    ) {
        post([this, work = std::move(work), question, yes, recipients = std::move(recipients)] {
            if (Child* child = child_of(*work))
                child->answer(work->number, question, yes, recipients);
        });
    }

    void forget(WorkPtr work) {
        post([this, work = std::move(work)] {
            if (Child* child = child_of(*work)) child->forget(work->number);
        });
    }

    std::chrono::milliseconds grace() const { return settings_.grace; }

    void kill(WorkPtr work, std::string why) {
        post([this, work = std::move(work), why = std::move(why)] {
            if (Child* child = child_of(*work)) child->kill(why);
        });
    }

  private:
    template <class Task>
    void post(Task task) {
        asio::post(loops_.at(0), std::move(task));
    }

    Seat::Listener listener(bool answers) {
        Seat::Listener listener;
        listener.on_ready = [this](Seat& seat) {
            for (const auto& [number, make] : transports_)
                seat.child()->send(make);
        };
        listener.on_hello = [this](const Hello& hello) { greeted(hello); };
        listener.on_made = [](const Made&) {};
        listener.on_end = [](const std::string&) {};
        if (!answers) return listener;
        listener.on_made = [this](const Made& made) { this->made(made); };
        listener.on_end = [this](const std::string& how) { ended(how); };
        return listener;
    }

    void greeted(const Hello& hello) {
        if (!std::exchange(has_greeted_, true)) hello_.set_value(hello);
    }

    void made(const Made& made) {
        if (made.transport != making_.transport || !making_.promise) return;
        if (!made.error.empty()) transports_.erase(made.transport);
        making_.promise->set_value(made);
        making_ = {};
    }

    void ended(const std::string& how) {
        greeted({"its process ended: " + how, {}, {}});
        if (!making_.promise) return;
        Made failed;
        failed.transport = making_.transport;
        failed.error = fmt::format("the plugin crashed while it made the transport ({})", how);
        made(failed);
    }

    template <class Message>
    void tell_all(const Message& message) {
        if (Child* child = many_.child()) child->send(message);
        for (auto& seat : alone_) {
            if (Child* child = seat->child()) child->send(message);
        }
    }

    Child* child_of(const Work& work) const {
        if (Child* child = many_.child_of(work.number)) return child;
        for (const auto& seat : alone_) {
            if (Child* child = seat->child_of(work.number)) return child;
        }
        return nullptr;
    }

    struct Making {
        std::uint32_t transport = 0;
        std::promise<Made>* promise = nullptr;
    };

    const HostSettings settings_;
    const std::string file_;
    EventLoops loops_;
    std::promise<Hello> hello_;
    bool has_greeted_ = false;
    std::map<std::uint32_t, Make> transports_;  ///< what every new process is told
    Making making_;
    std::uint32_t last_transport_ = 0;
    std::uint64_t last_job_ = 0;
    Seat many_;
    std::array<std::unique_ptr<Seat>, suspects_at_once> alone_;
};

/// A transport that lives in the process of a plugin.
class IsolatedPlugin::Transport final : public delivery::Transport {
  public:
    Transport(std::shared_ptr<IsolatedPlugin> plugin, const Made& made)
        : plugin_(std::move(plugin)), made_(made) {}
    ~Transport() override { plugin_->processes_->drop(made_.transport); }

    awaitable<DeliveryOutcome> deliver(
        const delivery::DeliveryJob& job, delivery::AttemptContext& context
    ) override;
    bool per_domain() const noexcept override { return made_.per_domain; }
    bool can_require_tls() const noexcept override { return made_.can_require_tls; }
    void prune() noexcept override { plugin_->processes_->prune(made_.transport); }

  private:
    class Attempt;
    const std::shared_ptr<IsolatedPlugin> plugin_;
    const Made made_;
};

/// One attempt in another process: answers its questions until it ends, or is ended.
class IsolatedPlugin::Transport::Attempt {
  public:
    Attempt(
        const IsolatedPlugin& plugin, std::uint32_t transport, const delivery::DeliveryJob& job,
        delivery::AttemptContext& context, const Executor& executor
    )
        : plugin_(plugin), context_(context), letters_(executor), work_(std::make_shared<Work>()) {
        work_->transport = transport;
        work_->job = job;
        work_->ehlo_name = context.ehlo_name;
        work_->deadline = context.deadline;
        work_->suspect = job.crashes > 0;
        work_->letters = letters_.slot();
    }
    ~Attempt() {
        if (!ended_) processes().forget(work_);
    }
    Attempt(const Attempt&) = delete;
    Attempt& operator=(const Attempt&) = delete;

    awaitable<DeliveryOutcome> run() {
        processes().submit(work_);
        auto first = co_await letters_.next(context_.deadline.narrowed(longest_wait));
        if (!first && work_->try_withdraw()) co_return not_tried(still_waiting());
        while (!ended_) {
            std::optional<Letter> letter = std::move(first);
            first.reset();
            if (!letter) letter = co_await next();
            if (auto* ask = std::get_if<Ask>(&*letter)) {
                context_.transcript.append(ask->lines);
                const bool yes = co_await context_.gate.may_finish(ask->recipients);
                processes().answer(work_, ask->question, yes, ask->recipients);
            } else {
                take(*letter);
            }
        }
        co_return std::move(outcome_);
    }

  private:
    Processes& processes() const { return *plugin_.processes_; }

    /// Waits for a letter; ends a process that lets the deadline pass.
    awaitable<Letter> next() {
        auto patience = context_.deadline;
        if (patience.at() != SteadyTime::max())
            patience = Deadline(patience.at() + processes().grace());
        auto letter = co_await letters_.next(patience);
        if (!letter) {
            processes().kill(work_, "an attempt went on after its deadline");
            letter = co_await letters_.next({});
        }
        co_return std::move(*letter);
    }

    void take(Letter& letter) {
        if (auto* reached = std::get_if<Reached>(&letter)) {
            context_.transcript.append(reached->lines);
            stage_ = reached->stage;
            context_.gate.reached(reached->stage);
        } else if (auto* outcome = std::get_if<Outcome>(&letter)) {
            context_.transcript.append(outcome->lines);
            end(std::move(outcome->outcome));
        } else if (auto* fault = std::get_if<Fault>(&letter)) {
            context_.transcript.append(fault->lines);
            ended_ = true;
            throw std::runtime_error(fault->text);
        } else if (auto* crashed = std::get_if<Crashed>(&letter)) {
            end(after_crash(*crashed));
        } else if (auto* refused = std::get_if<Refused>(&letter)) {
            end(not_tried(refused->why));
        }
    }

    void end(DeliveryOutcome outcome) {
        outcome_ = std::move(outcome);
        ended_ = true;
    }

    std::string still_waiting() const {
        if (work_->suspect)
            return fmt::format(
                "not tried: others that may crash the plugin '{}' are tried first", plugin_.name()
            );
        return fmt::format(
            "not tried: the plugin '{}' is busy or being started again", plugin_.name()
        );
    }

    DeliveryOutcome not_tried(std::string why) {
        ended_ = true;
        const auto verdict =
            Verdict::deferred(Stage::route, ErrorKind::local, {4, 3, 0}, std::move(why));
        return DeliveryOutcome::all(work_->job, verdict);
    }

    /// Who had passed the gate may have been delivered: as after a connection lost behind the dot.
    DeliveryOutcome after_crash(const Crashed& crashed) {
        const auto verdict = [&](Stage stage, const char* when) {
            auto why =
                fmt::format("the plugin '{}' crashed ({}) {}", plugin_.name(), crashed.how, when);
            return Verdict::deferred(stage, ErrorKind::crash, {4, 3, 0}, std::move(why));
        };
        context_.transcript.remark("the process of the plugin ended: " + crashed.how);
        const Stage stage = std::min(stage_, Stage::data);
        DeliveryOutcome outcome =
            DeliveryOutcome::all(work_->job, verdict(stage, "during this attempt"));
        const auto& released = crashed.released;
        for (std::size_t i = 0; i < work_->job.recipients.size(); ++i) {
            const auto number = work_->job.recipients[i].number;
            if (std::find(released.begin(), released.end(), number) == released.end()) continue;
            outcome.verdicts[i] = verdict(
                Stage::final_dot, "after it was allowed to finish: it may have been delivered"
            );
        }
        return outcome;
    }

    const IsolatedPlugin& plugin_;
    delivery::AttemptContext& context_;
    Mailbox<Letter> letters_;
    WorkPtr work_;
    Stage stage_ = Stage::route;
    bool ended_ = false;
    DeliveryOutcome outcome_;
};

awaitable<DeliveryOutcome> IsolatedPlugin::Transport::deliver(
    const delivery::DeliveryJob& job, delivery::AttemptContext& context
) {
    const auto executor = co_await asio::this_coro::executor;
    Attempt attempt(*plugin_, made_.transport, job, context, executor);
    co_return co_await attempt.run();
}

IsolatedPlugin::IsolatedPlugin() = default;
IsolatedPlugin::~IsolatedPlugin() = default;

Result<std::shared_ptr<IsolatedPlugin>> IsolatedPlugin::open(
    const std::filesystem::path& file, HostSettings settings
) {
    const std::shared_ptr<IsolatedPlugin> plugin(new IsolatedPlugin());
    plugin->processes_ = std::make_unique<Processes>(file, std::move(settings));
    auto hello = plugin->processes_->open();
    if (!hello) return Err{hello.error()};
    plugin->name_ = std::move(hello->name);
    plugin->types_ = std::move(hello->types);
    return plugin;
}

Result<delivery::TransportPtr> IsolatedPlugin::make(
    const std::string& type, const std::string& name, const plugin::Options& options
) {
    const auto made = processes_->make({0, type, name, options});
    if (!made) return Err{made.error()};
    return delivery::TransportPtr(std::make_shared<Transport>(shared_from_this(), *made));
}

}  // namespace outpost::plugin_host
