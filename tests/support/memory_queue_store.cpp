// SPDX-License-Identifier: Apache-2.0
#include "tests/support/memory_queue_store.hpp"

#include <algorithm>

namespace outpost::test {

using delivery::Message;
using queue::Claimed;
using queue::RecipientState;

namespace {

std::shared_ptr<const Message> stored_form(const queue::NewMessage& from, WallTime now) {
    auto message = std::make_shared<Message>();
    message->id = from.id;
    message->account = from.account;
    message->mail_from = from.mail_from;
    message->body = from.content;
    message->eightbit = from.eightbit;
    message->smtputf8 = from.smtputf8;
    message->tls_wish = from.tls_wish;
    message->ret = from.ret;
    message->envid = from.envid;
    message->tag = from.tag;
    message->submitted_at = message->due_from = now;
    return message;
}

}  // namespace

void MemoryQueueStore::check_available() const {
    if (failure_) std::rethrow_exception(failure_);
}

WallTime MemoryQueueStore::now() const noexcept {
    const std::lock_guard lock(mutex_);
    return clock();
}

awaitable<MessageId> MemoryQueueStore::new_id() {
    const std::lock_guard lock(mutex_);
    check_available();
    co_return MessageId{next_id_++};
}

awaitable<queue::Enqueued> MemoryQueueStore::enqueue(queue::NewMessage message) {
    const std::lock_guard lock(mutex_);
    check_available();
    if (!message.idempotency_key.empty()) {
        const auto name = std::pair(message.account, message.idempotency_key);
        const auto [known, added] = by_idempotency_key_.try_emplace(name, message.id);
        if (!added) co_return queue::Enqueued{known->second, true};
    }

    const bool due_now = !message.release_at || *message.release_at <= clock();
    const bool fresh = taker_ && due_now && taker_->reserve(message.recipients.size());
    stored_[to_number(message.id)] = stored_form(message, clock());
    if (message.source == "sql") unsigned_.insert(to_number(message.id));
    std::vector<Claimed> claims;
    std::int32_t number = 0;
    for (const auto& recipient : message.recipients) {
        const RecipientKey key{message.id, ++number};
        Row& row = rows_[key];
        row.key = key;
        row.recipient = recipient;
        row.recipient.number = number;
        row.next_attempt = message.release_at.value_or(clock());
        if (fresh) claims.push_back(lease(row));
    }
    const queue::Enqueued result{message.id, false};
    messages_.push_back(std::move(message));
    if (fresh) taker_->take(std::move(claims));
    co_return result;
}

Claimed MemoryQueueStore::lease(Row& row) {
    row.state = RecipientState::leased;
    row.token = LeaseToken{next_token_++};
    row.leased_until = clock() + lease_time_;
    row.stage = delivery::Stage::route;
    row.dot_sent = row.noted_begun = false;
    ++row.attempts;

    Claimed claim;
    claim.key = row.key;
    claim.token = row.token;
    claim.recipient = row.recipient;
    claim.attempts = row.attempts;
    claim.uncertain = row.uncertain;
    claim.last_error = row.last_error;
    claim.last_status = row.last_status;
    claim.transport_override = row.transport_override;
    claim.warned = row.warned;
    claim.crashes = row.crashes;
    claim.interrupted = row.interrupted;
    claim.to_be_signed = unsigned_.contains(to_number(row.key.message));
    claim.envelope = stored_.at(to_number(row.key.message));
    return claim;
}

/// What a lease leaves behind that ran out: the recipient may have been delivered if its dot was
/// sent, and then the route's wish decides.
void MemoryQueueStore::expire(Row& row) {
    row.state = RecipientState::queued;
    row.next_attempt = clock();
    if (!row.dot_sent) return;
    row.uncertain = true;
    row.uncertain_token = row.token;
    row.dot_sent = false;
    if (row.on_uncertain == "hold") {
        row.state = RecipientState::held;
        row.hold_reason = "uncertain";
    } else if (row.on_uncertain == "assume_delivered") {
        row.state = RecipientState::delivered;
    }
}

bool MemoryQueueStore::due(const Row& row, const std::vector<std::string>& saturated) const {
    const auto& domain = row.recipient.address.domain().ascii();
    return row.state == RecipientState::queued && row.next_attempt <= clock() &&
           std::find(saturated.begin(), saturated.end(), domain) == saturated.end();
}

awaitable<std::vector<Claimed>> MemoryQueueStore::claim(
    std::size_t limit, std::vector<std::string> saturated
) {
    const std::lock_guard lock(mutex_);
    check_available();
    std::vector<Row*> ready;
    for (auto& [key, row] : rows_) {
        if (row.state == RecipientState::leased && row.leased_until <= clock()) expire(row);
        if (due(row, saturated)) ready.push_back(&row);
    }
    std::sort(ready.begin(), ready.end(), [](const Row* a, const Row* b) {
        return std::pair(a->next_attempt, a->key) < std::pair(b->next_attempt, b->key);
    });
    if (ready.size() > limit) ready.resize(limit);

    std::vector<Claimed> claims;
    for (Row* row : ready) {
        claims.push_back(lease(*row));
        auto envelope = std::make_shared<Message>(*claims.back().envelope);
        envelope->body = delivery::BodyHandle(envelope->body.size());
        const auto same = std::find_if(claims.begin(), claims.end() - 1, [&](const Claimed& other) {
            return other.key.message == row->key.message;
        });
        if (same != claims.end() - 1) {
            claims.back().envelope = same->envelope;
        } else {
            claims.back().envelope = std::move(envelope);
        }
    }
    co_return claims;
}

awaitable<std::shared_ptr<const Message>> MemoryQueueStore::load(MessageId id) {
    const std::lock_guard lock(mutex_);
    check_available();
    ++loads_;
    const auto found = stored_.find(to_number(id));
    co_return found == stored_.end() ? nullptr : found->second;
}

awaitable<std::shared_ptr<const Message>> MemoryQueueStore::load_signed(
    MessageId id, std::shared_ptr<const dkim::Signer> signer
) {
    const std::lock_guard lock(mutex_);
    check_available();
    const auto found = stored_.find(to_number(id));
    if (found == stored_.end()) co_return nullptr;
    if (unsigned_.erase(to_number(id)) > 0) {
        auto message = std::make_shared<Message>(*found->second);
        const auto& content = *found->second->body.held();
        const mail::Header header(content.header());
        const auto made =
            signer->sign({header, content.body(), message->account, message->mail_from, clock()});
        message->body =
            std::make_shared<const mail::Content>(made.fields + content.header(), content.body());
        found->second = std::move(message);
    }
    co_return found->second;
}

awaitable<std::shared_ptr<const Message>> MemoryQueueStore::load_header(MessageId id) {
    const auto whole = co_await load(id);
    if (!whole) co_return nullptr;
    auto message = std::make_shared<Message>(*whole);
    message->body = delivery::BodyHandle(
        whole->body.size(), std::make_shared<const mail::Content>(
                                whole->body.held()->header(), std::vector<std::string>()
                            )
    );
    co_return message;
}

bool MemoryQueueStore::holds(const queue::Lease& lease) const {
    const auto found = rows_.find(lease.key);
    return found != rows_.end() && found->second.state == RecipientState::leased &&
           found->second.token == lease.token;
}

void MemoryQueueStore::progress(
    const std::vector<queue::Lease>& leases, delivery::Stage stage
) noexcept {
    const std::lock_guard lock(mutex_);
    for (const auto& lease : leases) {
        if (holds(lease)) rows_.at(lease.key).stage = stage;
    }
}

awaitable<void> MemoryQueueStore::note_begun(std::vector<queue::Lease> leases) {
    progress(leases, delivery::Stage::connect);
    const std::lock_guard lock(mutex_);
    for (const auto& lease : leases) {
        if (holds(lease)) rows_.at(lease.key).noted_begun = true;
    }
    co_return;
}

awaitable<bool> MemoryQueueStore::final_dot(
    std::vector<queue::Lease> leases, std::string on_uncertain
) {
    const std::lock_guard lock(mutex_);
    check_available();
    const bool all_held = std::all_of(leases.begin(), leases.end(), [this](const auto& lease) {
        return holds(lease) && rows_.at(lease.key).leased_until > clock();
    });
    if (!all_held) co_return false;
    for (const auto& lease : leases) {
        Row& row = rows_.at(lease.key);
        row.dot_sent = true;
        row.stage = delivery::Stage::final_dot;
        row.on_uncertain = on_uncertain;
    }
    co_return true;
}

bool MemoryQueueStore::record(const queue::Settled& outcome) {
    const auto found = rows_.find(outcome.key);
    if (found == rows_.end()) return false;
    Row& row = found->second;
    const bool held = row.state == RecipientState::leased && row.token == outcome.token;
    const bool waiting = row.state == RecipientState::queued || row.state == RecipientState::held;
    const bool resolves = row.uncertain && waiting && row.uncertain_token == outcome.token;
    if (!held && !resolves) return false;

    row.state = outcome.state;
    row.next_attempt = outcome.next_attempt.value_or(clock());
    row.hold_reason = outcome.hold_reason;
    row.uncertain = outcome.uncertain;
    if (outcome.uncertain) row.uncertain_token = outcome.token;
    row.dot_sent = false;
    row.last_error = outcome.verdict.error_kind();
    row.last_status = outcome.verdict.status().text();
    if (outcome.report == queue::Report::delayed) row.warned = true;
    return true;
}

awaitable<std::vector<bool>> MemoryQueueStore::settle(std::vector<queue::Settled> outcomes) {
    const std::lock_guard lock(mutex_);
    check_available();
    std::vector<bool> recorded;
    for (auto& outcome : outcomes) {
        recorded.push_back(record(outcome));
        settled_.emplace_back(std::move(outcome), recorded.back());
    }
    co_return recorded;
}

awaitable<void> MemoryQueueStore::give_back(
    std::vector<queue::Lease> leases, std::optional<WallTime> next
) {
    const std::lock_guard lock(mutex_);
    check_available();
    for (const auto& lease : leases) {
        if (!holds(lease)) continue;
        Row& row = rows_.at(lease.key);
        row.state = RecipientState::queued;
        row.next_attempt = next.value_or(clock());
        --row.attempts;
    }
    co_return;
}

awaitable<std::uint64_t> MemoryQueueStore::recipients_within(
    std::string account, std::chrono::seconds span
) {
    const std::lock_guard lock(mutex_);
    check_available();
    std::uint64_t count = 0;
    for (const auto& message : messages_) {
        const auto& stored = *stored_.at(to_number(message.id));
        if (message.account == account && stored.submitted_at > clock() - span)
            count += message.recipients.size();
    }
    co_return count;
}

awaitable<std::optional<WallTime>> MemoryQueueStore::next_due() {
    const std::lock_guard lock(mutex_);
    check_available();
    std::optional<WallTime> earliest;
    for (const auto& [key, row] : rows_) {
        if (row.state != RecipientState::queued) continue;
        earliest = earliest ? std::min(*earliest, row.next_attempt) : row.next_attempt;
    }
    co_return earliest;
}

void MemoryQueueStore::fail_with(std::exception_ptr error) {
    const std::lock_guard lock(mutex_);
    failure_ = std::move(error);
}

void MemoryQueueStore::set_clock(std::function<WallTime()> now) {
    const std::lock_guard lock(mutex_);
    now_ = std::move(now);
}

void MemoryQueueStore::set_lease_time(std::chrono::seconds span) {
    const std::lock_guard lock(mutex_);
    lease_time_ = span;
}

void MemoryQueueStore::set_taker(queue::FreshWorkTaker* taker) {
    const std::lock_guard lock(mutex_);
    taker_ = taker;
}

void MemoryQueueStore::expire_leases() {
    const std::lock_guard lock(mutex_);
    for (auto& [key, row] : rows_) {
        if (row.state == RecipientState::leased) expire(row);
    }
}

std::vector<queue::NewMessage> MemoryQueueStore::messages() const {
    const std::lock_guard lock(mutex_);
    return messages_;
}

std::vector<MemoryQueueStore::Row> MemoryQueueStore::rows() const {
    const std::lock_guard lock(mutex_);
    std::vector<Row> all;
    for (const auto& [key, row] : rows_)
        all.push_back(row);
    return all;
}

MemoryQueueStore::Row MemoryQueueStore::row(RecipientKey key) const {
    const std::lock_guard lock(mutex_);
    return rows_.at(key);
}

void MemoryQueueStore::edit(RecipientKey key, const std::function<void(Row&)>& change) {
    const std::lock_guard lock(mutex_);
    change(rows_.at(key));
}

std::vector<std::pair<queue::Settled, bool>> MemoryQueueStore::settled() const {
    const std::lock_guard lock(mutex_);
    return settled_;
}

}  // namespace outpost::test
