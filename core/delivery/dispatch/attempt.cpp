// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/dispatch/attempt.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <random>
#include <span>
#include <utility>

#include "core/delivery/dispatch/attempt_log.hpp"
#include "core/delivery/dispatch/grouping.hpp"
#include "core/delivery/dispatch/late_content.hpp"
#include "core/delivery/dispatch/settle_plan.hpp"
#include "core/foundation/base/log.hpp"
#include "core/mail/dsn/suppression.hpp"
#include "core/mail/tlsrpt/tls_report.hpp"

namespace outpost::dispatch {
namespace {

using delivery::DeliveryOutcome;
using delivery::ErrorKind;
using delivery::Stage;
using delivery::Verdict;

double throw_dice() {
    thread_local std::mt19937_64 generator{std::random_device{}()};
    return std::uniform_real_distribution<>(0.0, 1.0)(generator);
}

delivery::DeliveryJob make_job(
    const Parcel& parcel, std::shared_ptr<const delivery::Message> message,
    delivery::ContentSource& source
) {
    const auto& first = parcel.claims.front();
    delivery::DeliveryJob job{std::move(message), {}, {}, first.attempts, first.crashes};
    job.source = &source;
    job.policies = parcel.decision->policies;
    job.domain = parcel.claims.front().recipient.address.domain();
    if (has_return_paths(*parcel.snapshot, *job.message))
        job.return_path = parcel.snapshot->return_paths->of(first.key);
    for (const auto& claim : parcel.claims) {
        job.recipients.push_back(claim.recipient);
        if (claim.recipient.address.domain() != job.domain) job.domain = {};
    }
    return job;
}

/// What the transports of a decision made of a job.
struct Tried {
    DeliveryOutcome outcome;
    std::string transport;     ///< the one whose outcome it is
    bool unreachable = false;  ///< a transport was tried and reached no host

    bool all_delivered() const {
        return std::all_of(
            outcome.verdicts.begin(), outcome.verdicts.end(),
            [](const Verdict& verdict) { return verdict.kind() == Verdict::Kind::delivered; }
        );
    }
};

/// One attempt, while it runs.
class Attempt {
  public:
    Attempt(
        const Parcel& parcel, delivery::DeliveryJob job, const LateContent& late, Gate& gate,
        const AttemptParts& parts, std::size_t loop
    )
        : parcel_(parcel),
          job_(std::move(job)),
          late_(late),
          parts_(parts),
          context_{
              parcel.snapshot->ehlo_name,
              parts.resolver,
              parts.dialer,
              gate,
              transcript_,
              Deadline::in(parts.settings.attempt_timeout),
              loop
          } {}

    /// Transports in order, as long as each can reach nothing. One that cannot be used is passed
    /// over; why counts only when no transport could be tried at all.
    awaitable<Tried> run() {
        std::optional<Tried> tried, passed_over;
        for (const auto& name : parcel_.decision->transports) {
            if (tried && context_.deadline.passed()) break;
            const auto* entry = parcel_.snapshot->transport(name);
            auto verdict = unusable(name, entry);
            // The first transport's allowance was taken with the lane's turn.
            const bool takes_own = name != parcel_.lane.transport;
            Allowances::Slot own;
            if (!verdict && takes_own) {
                own = co_await wait_for_slot(name);
                if (!own) verdict = at_its_limit(name);
            }
            if (verdict) {
                if (refuses_requiretls(entry))
                    parts_.counters.count(delivery::events::requiretls_transport);
                transcript_.remark(verdict->words());
                const bool softer = !passed_over || verdict->kind() == Verdict::Kind::deferred;
                if (softer) passed_over = Tried{DeliveryOutcome::all(job_, *verdict), name, false};
                continue;
            }
            if (tried) transcript_.remark(fmt::format("falling back on transport {}", name));
            auto outcome = co_await deliver(name, *entry->transport);
            own = {};
            const bool unreachable = outcome.unreachable;
            tried = Tried{std::move(outcome), name, unreachable};
            if (!unreachable) break;
            transcript_.remark(fmt::format("{}: {}", name, tried->outcome.verdicts.front().words())
            );
        }
        co_return tried ? std::move(*tried) : std::move(*passed_over);
    }

    std::string transcript() const { return transcript_.text(); }

