// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <asio/io_context.hpp>

#include "core/foundation/database/listener.hpp"
#include "core/foundation/database/migrate.hpp"
#include "policies/mta_sts/store_pg.hpp"
#include "tests/support/run.hpp"
#include "tests/support/temp_postgres.hpp"

using namespace outpost;
using namespace outpost::mta_sts;
using namespace std::chrono_literals;

namespace {

struct Database {
    Database() : settings(test::fresh_database()), session(settings) { db::migrate(session); }
    ~Database() { pool.stop(); }

    db::Rows sql(const std::string& statement) { return session.exec_script(statement); }
    std::string text(const std::string& statement) { return sql(statement).at(0).text(0); }
    /// Whether an expression over the row of this domain holds.
    bool holds(const std::string& condition, const std::string& domain = "a.example") {
        return text(
                   "SELECT coalesce(bool_and(" + condition +
                   "), false)::text FROM outpost_private.mta_sts WHERE domain = '" + domain + "'"
               ) == "true";
    }
    template <class T>
    T run(awaitable<T> task) {
        return test::run(loop, std::move(task));
    }
    void run(awaitable<void> task) { test::run(loop, std::move(task)); }
    Turn::Kind turn(std::int64_t known, std::chrono::seconds lease = 90s) {
        return run(store.take_turn("a.example", known, lease)).kind;
    }

    asio::io_context loop;
    db::Settings settings;
    db::Session session;
    db::Pool pool{settings, 2};
    PgStore store{pool, [] { return WallClock::now(); }};
};

Policy policy(Mode mode = Mode::enforce, std::chrono::seconds age = 86400s) {
    return {mode, age, {"mx.example", "*.example.net"}, "version: STSv1\r\nmode: …\r\n"};
}
const Trouble certificate{Trouble::Kind::bad_certificate, "expired", "certificate-expired"};

}  // namespace

TEST_CASE_FIXTURE(Database, "a policy comes back as it was saved, with its text") {
    CHECK(run(store.load("a.example")) == Entry());
    const Entry saved = run(store.save("a.example", "id1", policy()));
    CHECK(saved.version > 0);
    CHECK(saved.record_id == "id1");
    CHECK(*saved.policy == policy());
    CHECK(saved.valid_until > WallClock::now() + 23h);
    CHECK_FALSE(saved.setback);
    CHECK_FALSE(saved.refresh_is_due);
    CHECK(run(store.load("a.example")) == saved);
    CHECK(run(store.load_all()) == std::map<std::string, Entry>{{"a.example", saved}});

    Policy next = policy(Mode::none, 0s);
    next.mx.clear();
    next.text = "other";
    const Entry changed = run(store.save("a.example", "id2", next));
    CHECK(changed.version > saved.version);
    CHECK(*changed.policy == next);
    CHECK(changed.valid_until > WallClock::now() + 30s);  // or each message would fetch it
}

TEST_CASE_FIXTURE(Database, "one node at a time has the turn, and a dead one loses it") {
    CHECK(turn(0) == Turn::Kind::granted);
    CHECK(turn(0) == Turn::Kind::busy);
    run(store.let_go("a.example"));
    CHECK(turn(0, 0s) == Turn::Kind::granted);
    CHECK(turn(0) == Turn::Kind::granted);  // the lease of nobody heard of again was over

    const Entry saved = run(store.save("a.example", "id1", policy()));
    const Turn late = run(store.take_turn("a.example", 0, 90s));
    CHECK(late.kind == Turn::Kind::changed);
    CHECK(late.entry == saved);
    CHECK(turn(saved.version) == Turn::Kind::granted);
    CHECK(turn(saved.version) == Turn::Kind::busy);
    CHECK(run(store.load_all()).size() == 1);
}

TEST_CASE_FIXTURE(Database, "who only has the turn is not listed as known") {
    turn(0);
    CHECK(run(store.load_all()).empty());
    CHECK(text("SELECT count(*) FROM outpost.mta_sts_policies") == "0");
}

TEST_CASE_FIXTURE(
    Database, "a failure leaves the policy, ends the turn and comes back later by itself"
) {
    turn(0);
    const Entry new_one = run(store.save_failure("a.example", certificate, 300s));
    CHECK_FALSE(new_one.policy);
    CHECK(new_one.setback->trouble == certificate);
    CHECK(new_one.setback->until > WallClock::now() + 290s);
    CHECK(holds("fetching_until IS NULL AND refresh_at IS NULL"));

    run(store.save("a.example", "id1", policy()));
    const Entry failed = run(store.save_failure("a.example", certificate, 300s));
    CHECK(*failed.policy == policy());
    CHECK(failed.setback);
    CHECK(holds(
        "refresh_at > now() + interval '30 minutes' AND refresh_at < now() + interval '2 hours'"
    ));
    CHECK_FALSE(run(store.save("a.example", "id1", policy())).setback);
}

