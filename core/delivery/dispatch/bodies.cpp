// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/dispatch/bodies.hpp"

#include "core/foundation/base/log.hpp"
#include "core/mail/tlsrpt/tls_report.hpp"

namespace outpost::dispatch {
namespace {

/// For so long a delivery waits for room.
constexpr std::chrono::seconds patience{60};

MessagePtr with_body(const delivery::Message& message, delivery::BodyHandle body) {
    auto copy = std::make_shared<delivery::Message>(message);
    copy->body = std::move(body);
    return copy;
}

}  // namespace

mail::ContentPtr LateBody::held() const {
    const std::lock_guard lock(mutex_);
    return held_;
}

void LateBody::let_go() {
    const std::lock_guard lock(mutex_);
    held_ = nullptr;
}

std::optional<bool> LateBody::is_tls_report() const {
    if (is_tls_report_) return is_tls_report_;
    const auto content = held();
    if (!content) return std::nullopt;
    return tlsrpt::is_tls_report(content->header());
}

awaitable<mail::ContentPtr> LateBody::get() {
    auto content = held();
    if (!content) content = co_await load();
    if (content) is_tls_report_ = tlsrpt::is_tls_report(content->header());
    co_return content;
}

awaitable<mail::ContentPtr> LateBody::load() {
    try {
        auto share = co_await budget_.reserve(size_, Deadline::in(patience));
        if (share) {
            const auto loaded = co_await store_.load(id_);
            if (loaded && loaded->body.held())
                co_return BodyBudget::charged(loaded->body.held(), std::move(share));
        }
    } catch (const std::exception& error) {
        log::warning("dispatch", "message={} could not be read: {}", to_number(id_), error.what());
    }
    failed_ = true;
    co_return nullptr;
}

MessagePtr Bodies::keep(MessagePtr message) {
    const auto& content = message->body.held();
    if (!content) return message;
    return with_body(*message, delivery::BodyHandle(content->size(), budget_.keep(content)));
}

std::pair<MessagePtr, std::shared_ptr<LateBody>> Bodies::begin_late(
    const MessagePtr& message, SteadyTime now
) {
    auto body = std::make_shared<LateBody>(store_, budget_, *message);
    if (message->body.held()) {
        const std::lock_guard lock(mutex_);
        begun_.emplace_back(now, body);
    }
    return {with_body(*message, {message->body.size(), body}), body};
}

awaitable<Result<MessagePtr, Bodies::Missing>> Bodies::read(
    MessagePtr message, std::shared_ptr<const dkim::Signer> signer
) {
    auto share = co_await budget_.reserve(message->body.size(), Deadline::in(patience));
    if (!share) co_return Err{Missing::no_room};
    MessagePtr loaded;
    if (signer)
        loaded = co_await store_.load_signed(message->id, std::move(signer));
    else
        loaded = co_await store_.load(message->id);
    // Dropped by a person meanwhile: the lease leads nowhere.
    if (!loaded || !loaded->body.held()) co_return Err{Missing::gone};
    const auto& content = loaded->body.held();
    co_return with_body(*loaded, BodyBudget::charged(content, std::move(share)));
}

void Bodies::let_go(SteadyTime since) {
    const std::lock_guard lock(mutex_);
    for (; !begun_.empty() && begun_.front().first <= since; begun_.pop_front())
        if (const auto body = begun_.front().second.lock()) body->let_go();
}

}  // namespace outpost::dispatch