  private:
    /// Why the transport cannot be used for this job.
    std::optional<Verdict> unusable(const std::string& name, const TransportEntry* entry) const {
        if (entry == nullptr) {
            return Verdict::deferred(
                Stage::route, ErrorKind::config, {4, 3, 5},
                fmt::format("the configuration has no transport named '{}'", name)
            );
        }
        // RFC 8689 section 4.2.1: never hand it to what cannot keep the promise.
        if (refuses_requiretls(entry)) {
            return Verdict::failed(
                Stage::route, ErrorKind::policy, {5, 7, 30},
                fmt::format("REQUIRETLS was asked for, which transport '{}' cannot assure", name)
            );
        }
        return std::nullopt;
    }

    bool refuses_requiretls(const TransportEntry* entry) const {
        return job_.message->tls_wish == delivery::TlsWish::required && entry != nullptr &&
               !entry->transport->can_require_tls();
    }

    // A fallback has no lane to wait in, and other nodes may have to be asked: a short wait does.
    awaitable<Allowances::Slot> wait_for_slot(const std::string& name) {
        constexpr std::chrono::seconds patience{10};
        const auto limit = transport_limit(parts_.settings, *parcel_.snapshot, name);
        return parts_.allowances.wait(
            {queue::LimitKey::whole(name), limit}, context_.deadline.narrowed(patience)
        );
    }
    static Verdict at_its_limit(const std::string& name) {
        return Verdict::deferred(
            Stage::route, ErrorKind::local, {4, 4, 5},
            fmt::format("fallback transport '{}' is at its limit", name)
        );
    }

    // An exception is a bug of the transport; it costs this attempt and nothing else.
    awaitable<DeliveryOutcome> deliver(const std::string& name, delivery::Transport& transport) {
        std::string fault;
        try {
            auto outcome = co_await transport.deliver(job_, context_);
            parts_.counters.count(outcome);
            if (outcome.evidence) co_await learn(outcome.evidence);
            if (outcome.verdicts.size() == job_.recipients.size()) co_return outcome;
            fault = fmt::format(
                "{} verdicts for {} recipients", outcome.verdicts.size(), job_.recipients.size()
            );
        } catch (const std::exception& error) {
            fault = error.what();
        } catch (...) {
            fault = "unknown exception";
        }
        log::error(
            "dispatch", "message={} transport {} is faulty: {}", to_number(job_.message->id), name,
            fault
        );
        co_return DeliveryOutcome::all(
            job_,
            Verdict::deferred(Stage::route, ErrorKind::local, {4, 3, 0}, "internal error: " + fault)
        );
    }

    awaitable<void> learn(std::shared_ptr<const delivery::SecurityEvidence> evidence) {
        delivery::Learned learned{
            std::move(evidence), job_.message->account, parts_.store.now(), true
        };
        learned.causes_report = !co_await is_tls_report();
        parts_.on_learned(learned);
    }

    // The content may have come with the message, been read meanwhile, or not been needed.
    awaitable<bool> is_tls_report() {
        if (job_.message->content) co_return tlsrpt::is_tls_report(job_.message->content->header());
        if (const auto known = late_.is_tls_report()) co_return *known;
        try {
            const auto loaded = co_await parts_.store.load_header(job_.message->id);
            if (loaded && loaded->content)
                co_return tlsrpt::is_tls_report(loaded->content->header());
        } catch (const std::exception& error) {
            log::debug("dispatch", "a header could not be read: {}", error.what());
        }
        co_return true;  // who knows: rather one report less
    }

    const Parcel& parcel_;
    delivery::DeliveryJob job_;
    const LateContent& late_;
    const AttemptParts& parts_;
    delivery::Transcript transcript_;
    delivery::AttemptContext context_;
};

/// What all recipients of an attempt have in common in their rows.
struct Common {
    WallTime started{};  ///< by the queue's clock
    Duration duration{};
    std::string transport, transcript;

