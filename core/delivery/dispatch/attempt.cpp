// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/dispatch/attempt.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/delivery/dispatch/grouping.hpp"
#include "core/foundation/base/log.hpp"
#include "core/mail/tlsrpt/tls_report.hpp"

// An attempt, from a request whose turn has come to what is to be recorded:
//
// 1. Recipients whose address is suppressed fail. Nobody left: over.
// 2. A suspect, in flight when the server died twice in a row, waits: one such at a time.
// 3. The body is read first where the transports cannot ask for it, or it is to be signed.
// 4. Recipients whose node died with them are noted as begun: not earlier, for waiting kills
// nothing.
// 5. The transports of the route in order, until one reaches a host. The outcome is that one's.
// 6. Each recipient: settled by its verdict, or given back untried where the fault is ours.
//
// Whatever cannot go on at 2 or 3 is put off: given back untried, due again after a pause.
namespace outpost::dispatch {

using delivery::DeliveryOutcome;
using delivery::ErrorKind;
using delivery::Stage;
using delivery::Verdict;

Attempt::Attempt(
    DeliveryRequest& request, FinalDotPermit& permit, const AttemptParts& parts, std::size_t loop
)
    : request_(request), permit_(permit), parts_(parts), context_{request.snapshot->ehlo_name,
                                                                  parts.resolver,
                                                                  parts.dialer,
                                                                  permit,
                                                                  transcript_,
                                                                  {},
                                                                  loop} {}

awaitable<AttemptResult> Attempt::run() {
    if (any_may_be_suppressed()) co_await refuse_suppressed();
    if (request_.claims.empty()) co_return std::move(result_);

    Semaphore::Permit turn;
    if (is_suspect()) {
        // Not so long that many of them would fill the node.
        turn = co_await parts_.suspects.acquire(Deadline::in(std::chrono::seconds(10)));
        if (!turn) put_off(std::chrono::seconds(20));
        if (!turn) co_return std::move(result_);
    }
    const bool has_body = co_await have_body();
    if (!has_body) co_return std::move(result_);

    if (was_interrupted()) co_await parts_.store.note_begun(leases_of(request_.claims));
    prepare();
    const auto start = SteadyClock::now();
    const Tried tried = co_await try_transports();
    common_.duration = SteadyClock::now() - start;
    conclude(tried);
    co_return std::move(result_);
}

// 1. Suppressed addresses

bool Attempt::any_may_be_suppressed() const {
    return std::any_of(request_.claims.begin(), request_.claims.end(), [&](const auto& claim) {
        return parts_.suppressions.may_hold(claim.recipient.address);
    });
}

/// Every recipient is asked about, not only the first.
awaitable<void> Attempt::refuse_suppressed() {
    Common common;
    common.started = parts_.store.now();
    std::vector<queue::Claimed> permitted;
    for (auto& claim : request_.claims) {
        const auto suppression = co_await parts_.suppressions.find(claim.recipient.address);
        if (!suppression) {
            permitted.push_back(claim);
            continue;
        }
        const auto verdict =
            Verdict::failed(Stage::route, ErrorKind::policy, {5, 7, 1}, suppression->words());
        result_.settled.push_back(settle(request_, claim, verdict, common));
    }
    request_.claims = std::move(permitted);
}

// 2. Suspects. Whatever crashed before is alone in its request, so that a third death strikes the
// guilty one alone.

bool Attempt::is_suspect() const noexcept {
    return request_.claims.front().crashes >= 2;
}

void Attempt::put_off(std::optional<std::chrono::seconds> pause) {
    result_.untried = leases_of(request_.claims);
    result_.untried_pause = pause;
}

// 3. The body

bool may_read_late(const DeliveryRequest& request) {
    const auto& message = request.message();
    if (message.smtputf8 || message.body.size() >= BodyBudget::large_content) return false;
    const auto& names = request.decision->transports;
    return std::all_of(names.begin(), names.end(), [&](const std::string& name) {
        const auto* entry = request.snapshot->transport(name);
        return entry == nullptr || entry->transport->reads_content_late();
    });
}

// Its signatures belong to it from its first attempt on, and to its size, which MAIL FROM tells.
bool Attempt::needs_signature() const {
    return request_.claims.front().to_be_signed && request_.snapshot->signer;
}

bool Attempt::must_read_first() const {
    return !request_.message().body.held() && (needs_signature() || !may_read_late(request_));
}

awaitable<bool> Attempt::have_body() {
    const auto message = request_.claims.front().envelope;
    if (must_read_first()) {
        auto signer = needs_signature() ? request_.snapshot->signer : nullptr;
        auto read = co_await parts_.bodies.read(message, std::move(signer));
        if (read)
            carry(*read);
        else if (read.error() == Bodies::Missing::no_room)
            put_off(std::chrono::seconds(30));
        else
            put_off(std::nullopt);
        co_return read.has_value();
    }
    if (may_read_late(request_)) {
        auto [without, late] = parts_.bodies.begin_late(message, SteadyClock::now());
        late_ = std::move(late);
        carry(without);
    }
    co_return true;
}

void Attempt::carry(const MessagePtr& message) {
    for (auto& claim : request_.claims)
        claim.envelope = message;
}

// 4. Interrupted

bool Attempt::was_interrupted() const {
    return std::any_of(request_.claims.begin(), request_.claims.end(), [](const auto& claim) {
        return claim.interrupted;
    });
}

// 5. The transports

void Attempt::prepare() {
    const auto& first = request_.claims.front();
    job_ = {first.envelope, {}, {}, first.attempts, first.crashes};
    job_.policies = request_.decision->policies;
    job_.domain = first.recipient.address.domain();
    if (has_return_paths(*request_.snapshot, *job_.message))
        job_.return_path = request_.snapshot->return_paths->of(first.key);
    for (const auto& claim : request_.claims) {
        job_.recipients.push_back(claim.recipient);
        if (claim.recipient.address.domain() != job_.domain) job_.domain = {};
    }
    transcript_ = delivery::Transcript();  // its times count from now
    context_.deadline = Deadline::in(parts_.settings.attempt_timeout);
    common_.started = parts_.store.now();
}

bool Attempt::Tried::all_delivered() const {
    const auto& verdicts = outcome.verdicts;
    return std::all_of(verdicts.begin(), verdicts.end(), [](const Verdict& verdict) {
        return verdict.kind() == Verdict::Kind::delivered;
    });
}

/// One that cannot be used is passed over; why counts only when no transport could be tried at all.
awaitable<Attempt::Tried> Attempt::try_transports() {
    std::optional<Tried> tried, passed_over;
    for (const auto& name : request_.decision->transports) {
        if (tried && context_.deadline.passed()) break;
        const auto* entry = request_.snapshot->transport(name);
        auto verdict = unusable(name, entry);
        // The first transport's slot was taken when the request's turn came.
        Slots::Slot own;
        if (!verdict && name != request_.destination.transport) {
            own = co_await wait_for_slot(name);
            if (!own) {
                verdict = Verdict::deferred(
                    Stage::route, ErrorKind::local, {4, 4, 5},
                    fmt::format("fallback transport '{}' is at its limit", name)
                );
            }
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
        auto outcome = co_await hand_over(name, *entry->transport);
        const bool unreachable = outcome.unreachable;
        tried = Tried{std::move(outcome), name, unreachable};
        if (!unreachable) break;
        transcript_.remark(fmt::format("{}: {}", name, tried->outcome.verdicts.front().words()));
    }
    co_return tried ? std::move(*tried) : std::move(*passed_over);
}

std::optional<Verdict> Attempt::unusable(const std::string& name, const TransportEntry* entry)
    const {
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

bool Attempt::refuses_requiretls(const TransportEntry* entry) const {
    return job_.message->tls_wish == delivery::TlsWish::required && entry != nullptr &&
           !entry->transport->can_require_tls();
}

// A fallback has no destination queue to wait in, and other nodes may have to be asked: a short
// wait does.
awaitable<Slots::Slot> Attempt::wait_for_slot(const std::string& name) {
    constexpr std::chrono::seconds patience{10};
    const auto limit = transport_limit(parts_.settings, *request_.snapshot, name);
    return parts_.slots.wait(
        {queue::LimitKey::whole(name), limit}, context_.deadline.narrowed(patience)
    );
}

// An exception is a bug of the transport; it costs this attempt and nothing else.
awaitable<DeliveryOutcome> Attempt::hand_over(
    const std::string& name, delivery::Transport& transport
) {
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

awaitable<void> Attempt::learn(std::shared_ptr<const delivery::SecurityEvidence> evidence) {
    delivery::Learned learned{std::move(evidence), job_.message->account, parts_.store.now(), true};
    learned.causes_report = !co_await is_tls_report();
    parts_.on_learned(learned);
}

// The body may have come with the message, been read meanwhile, or not been needed.
awaitable<bool> Attempt::is_tls_report() {
    if (const auto& content = job_.message->body.held())
        co_return tlsrpt::is_tls_report(content->header());
    if (const auto known = late_ ? late_->is_tls_report() : std::nullopt) co_return *known;
    try {
        const auto loaded = co_await parts_.store.load_header(job_.message->id);
        if (loaded && loaded->body.held())
            co_return tlsrpt::is_tls_report(loaded->body.held()->header());
    } catch (const std::exception& error) {
        log::debug("dispatch", "a header could not be read: {}", error.what());
    }
    co_return true;  // unknown: better one report too few
}

// 6. What becomes of each recipient

void Attempt::conclude(const Tried& tried) {
    common_.transport = tried.transport;
    if (!tried.all_delivered()) common_.transcript = transcript_.text();
    for (std::size_t i = 0; i < request_.claims.size(); ++i) {
        const auto& claim = request_.claims[i];
        const auto& verdict = tried.outcome.verdicts[i];
        if (was_not_tried(claim, verdict)) {
            result_.untried.push_back({claim.key, claim.token});
            result_.untried_pause = std::chrono::seconds(5);
        } else {
            result_.settled.push_back(settle(request_, claim, verdict, common_));
        }
    }
    if (tried.unreachable) result_.unreachable = tried.outcome.verdicts.front().words();
}

/// No final dot was permitted: nothing was sent, because the database or the lease was lost; or the
/// body could not be read, or no socket be opened. It is no failure of the recipient, so the
/// attempt does not count.
bool Attempt::was_not_tried(const queue::Claimed& claim, const Verdict& verdict) const {
    if (verdict.kind() != Verdict::Kind::deferred) return false;
    if (permit_.refused(claim.recipient.number)) return true;
    const bool ours = verdict.error_kind() == ErrorKind::local;
    return ours && ((late_ && late_->failed()) || verdict.stage() == Stage::connect);
}

}  // namespace outpost::dispatch
