// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <condition_variable>
#include <mutex>

#include "core/foundation/base/clock.hpp"
#include "core/foundation/database/listener.hpp"
#include "core/foundation/database/session.hpp"
#include "tests/support/temp_postgres.hpp"

using namespace outpost;
using namespace std::chrono_literals;

namespace {

/// What a listener heard, in order.
class Heard {
  public:
    void add(const std::string& payload) {
        const std::lock_guard lock(mutex_);
        all_.push_back(payload);
        changed_.notify_all();
    }
    std::vector<std::string> wait_for(std::size_t count) {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, 30s, [&] { return all_.size() >= count; });
        return all_;
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::string> all_;
};

}  // namespace

TEST_CASE("notifications are heard, also after the connection was lost") {
    const auto settings = test::fresh_database();
    Heard heard;
    db::Listener listener(settings, "wake", [&](const std::string& payload) {
        heard.add(payload);
    });
    REQUIRE(heard.wait_for(1) == std::vector<std::string>{""});

    db::Session session(settings);
    session.exec_script("NOTIFY wake, 'one'; NOTIFY other, 'not ours'");
    CHECK(heard.wait_for(2) == std::vector<std::string>{"", "one"});

    session.exec_script(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    );
    CHECK(heard.wait_for(3) == std::vector<std::string>{"", "one", ""});  // connected again
    session.exec_script("NOTIFY wake, 'two'");
    CHECK(heard.wait_for(4).back() == "two");

    const auto started = SteadyClock::now();
    listener.stop();
    CHECK(SteadyClock::now() - started < 15s);  // it looks after the connection every 30 s
}
