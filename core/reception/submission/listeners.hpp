// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "core/net/sockets/listener.hpp"
#include "core/reception/submission/listener_policy.hpp"

namespace outpost::submission {

/// All ports on which mail is taken in. To be used from one thread at a time; must end before the
/// loops do.
class Listeners {
  public:
    /// Makes the rules of a listener that receives from strangers.
    using MakeReceiver = std::function<std::shared_ptr<smtp::ServerPolicy>(Entrance)>;
    struct Settings {
        std::string hostname;  ///< of listeners that have no own one
        std::map<std::string, ListenerSettings> listeners;
        std::map<std::string, AccountSettings> accounts;
        dkim::Signer::Domains signers = {};
        MakeReceiver make_receiver = {};  ///< needed when a listener receives
    };

    /// `loops`, `store` and `metrics` must outlive it. `content_memory`: octets of messages that
    /// all sessions together may hold before they are queued.
    Listeners(
        EventLoops& loops, queue::QueueStore& store, metrics::Registry& metrics,
        std::uint64_t content_memory = 512 << 20
    );
    ~Listeners();

    /// Opens what the settings ask for, or changes to them: sessions that exist go on under the old
    /// ones, addresses that stay are not closed meanwhile, certificates are read again. All or
    /// nothing: throws (std::exception with a sentence that names the file or address) and changes
    /// nothing when something cannot be used.
    void apply(const Settings& settings);
    /// Takes no more connections, and says 421 to clients that wait.
    void stop();
    /// After stop: waits for the messages that are under way. True when all sessions ended.
    awaitable<bool> join(Deadline deadline);

    /// The port of a listener on its first address, for tests that ask for port 0.
    std::uint16_t port(const std::string& listener) const;
    /// The way in for other doors than SMTP.
    std::shared_ptr<Acceptor> acceptor() const noexcept { return acceptor_; }
    std::size_t sessions() const { return sessions_.running(); }

  private:
    class Door;
    struct Place {
        std::string key;
        std::variant<net::Endpoint, net::UnixSocket> at;
    };
    using Doors = std::map<std::string, std::shared_ptr<Door>>;
    std::map<std::string, SessionProfile> make_profiles(const Settings& settings);
    Entrance make_entrance(
        const std::string& name, const ListenerSettings& listener, const std::string& hostname
    );
    static std::vector<Place> places_of(const std::string& name, const ListenerSettings& listener);
    std::shared_ptr<Door> open_door(const Place& place, const SessionProfile& profile);

    std::shared_ptr<ConnectionCounter> connections_of(const std::string& listener);

    EventLoops& loops_;
    metrics::Registry& metrics_;
    std::shared_ptr<Acceptor> acceptor_;
    std::shared_ptr<RateLimiter> messages_per_minute_;
    std::shared_ptr<RecipientQuota> recipients_per_day_;
    std::shared_ptr<smtp::MemoryBudget> memory_;
    std::shared_ptr<smtp::AuthThrottle> throttle_ = std::make_shared<smtp::AuthThrottle>();
    std::map<std::string, std::shared_ptr<ConnectionCounter>> connections_;  ///< by listener
    Doors doors_;                                                            ///< by Place::key
    std::map<std::string, std::string> first_door_;                          ///< by listener
    TaskGroup tasks_;
    Sessions sessions_;
};

}  // namespace outpost::submission