TEST_CASE_FIXTURE(
    Database, "refreshes are due well before the end, a day apart at most, each at its own time"
) {
    for (const auto& [domain, age] : {std::pair{"a.example", 7200s}, {"b.example", 86400s * 30}})
        run(store.save(domain, "1", policy(Mode::enforce, age)));
    CHECK(holds("refresh_at BETWEEN now() + interval '44 minutes' AND now() + interval '76 minutes'"
    ));
    CHECK(holds(
        "refresh_at BETWEEN now() + interval '17 hours' AND now() + interval '31 hours'",
        "b.example"
    ));
    for (int n = 0; n < 20; ++n)
        run(store.save("n" + std::to_string(n) + ".example", "1", policy()));
    CHECK(
        text("SELECT (count(DISTINCT date_trunc('second', refresh_at)) > 15)::text "
             "FROM outpost_private.mta_sts") == "true"
    );
    run(store.save("short.example", "1", policy(Mode::enforce, 3599s)));
    CHECK(holds("refresh_at IS NULL", "short.example"));
}

TEST_CASE_FIXTURE(Database, "what is due goes to one node, and to another when that one dies") {
    run(store.save("a.example", "1", policy()));
    run(store.save("b.example", "1", policy()));
    CHECK_FALSE(run(store.claim_due(90s)));
    sql("UPDATE outpost_private.mta_sts SET refresh_at = now() - interval '1 minute'");
    CHECK(run(store.load("a.example")).refresh_is_due);
    const auto first = run(store.claim_due(90s)), second = run(store.claim_due(90s));
    REQUIRE((first && second));
    CHECK(*first != *second);
    CHECK_FALSE(run(store.claim_due(90s)));
    CHECK(turn(run(store.load("a.example")).version) == Turn::Kind::busy);

    sql("UPDATE outpost_private.mta_sts SET refresh_at = now(), fetching_until = now()");
    CHECK(run(store.claim_due(90s)));
}

TEST_CASE_FIXTURE(Database, "what nobody used for long, or nobody can use, goes") {
    run(store.save("used.example", "1", policy()));
    run(store.save("a.example", "1", policy()));
    run(store.save_failure("failed.example", certificate, 0s));
    run(store.save("over.example", "1", policy()));
    sql("UPDATE outpost_private.mta_sts SET last_used_at = now() - interval '3 days' WHERE domain "
        "<> 'a.example'");
    sql("UPDATE outpost_private.mta_sts SET last_used_at = now() - interval '181 days' WHERE "
        "domain = 'a.example'");
    sql("UPDATE outpost_private.mta_sts SET valid_until = now() WHERE domain = 'over.example'");
    run(store.tidy(180 * 24h));
    CHECK(text("SELECT string_agg(domain, ' ') FROM outpost_private.mta_sts") == "used.example");

    run(store.note_used({"used.example"}));
    CHECK(holds("last_used_at > now() - interval '1 minute'", "used.example"));
    run(store.forget("used.example"));
    CHECK(run(store.load_all()).empty());
}

TEST_CASE_FIXTURE(Database, "a person asks for a refresh, known or not, and sees it in the view") {
    run(store.save("a.example", "1", policy()));
    run(store.save_failure("a.example", certificate, 300s));
    sql("SELECT outpost.mta_sts_refresh('A.Example')");
    const Entry entry = run(store.load("a.example"));
    CHECK(entry.refresh_is_due);
    CHECK(entry.policy);
    CHECK_FALSE(entry.setback);
    sql("SELECT outpost.mta_sts_refresh('new.example')");
    CHECK(run(store.load("new.example")).refresh_is_due);
    CHECK(run(store.claim_due(90s)));
    CHECK(run(store.claim_due(90s)));
    CHECK_THROWS_AS(sql("SELECT outpost.mta_sts_refresh('no domain')"), db::Error);
    CHECK(
        text("SELECT mode || ' ' || mx::text || ' ' || max_age FROM outpost.mta_sts_policies "
             "WHERE domain = 'a.example'") == "enforce {mx.example,*.example.net} 24:00:00"
    );
    CHECK(text("SELECT outpost.mta_sts_forget('a.example')::text") == "true");
    CHECK(text("SELECT outpost.mta_sts_forget('a.example')::text") == "false");
}

TEST_CASE_FIXTURE(Database, "each change is told to all nodes, and who fetches is not") {
    std::mutex mutex;
    std::vector<std::string> told;
    db::Listener listener(settings, "outpost_mta_sts", [&](const std::string& domain) {
        const std::lock_guard lock(mutex);
        told.push_back(domain);
    });
    const auto wait_for = [&](std::size_t count) {
        const auto limit = SteadyClock::now() + 20s;
        while (SteadyClock::now() < limit) {
            {
                const std::lock_guard lock(mutex);
                if (told.size() >= count) return told;
            }
            std::this_thread::sleep_for(5ms);
        }
        return told;
    };
    wait_for(1);  // it listens
    turn(0);
    run(store.let_go("a.example"));
    run(store.save("a.example", "1", policy()));
    run(store.save_failure("b.example", certificate, 300s));
    run(store.note_used({"a.example"}));
    run(store.forget("a.example"));
    CHECK(wait_for(4) == std::vector<std::string>{"", "a.example", "b.example", "a.example"});
}
