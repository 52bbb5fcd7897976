// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/queue/store_pg.hpp"

#include <algorithm>

#include "core/delivery/queue/claim.hpp"
#include "core/delivery/queue/load.hpp"
#include "core/delivery/queue/settle.hpp"
#include "core/delivery/queue/signing.hpp"

namespace outpost::queue {
namespace {

/// Commits of one kind begin no closer together than this. It is what an acceptance waits at most
/// for company on a busy server, and what a crash can lose of recorded replies (each then a copy).
constexpr std::chrono::milliseconds spacing{8};

std::vector<Inserted> insert_group(db::Session& session, std::span<Insertion> batch, NodeId node) {
    db::Transaction transaction(session);
    std::vector<Inserted> inserted = insert_messages(session, batch, node);
    transaction.commit();
    return inserted;
}

std::vector<std::vector<bool>> settle_group(
    db::Session& session, std::span<std::vector<Settled>> batch, const std::string& node
) {
    std::vector<const Settled*> all;
    for (const auto& outcomes : batch) {
        for (const Settled& one : outcomes)
            all.push_back(&one);
    }
    const std::vector<bool> recorded = write_settlements(session, all, node);
    std::vector<std::vector<bool>> results;
    auto next = recorded.begin();
    for (const auto& outcomes : batch) {
        results.emplace_back(next, next + static_cast<std::ptrdiff_t>(outcomes.size()));
        next += static_cast<std::ptrdiff_t>(outcomes.size());
    }
    return results;
}

/// The message as deliveries see it, straight from memory.
std::shared_ptr<const delivery::Message> as_delivery(const NewMessage& accepted, WallTime now) {
    auto message = std::make_shared<delivery::Message>();
    message->id = accepted.id;
    message->account = accepted.account;
    message->mail_from = accepted.mail_from;
    message->content = accepted.content;
    message->eightbit = accepted.eightbit;
    message->smtputf8 = accepted.smtputf8;
    message->tls_wish = accepted.tls_wish;
    message->ret = accepted.ret;
    message->envid = accepted.envid;
    message->tag = accepted.tag;
    message->submitted_at = message->due_from = now;
    message->size = accepted.content->size();
    return message;
}

std::vector<Claimed> fresh_claims(const NewMessage& accepted, LeaseToken token, WallTime now) {
    const auto message = as_delivery(accepted, now);
    std::vector<Claimed> claims;
    for (const delivery::Recipient& recipient : accepted.recipients) {
        Claimed& claimed = claims.emplace_back();
        claimed.recipient = recipient;
        claimed.recipient.number = static_cast<std::int32_t>(claims.size());
        claimed.key = {accepted.id, claimed.recipient.number};
        claimed.token = token;
        claimed.envelope = message;
    }
    return claims;
}

/// A message that is not what was accepted is held, as far as this node has it, and not returned.
std::shared_ptr<const delivery::Message> whole_or_held(
    db::Session& session, std::shared_ptr<const delivery::Message> message, NodeId node
) {
    if (!message || is_whole(*message)) return message;
    hold_damaged(session, message->id, node);
    return nullptr;
}

}  // namespace

PgStore::PgStore(db::Pool& pool, Node& node)
    : pool_(pool),
      node_(node),
      ids_(pool),
      stages_(pool),
      insertions_(
          pool,
          [id = node.id()](db::Session& session, std::span<Insertion> batch) {
              return insert_group(session, batch, id);
          },
          {.max_items = 256, .max_bytes = 16 << 20, .max_running = 2, .spacing = spacing}
      ),
      settlements_(
          pool,
          [name = node.name()](db::Session& session, std::span<Outcomes> batch) {
              return settle_group(session, batch, name);
          },
          {.spacing = spacing}
      ),
      returns_(
          pool,
          [](db::Session& session, std::span<GivenBack> batch) {
              give_leases_back(session, batch);
              return std::vector<bool>(batch.size(), true);
          },
          {.spacing = spacing}
      ) {}

awaitable<MessageId> PgStore::new_id() {
    return ids_.next();
}

awaitable<Enqueued> PgStore::enqueue(NewMessage given) {
    const auto message = std::make_shared<const NewMessage>(std::move(given));
    FreshWorkTaker* taker = taker_;
    const std::size_t recipients = message->recipients.size();
    const bool due = !message->release_at || *message->release_at <= now();
    const bool ours =
        taker != nullptr && due && node_.lease_is_safe() && taker->reserve(recipients);
    Insertion insertion{message, ours};
    std::exception_ptr failed;
    Inserted inserted;
    try {
        inserted = co_await insert(std::move(insertion));
    } catch (...) {
        failed = std::current_exception();
    }
    if (ours && !failed && !inserted.duplicate) {
        taker->take(fresh_claims(*message, inserted.token, now()));
    } else if (ours) {
        taker->cancel(recipients);
    }
    if (failed) std::rethrow_exception(failed);
    co_return Enqueued{inserted.id, inserted.duplicate};
}

// A COMMIT whose answer was lost is looked up: what was accepted must not be accepted twice.
awaitable<Inserted> PgStore::insert(Insertion insertion) {
    const MessageId id = insertion.message->id;
    const bool leased = insertion.lease;
    const std::size_t octets = insertion.message->content->size();
    try {
        co_return co_await insertions_.submit(std::move(insertion), octets);
    } catch (const db::InDoubt&) {
        // Goes on below: awaiting is not possible here.
    }
    const auto look = [id](db::Session& session) { return find_insertion(session, id); };
    std::optional<LeaseToken> token;
    std::exception_ptr failed;
    try {
        token = co_await pool_.run(look);
    } catch (...) {
        failed = std::current_exception();
    }
    if (failed && leased) doubts_.add(id);
    if (failed) std::rethrow_exception(failed);
    if (!token)
        throw db::Unavailable("the database was lost during a COMMIT, and the message is not there"
        );
    co_return Inserted{id, false, *token};
}

awaitable<std::vector<Claimed>> PgStore::claim(
    std::size_t limit, std::vector<std::string> saturated
) {
    if (!node_.lease_is_safe()) co_return std::vector<Claimed>{};
    const auto work = [this, limit, saturated = std::move(saturated)](db::Session& session) {
        doubts_.settle(session, node_.id());
        const LeaseToken token = new_lease_token(session);
        try {
            db::Transaction transaction(session);
            auto claims = claim_due(session, node_.id(), token, limit, saturated);
            transaction.commit();
            return claims;
        } catch (const db::InDoubt& lost) {
            doubts_.add(token);
            throw db::Unavailable(lost.what());
        }
    };
    co_return co_await pool_.run(work);
}

awaitable<std::shared_ptr<const delivery::Message>> PgStore::load(MessageId id) {
    const auto work = [id, node = node_.id()](db::Session& session) {
        return whole_or_held(session, load_message(session, id), node);
    };
    co_return co_await pool_.run(work);
}

// On a thread of the pool, where RSA holds up no event loop.
awaitable<std::shared_ptr<const delivery::Message>> PgStore::load_signed(
    MessageId id, std::shared_ptr<const dkim::Signer> signer
) {
    const auto work = [id, node = node_.id(), signer = std::move(signer)](db::Session& session) {
        return whole_or_held(session, queue::load_signed(session, id, *signer), node);
    };
    co_return co_await pool_.run(work);
}

awaitable<std::shared_ptr<const delivery::Message>> PgStore::load_header(MessageId id) {
    const auto work = [id](db::Session& session) { return queue::load_header(session, id); };
    co_return co_await pool_.run(work);
}

void PgStore::progress(const std::vector<Lease>& leases, delivery::Stage stage) noexcept {
    stages_.progress(leases, stage);
}

awaitable<void> PgStore::note_begun(std::vector<Lease> leases) {
    co_await stages_.write({std::move(leases), delivery::Stage::connect, "resend"});
}

awaitable<bool> PgStore::final_dot(std::vector<Lease> leases, std::string on_uncertain) {
    if (!node_.lease_is_safe()) co_return false;
    // What was leased before a lapse may have been taken over: then only the database can tell.
    const bool ours = std::all_of(leases.begin(), leases.end(), [this](const Lease& lease) {
        return node_.lease_is_safe(lease.token);
    });
    if (on_uncertain == "resend" && ours) {
        stages_.progress(leases, delivery::Stage::final_dot);
        co_return true;
    }
    co_return co_await stages_.write(
        {std::move(leases), delivery::Stage::final_dot, std::move(on_uncertain)}
    );
}

awaitable<std::vector<bool>> PgStore::settle(std::vector<Settled> outcomes) {
    for (const Settled& one : outcomes)
        stages_.forget(one.key);
    bool in_doubt = false;
    try {
        co_return co_await settlements_.submit(outcomes);
    } catch (const db::InDoubt&) {
        in_doubt = true;
    }
    // Repeating it is safe: what was recorded is recognised.
    if (in_doubt) throw db::Unavailable("the database was lost while outcomes were recorded");
    co_return std::vector<bool>{};
}

awaitable<void> PgStore::give_back(std::vector<Lease> leases, std::optional<WallTime> next) {
    for (const Lease& lease : leases)
        stages_.forget(lease.key);
    co_await returns_.submit({std::move(leases), next});
}

awaitable<std::uint64_t> PgStore::recipients_within(
    std::string account, std::chrono::seconds span
) {
    const auto work = [account = std::move(account), span](db::Session& session) {
        return count_recipients(session, account, span);
    };
    co_return co_await pool_.run(work);
}

awaitable<std::optional<WallTime>> PgStore::next_due() {
    co_return co_await pool_.run(earliest_due);
}

}  // namespace outpost::queue
