// SPDX-License-Identifier: Apache-2.0
#include "core/reception/submission/sink.hpp"

#include <fmt/format.h>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>

#include <algorithm>
#include <charconv>
#include <fstream>

#include "core/foundation/async/promise.hpp"
#include "core/foundation/base/encoding.hpp"
#include "core/foundation/base/log.hpp"
#include "core/mail/smtp/server_reply.hpp"

namespace outpost::submission {
namespace {

using smtp::make_reply;
using smtp::Reply;

std::filesystem::path file_of(const std::filesystem::path& directory, std::uint64_t number) {
    return directory / fmt::format("{:08}.eml", number);
}

/// The highest number among the files that an earlier run left.
std::uint64_t last_number(const std::filesystem::path& directory) {
    std::uint64_t last = 0;
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
        const std::string stem = entry.path().stem().string();
        std::uint64_t number = 0;
        std::from_chars(stem.data(), stem.data() + stem.size(), number);
        last = std::max(last, number);
    }
    return last;
}

/// The envelope is kept on top of the message, as a delivering server does (RFC 5321 section 4.4).
void write_file(const std::filesystem::path& path, const SunkMessage& message) {
    std::ofstream file(path, std::ios::binary);
    file << "Return-Path: <" << message.mail_from.unicode() << ">\r\n";
    for (const auto& recipient : message.recipients) {
        file << "Delivered-To: " << recipient.unicode() << "\r\n";
    }
    file << message.content;
    file.close();
    if (!file) log::warning("sink", "cannot write {}", path.string());
}

Reply tricked(int code) {
    const bool permanent = code >= 500;
    return make_reply(code, permanent ? "5.0.0" : "4.0.0", "as you wished");
}

}  // namespace

SinkWish sink_wish(std::string_view local_part) {
    const std::string local = to_lower(local_part);
    if (local.ends_with("temperror")) return {SinkTrick::reply, 451};
    if (local.ends_with("permerror")) return {SinkTrick::reply, 550};
    if (local.ends_with("timeout")) return {SinkTrick::hang, 0};
    if (local.ends_with("greylist")) return {SinkTrick::greylist, 0};
    if (local.size() < 3) return {};
    const auto digits = local.substr(local.size() - 3);
    const bool all_digits =
        std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!all_digits || (digits[0] != '4' && digits[0] != '5') || digits[1] > '5') return {};
    return {SinkTrick::reply, std::stoi(digits)};
}

class Sink::Policy : public smtp::ServerPolicy {
  public:
    explicit Policy(SinkOptions options) : options_(std::move(options)) {
        if (options_.directory.empty()) return;
        std::filesystem::create_directories(options_.directory);
        last_ = last_number(options_.directory);
    }

    Refusal check_client(const smtp::ServerClient&) override { return std::nullopt; }
    sasl::StoredCredential credential(const std::string& login) override {
        return sasl::decoy_credential(login, "the sink has no users");
    }
    std::optional<std::string> account_of(const std::string&) override { return std::nullopt; }
    awaitable<Refusal> check_mail(const smtp::ServerClient&, const smtp::Transaction&) override {
        co_return std::nullopt;
    }
    awaitable<Refusal> check_recipient(
        const smtp::ServerClient& client, const smtp::Transaction& so_far,
        const smtp::Recipient& recipient
    ) override;
    awaitable<Reply> accept(
        const smtp::ServerClient& client, smtp::Transaction transaction,
        std::vector<std::string> content
    ) override;

    std::uint64_t received() const {
        const std::lock_guard lock(mutex_);
        return received_;
    }
    std::vector<SunkMessage> messages() const {
        const std::lock_guard lock(mutex_);
        return {messages_.begin(), messages_.end()};
    }
    void finish() { disk_.join(); }

  private:
    bool first_time(const mail::Address& recipient);
    std::uint64_t keep(SunkMessage message);

