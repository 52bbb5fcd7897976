// SPDX-License-Identifier: Apache-2.0
#include "core/tls_reports/sending/sender.hpp"

#include <random>

#include "core/foundation/base/log.hpp"
#include "core/tls_reports/sending/look_up.hpp"
#include "core/tls_reports/sending/making.hpp"
#include "core/tls_reports/sending/marks.hpp"
#include "core/tls_reports/sending/posts.hpp"
#include "core/tls_reports/sending/schedule.hpp"

namespace outpost::tls_reports {
namespace {

constexpr std::chrono::seconds look_up_time{30};
constexpr std::chrono::seconds post_time{60};  // well within the time of a claim

double roll() {
    thread_local std::minstd_rand generator{std::random_device{}()};
    return std::uniform_real_distribution<double>(0.0, 1.0)(generator);
}

/// Planning comes when there is nothing to do: what is planned is due some minutes later.
std::optional<Claim> claim_or_plan(db::Session& session, const Settings& settings) {
    auto claimed = settings.send ? claim(session) : std::nullopt;
    if (!claimed) plan(session, settings, roll());
    return claimed;
}

/// What cannot be made now for a reason of its own must not come first again and again.
void make_or_put_off(
    db::Session& session, const Claim& claim, const tlsrpt::Record& record, const Settings& settings
) {
    try {
        make(session, claim, record, settings);
    } catch (const std::exception& problem) {
        if (!session.alive()) throw;
        log::warning("tlsrpt", "no report for {}: {}", claim.key.domain, problem.what());
        put_off(session, claim, problem.what(), pause_after(claim.attempts, roll()));
    }
}

awaitable<void> make_claimed(
    db::Pool& pool, dns::Resolver& resolver, const Claim& claim, const Settings& settings
) {
    const auto found = co_await look_up(claim.key.domain, resolver, Deadline::in(look_up_time));
    const auto work = [claim, found, settings](db::Session& session) {
        if (found)
            make_or_put_off(session, claim, *found, settings);
        else if (found.error().temporary)
            put_off(session, claim, found.error().reason, pause_after(claim.attempts, roll()));
        else
            skip(session, claim, found.error().reason);
    };
    co_await pool.run(work);
}

awaitable<void> post_claimed(db::Pool& pool, http_client::Client& client, const Post& post) {
    http_client::Request request;
    request.url = post.uri;
    request.upload = http_client::Upload{"application/tlsrpt+gzip", post.octets};
    const auto answer = co_await client.send(std::move(request), Deadline::in(post_time));
    // Not sent, not refused: the next one posts it when the claim has ended.
    if (!answer && answer.error().kind == http_client::Failure::Kind::stopped) co_return;
    const PostOutcome outcome = judge(answer);
    const auto work = [post, outcome](db::Session& session) {
        note(session, post, outcome, pause_after(post.attempts, roll()));
    };
    co_await pool.run(work);
}

}  // namespace

awaitable<bool> make_round(
    db::Pool& pool, std::shared_ptr<dns::Resolver> resolver, Settings settings
) {
    const auto next = [settings](db::Session& session) { return claim_or_plan(session, settings); };
    const std::optional<Claim> claimed = co_await pool.run(next);
    if (claimed) co_await make_claimed(pool, *resolver, *claimed, settings);
    co_return claimed.has_value();
}

awaitable<bool> post_round(db::Pool& pool, std::shared_ptr<http_client::Client> client) {
    const std::optional<Post> post = co_await pool.run(claim_post);
    if (post) co_await post_claimed(pool, *client, *post);
    co_return post.has_value();
}

}  // namespace outpost::tls_reports