    WallTime ended() const { return started + duration; }
};

/// Whether a server has refused the mailbox itself. What fails by our own configuration, by a
/// relay that does not let us in, or before anybody was asked for the recipient says nothing of it.
bool refuses_mailbox(const Verdict& verdict, const TransportEntry* transport) {
    if (verdict.kind() != Verdict::Kind::failed || !verdict.reply() || !verdict.remote ||
        verdict.stage() < Stage::rcpt)
        return false;
    const bool by_mx = transport != nullptr && transport->transport->per_domain();
    const dsn::Refusal refusal{
        verdict.reply()->code, verdict.status(), by_mx && verdict.stage() == Stage::rcpt
    };
    return dsn::suppresses_at_once(refusal);
}

queue::Settled settle_one(
    const Parcel& parcel, const queue::Claimed& claim, const Verdict& verdict, const Common& common
) {
    const auto& decision = *parcel.decision;
    const SettleRules rules{
        parcel.snapshot->retry, decision.on_uncertain, common.ended(), throw_dice()
    };
    auto settled = plan_settlement(claim, verdict, rules);
    settled.started = common.started;
    settled.duration = common.duration;
    settled.route_list = route::text(decision.list);
    settled.route_name = decision.route;
    settled.route_index = static_cast<int>(decision.index);
    settled.route_reason = decision.reason();
    settled.transport = common.transport;
    settled.config_version = parcel.snapshot->version;
    const auto& suppress_for = parcel.snapshot->suppress_for;
    if (suppress_for &&
        refuses_mailbox(settled.verdict, parcel.snapshot->transport(common.transport)))
        settled.suppress_for = suppress_for;
    if (settled.verdict.kind() != Verdict::Kind::delivered) settled.transcript = common.transcript;
    log_attempt(claim, settled);
    return settled;
}

/// Refused at the gate: not sent, because the database or the lease was lost; or the content could
/// not be read, or no socket be opened. It is no failure of the recipient, so the attempt does not
/// count.
bool was_not_tried(
    const queue::Claimed& claim, const Verdict& verdict, const Gate& gate, const LateContent& late
) {
    if (verdict.kind() != Verdict::Kind::deferred) return false;
    if (gate.refused(claim.recipient.number)) return true;
    const bool ours = verdict.error_kind() == ErrorKind::local;
    return ours && (late.failed() || verdict.stage() == Stage::connect);
}

AttemptResult conclude(
    const Parcel& parcel, const Gate& gate, const LateContent& late, const Tried& tried,
    const Common& common
) {
    AttemptResult result;
    for (std::size_t i = 0; i < parcel.claims.size(); ++i) {
        const auto& claim = parcel.claims[i];
        const auto& verdict = tried.outcome.verdicts[i];
        if (was_not_tried(claim, verdict, gate, late)) {
            result.untried.push_back({claim.key, claim.token});
            result.untried_pause = std::chrono::seconds(5);
        } else {
            result.settled.push_back(settle_one(parcel, claim, verdict, common));
        }
    }
    if (tried.unreachable) result.unreachable = tried.outcome.verdicts.front().words();
    return result;
}

AttemptResult put_off(const Parcel& parcel, std::optional<std::chrono::seconds> pause) {
    AttemptResult result;
    result.untried = leases_of(parcel.claims);
    result.untried_pause = pause;
    return result;
}

bool was_interrupted(const Parcel& parcel) {
    return std::any_of(parcel.claims.begin(), parcel.claims.end(), [](const queue::Claimed& claim) {
        return claim.interrupted;
    });
}

// Its signatures belong to it from its first attempt on, and to its size, which MAIL FROM tells.
bool needs_signature(const Parcel& parcel) {
    return parcel.claims.front().to_be_signed && parcel.snapshot->signer;
}

awaitable<std::shared_ptr<const delivery::Message>> load(
    const Parcel& parcel, queue::QueueStore& store
) {
    const auto id = parcel.claims.front().key.message;
    if (needs_signature(parcel)) return store.load_signed(id, parcel.snapshot->signer);
    return store.load(id);
}

bool must_read_first(const Parcel& parcel) {
    return !parcel.claims.front().envelope->content &&
           (needs_signature(parcel) || !may_read_late(parcel));
}

/// The message with its content, within the budget; or why there will be no attempt.
awaitable<Result<std::shared_ptr<const delivery::Message>, AttemptResult>> read_first(
    const Parcel& parcel, const AttemptParts& parts
) {
    auto share = co_await wait_for_room(parts.memory, parcel.claims.front().envelope->size);
    if (!share) co_return Err{put_off(parcel, std::chrono::seconds(30))};
    const auto loaded = co_await load(parcel, parts.store);
    // Dropped by a person meanwhile: the lease leads nowhere.
    if (!loaded || !loaded->content) co_return Err{put_off(parcel, std::nullopt)};
    auto charged = std::make_shared<delivery::Message>(*loaded);
    charged->content = ContentMemory::charged(std::move(charged->content), std::move(share));
    co_return std::shared_ptr<const delivery::Message>(std::move(charged));
}

// Who was interrupted is noted as begun only now: whoever still waits for his turn, or for his
// content, has no part in a death of the node.
awaitable<AttemptResult> attempt_now(
    const Parcel& parcel, Gate& gate, const AttemptParts& parts, std::size_t loop
) {
    auto message = parcel.claims.front().envelope;
    if (must_read_first(parcel)) {
        auto read = co_await read_first(parcel, parts);
        if (!read) co_return std::move(read).error();
        message = std::move(*read);
    }
    if (was_interrupted(parcel)) co_await parts.store.note_begun(leases_of(parcel.claims));
    LateContent late(parts.store, parts.memory, message, parcel.content);
    Common common;
    common.started = parts.store.now();
    const auto start = SteadyClock::now();
    Attempt running(parcel, make_job(parcel, message, late), late, gate, parts, loop);
    const auto tried = co_await running.run();
    common.duration = SteadyClock::now() - start;
    common.transport = tried.transport;
    if (!tried.all_delivered()) common.transcript = running.transcript();
    co_return conclude(parcel, gate, late, tried, common);
}

awaitable<AttemptResult> attempt_suspect(
    const Parcel& parcel, Gate& gate, const AttemptParts& parts, std::size_t loop
) {
    // It waits for the one before it, but not so long that many would fill the node.
    const auto turn = co_await parts.suspects.turn(Deadline::in(std::chrono::seconds(10)));
    if (!turn) co_return put_off(parcel, std::chrono::seconds(20));
    co_return co_await attempt_now(parcel, gate, parts, loop);
}

// No coroutine: one frame less for each of the many that wait.
awaitable<AttemptResult> attempt_in_turn(
    const Parcel& parcel, Gate& gate, const AttemptParts& parts, std::size_t loop
) {
    return Suspects::is_suspect(parcel) ? attempt_suspect(parcel, gate, parts, loop)
                                        : attempt_now(parcel, gate, parts, loop);
}

bool may_be_suppressed(const Parcel& parcel, const queue::Suppressions& suppressions) {
    return std::any_of(parcel.claims.begin(), parcel.claims.end(), [&](const auto& claim) {
        return suppressions.may_hold(claim.recipient.address);
    });
}

Verdict refuse(const queue::Suppression& suppression) {
    return Verdict::failed(Stage::route, ErrorKind::policy, {5, 7, 1}, suppression.words());
}

/// Every recipient is asked about, not only the first.
awaitable<AttemptResult> attempt_permitted(
    const Parcel& parcel, Gate& gate, const AttemptParts& parts, std::size_t loop
) {
    Parcel permitted = parcel;
    permitted.claims.clear();
    std::vector<queue::Settled> refused;
    Common common;
    common.started = parts.store.now();
    for (const auto& claim : parcel.claims) {
        const auto suppression = co_await parts.suppressions.find(claim.recipient.address);
        if (suppression)
            refused.push_back(settle_one(parcel, claim, refuse(*suppression), common));
        else
            permitted.claims.push_back(claim);
    }
    AttemptResult result;
    if (!permitted.claims.empty()) result = co_await attempt_in_turn(permitted, gate, parts, loop);
    std::move(refused.begin(), refused.end(), std::back_inserter(result.settled));
    co_return result;
}

}  // namespace

awaitable<AttemptResult> attempt(
    const Parcel& parcel, Gate& gate, const AttemptParts& parts, std::size_t loop
) {
    return may_be_suppressed(parcel, parts.suppressions)
               ? attempt_permitted(parcel, gate, parts, loop)
               : attempt_in_turn(parcel, gate, parts, loop);
}

queue::Settled defer_unrouted(
    SnapshotPtr snapshot, std::shared_ptr<const route::Decision> decision, queue::Claimed claim,
    WallTime now
) {
    const auto verdict = Verdict::deferred(
        Stage::route, ErrorKind::dns, {4, 4, 3},
        "the route cannot be chosen: the MX hosts of " + claim.recipient.address.domain().ascii() +
            " could not be looked up"
    );
    Common common;
    common.started = now;
    const Parcel alone{{}, std::move(snapshot), std::move(decision), {std::move(claim)}};
    return settle_one(alone, alone.claims.front(), verdict, common);
}

std::vector<queue::Settled> defer_resting(
    const Parcel& parcel, const std::string& reason, WallTime now
) {
    const auto verdict = Verdict::deferred(
        Stage::connect, ErrorKind::connect, {4, 4, 1},
        fmt::format("not tried: the destination was found unreachable just before: {}", reason)
    );
    Common common;
    common.started = now;
    common.transport = parcel.lane.transport;
    std::vector<queue::Settled> settled;
    for (const auto& claim : parcel.claims)
        settled.push_back(settle_one(parcel, claim, verdict, common));
    return settled;
}

}  // namespace outpost::dispatch