    const SinkOptions options_;
    mutable std::mutex mutex_;
    std::uint64_t received_ = 0, last_ = 0;
    std::deque<SunkMessage> messages_;
    std::size_t octets_ = 0;
    std::set<std::string> greylisted_;
    asio::thread_pool disk_{1};
};

bool Sink::Policy::first_time(const mail::Address& recipient) {
    constexpr std::size_t max_remembered = 10'000;
    const std::lock_guard lock(mutex_);
    if (greylisted_.size() >= max_remembered) greylisted_.clear();
    return greylisted_.insert(recipient.wire()).second;
}

awaitable<smtp::ServerPolicy::Refusal> Sink::Policy::check_recipient(
    const smtp::ServerClient&, const smtp::Transaction&, const smtp::Recipient& recipient
) {
    const auto wish = sink_wish(recipient.address.local());
    if (wish.trick == SinkTrick::reply) co_return tricked(wish.code);
    if (wish.trick == SinkTrick::greylist && first_time(recipient.address)) {
        co_return make_reply(451, "4.7.1", "greylisted, come again");
    }
    if (wish.trick == SinkTrick::hang) {
        const auto executor = co_await asio::this_coro::executor;
        asio::steady_timer timer(executor, options_.silence);
        asio::error_code ignored;
        co_await timer.async_wait(asio::redirect_error(use_awaitable, ignored));
        co_return make_reply(421, "4.4.2", "that was a long silence");
    }
    co_return std::nullopt;
}

/// Keeps the newest messages within the bounds; returns the number given.
std::uint64_t Sink::Policy::keep(SunkMessage message) {
    const std::lock_guard lock(mutex_);
    ++received_;
    message.number = ++last_;
    octets_ += message.content.size();
    messages_.push_back(std::move(message));
    while (messages_.size() > options_.keep || octets_ > options_.keep_octets) {
        octets_ -= messages_.front().content.size();
        messages_.pop_front();
    }
    return last_;
}

awaitable<Reply> Sink::Policy::accept(
    const smtp::ServerClient&, smtp::Transaction transaction, std::vector<std::string> content
) {
    SunkMessage message;
    message.mail_from = std::move(transaction.mail.from);
    for (auto& recipient : transaction.recipients)
        message.recipients.push_back(std::move(recipient.address));
    for (const auto& chunk : content)
        message.content += chunk;

    const auto number = keep(message);
    if (!options_.directory.empty()) {
        auto work = [this, number, message = std::move(message)] {
            write_file(file_of(options_.directory, number), message);
            std::error_code ignored;
            if (number > options_.keep)
                std::filesystem::remove(
                    file_of(options_.directory, number - options_.keep), ignored
                );
            return true;
        };
        co_await on_pool(disk_, std::move(work));
    }
    co_return make_reply(250, "2.0.0", fmt::format("sunk as {}", number));
}

Sink::Sink(EventLoops& loops, SinkOptions options)
    : policy_(std::make_shared<Policy>(options)),
      listener_(loops, options.at, [this](net::Listener::Socket socket, std::size_t) {
          sessions_.begin(std::move(socket), profile_);
      }) {
    auto settings = std::make_shared<smtp::ServerSettings>();
    settings->hostname = options.hostname;
    settings->tls = options.tls;
    settings->max_hold = std::chrono::seconds(0);
    settings->max_errors = 10'000;  // refusals are what some recipients are for
    profile_ = {std::move(settings), policy_, std::make_shared<ConnectionCounter>()};
}

Sink::~Sink() {
    policy_->finish();
}

void Sink::start() {
    listener_.start(tasks_);
}

void Sink::stop() {
    listener_.stop();
    sessions_.shut_down();
}

awaitable<bool> Sink::join(Deadline deadline) {
    const bool closed = co_await tasks_.join(deadline);
    const bool ended = co_await sessions_.join(deadline);
    co_return closed&& ended;
}

std::uint16_t Sink::port() const {
    return listener_.port();
}

std::uint64_t Sink::received() const {
    return policy_->received();
}

std::vector<SunkMessage> Sink::messages() const {
    return policy_->messages();
}

}  // namespace outpost::submission
