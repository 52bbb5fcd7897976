// SPDX-License-Identifier: Apache-2.0
#include "core/reception/submission/listeners.hpp"

#include <stdexcept>
#include <utility>
#include <vector>

#include "core/foundation/base/log.hpp"
#include "core/reception/submission/signer.hpp"

namespace outpost::submission {

/// One open address. What its next sessions are to be like can be changed while it is open.
class Listeners::Door {
  public:
    template <class Address>
    Door(EventLoops& loops, const Address& at, SessionProfile profile, Sessions& sessions)
        : current_(std::make_shared<Current>(std::move(profile))),
          listener_(
              loops, at,
              [current = current_, &sessions](net::Listener::Socket socket, std::size_t) {
                  sessions.begin(std::move(socket), current->get());
              }
          ) {}

    void start(TaskGroup& tasks) { listener_.start(tasks); }
    void stop() { listener_.stop(); }
    std::uint16_t port() const { return listener_.port(); }
    void change(SessionProfile profile) { current_->set(std::move(profile)); }

  private:
    /// Shared with the accept handler, which may be on its way to a loop when the door is gone.
    class Current {
      public:
        explicit Current(SessionProfile profile) : profile_(std::move(profile)) {}
        SessionProfile get() {
            const std::lock_guard lock(mutex_);
            return profile_;
        }
        void set(SessionProfile profile) {
            const std::lock_guard lock(mutex_);
            profile_ = std::move(profile);
        }

      private:
        std::mutex mutex_;
        SessionProfile profile_;
    };

    std::shared_ptr<Current> current_;
    net::Listener listener_;
};

namespace {

std::shared_ptr<const smtp::ServerSettings> server_settings(
    const ListenerSettings& listener, const std::string& hostname,
    std::shared_ptr<smtp::MemoryBudget> memory, std::shared_ptr<smtp::AuthThrottle> throttle
) {
    auto settings = std::make_shared<smtp::ServerSettings>();
    settings->hostname = hostname;
    settings->content.max_size = listener.largest_message();
    settings->max_recipients = listener.max_recipients;
    if (listener.tls != TlsMode::none)
        settings->tls = tls::make_server_context(listener.certificate);
    settings->implicit_tls = listener.tls == TlsMode::implicit;
    settings->tls_required = listener.tls == TlsMode::required;
    settings->requiretls_offered = listener.requiretls && listener.tls != TlsMode::none;
    settings->auth_offered = listener.auth != AuthMode::none && !listener.receive;
    if (listener.receive) {
        // Both are promises about sending on, and what strangers bring ends here.
        settings->dsn_offered = false;
        settings->max_hold = std::chrono::seconds(0);
    }
    settings->idle_timeout = listener.idle_timeout;
    settings->memory = std::move(memory);
    settings->throttle = std::move(throttle);
    return settings;
}

}  // namespace

Listeners::Listeners(
    EventLoops& loops, queue::QueueStore& store, metrics::Registry& metrics,
    std::uint64_t content_memory
)
    : loops_(loops),
      metrics_(metrics),
      acceptor_(std::make_shared<Acceptor>(store)),
      messages_per_minute_(std::make_shared<RateLimiter>(std::chrono::minutes(1))),
      recipients_per_day_(std::make_shared<RecipientQuota>(store)),
      memory_(std::make_shared<smtp::MemoryBudget>(content_memory)) {
    metrics_.gauge(
        "outpost_content_memory_bytes", "Message content held in memory", {{"way", "in"}},
        [memory = memory_] { return static_cast<double>(memory->used()); }
    );
}

Listeners::~Listeners() = default;

// A listener that is gone from the configuration stays, with the sessions that it still has.
std::shared_ptr<ConnectionCounter> Listeners::connections_of(const std::string& listener) {
    auto& connections = connections_[listener];
    if (connections) return connections;
    connections = std::make_shared<ConnectionCounter>();
    metrics_.gauge(
        "outpost_sessions_open", "SMTP sessions with clients", {{"listener", listener}},
        [counter = connections] { return static_cast<double>(counter->total()); }
    );
    return connections;
}

Entrance Listeners::make_entrance(
    const std::string& name, const ListenerSettings& listener, const std::string& hostname
) {
    Entrance::Parts parts{
        listener,
        name,
        hostname,
        connections_of(name),
        messages_per_minute_,
        MessageCounters(metrics_, name, listener.source())
    };
    return Entrance(std::move(parts));
}

std::map<std::string, SessionProfile> Listeners::make_profiles(const Settings& settings) {
    const auto accounts = std::make_shared<const Accounts>(settings.accounts);
    const auto signer = make_signer(settings.signers, accounts);
    const auto make_policy = [&](const ListenerSettings& listener, Entrance entrance) {
        if (listener.receive) return settings.make_receiver(std::move(entrance));
        ListenerPolicy::Parts parts{
            std::move(entrance), accounts, signer, recipients_per_day_, acceptor_
        };
        return std::shared_ptr<smtp::ServerPolicy>(std::make_shared<ListenerPolicy>(std::move(parts)
        ));
    };
    std::map<std::string, SessionProfile> profiles;
    for (const auto& [name, listener] : settings.listeners) {
        const auto& hostname = listener.hostname.empty() ? settings.hostname : listener.hostname;
        SessionProfile profile;
        profile.settings = server_settings(listener, hostname, memory_, throttle_);
        profile.policy = make_policy(listener, make_entrance(name, listener, hostname));
        profile.connections = connections_of(name);
        profiles.emplace(name, std::move(profile));
    }
    return profiles;
}

/// Where a listener is to be found, and by what name a door there is known.
std::vector<Listeners::Place> Listeners::places_of(
    const std::string& name, const ListenerSettings& listener
) {
    std::vector<Place> places;
    if (!listener.socket.empty()) {
        const net::UnixSocket socket{listener.socket, listener.socket_mode};
        places.push_back({"unix:" + socket.path.string(), socket});
    }
    for (const auto& address : listener.addresses) {
        const net::Endpoint at{address, listener.port};
        // Port 0 is another port each time: it is told apart by the listener.
        places.push_back({listener.port == 0 ? name + ' ' + at.text() : at.text(), at});
    }
    return places;
}

std::shared_ptr<Listeners::Door> Listeners::open_door(
    const Place& place, const SessionProfile& profile
) {
    const auto open = [&](const auto& at) {
        return std::make_shared<Door>(loops_, at, profile, sessions_);
    };
    return std::visit(open, place.at);
}

void Listeners::apply(const Settings& settings) {
    const auto profiles = make_profiles(settings);
    Doors wanted, fresh;
    std::map<std::string, std::string> first_door;
    std::vector<std::pair<std::shared_ptr<Door>, SessionProfile>> changes;
    for (const auto& [name, listener] : settings.listeners) {
        const auto& profile = profiles.at(name);
        for (const Place& place : places_of(name, listener)) {
            const auto& key = place.key;
            if (wanted.contains(key)) {
                throw std::runtime_error("two listeners have the address " + key);
            }
            const auto open = doors_.find(key);
            if (open == doors_.end()) {
                wanted[key] = fresh[key] = open_door(place, profile);
            } else {
                wanted[key] = open->second;
                changes.emplace_back(open->second, profile);
            }
            first_door.emplace(name, key);
        }
    }
    // From here on nothing fails.
    for (auto& [door, profile] : changes)
        door->change(std::move(profile));
    for (auto& [key, door] : fresh) {
        door->start(tasks_);
        log::info("submit", "listening on {}", key);
    }
    for (auto& [key, door] : doors_) {
        if (!wanted.contains(key)) door->stop();
    }
    doors_ = std::move(wanted);
    first_door_ = std::move(first_door);
}

void Listeners::stop() {
    for (auto& [key, door] : doors_)
        door->stop();
    sessions_.shut_down();
}

awaitable<bool> Listeners::join(Deadline deadline) {
    const bool doors_closed = co_await tasks_.join(deadline);
    const bool sessions_ended = co_await sessions_.join(deadline);
    co_return doors_closed&& sessions_ended;
}

std::uint16_t Listeners::port(const std::string& listener) const {
    return doors_.at(first_door_.at(listener))->port();
}

}  // namespace outpost::submission
