// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <asio/thread_pool.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/delivery/interface/rate.hpp"
#include "core/delivery/interface/security_policy.hpp"
#include "core/delivery/interface/transport.hpp"
#include "core/delivery/smtp_client/submission_server.hpp"
#include "core/foundation/config/choice.hpp"
#include "core/net/sockets/endpoint.hpp"
#include "core/net/tls/context.hpp"

/// What a transport brings along besides its deliveries, so that the server need not know which
/// transports there are: its keys in the configuration, and how it is made of them.
namespace outpost::delivery {

/// What transports are made with.
struct TransportServices {
    tls::ClientSettings tls;  ///< the node's own, where a transport has none
    SecurityPolicies policies;
    std::vector<net::Endpoint> own;  ///< where this server takes mail in
    asio::thread_pool& workers;      ///< for what blocks or computes; outlives the transports
};

/// What mail looks like to servers of strangers: what SPF records have to name.
struct PublicSender {
    std::string ehlo_name;                ///< empty: the node's host name
    std::vector<net::IpAddress> sources;  ///< that connections are bound to
    std::vector<net::IpAddress> proxies;  ///< that they come from instead
};

/// What one transport is set to.
class TransportConfig {
  public:
    virtual ~TransportConfig() = default;
    /// Throws std::runtime_error that says why it cannot be made (a TLS file that is not usable).
    virtual TransportPtr make(const std::string& name, const TransportServices& services) const = 0;

    /// Deliveries at once, by all nodes together; 0: as the dispatcher allows.
    virtual std::size_t concurrency() const { return 0; }
    /// Messages, by all nodes together; unset: as the dispatcher allows.
    virtual Rate rate() const { return {}; }
    /// Unset: no stranger sees it.
    virtual std::optional<PublicSender> public_sender() const { return std::nullopt; }
    /// The servers that it hands all mail to, the first choice first; none: it has others.
    virtual std::vector<SubmissionServer> servers() const { return {}; }
    /// The same with another port of its servers; null where it has none.
    virtual std::shared_ptr<const TransportConfig> at_port(std::uint16_t port) const {
        (void)port;
        return nullptr;
    }
};

/// The same for the settings struct of one transport, which stays a plain one.
template <class S>
class TransportConfigOf : public TransportConfig {
  public:
    using Settings = S;
    explicit TransportConfigOf(S settings) : settings_(std::move(settings)) {}
    const S& settings() const noexcept { return settings_; }

  private:
    S settings_;
};

/// A transport as the configuration has it.
struct TransportSettings {
    std::string type;  ///< the word that chose it: "smtp"
    std::shared_ptr<const TransportConfig> config;

    /// Its settings, if they are an S.
    template <class S>
    const S* as() const noexcept {
        const auto* own = dynamic_cast<const TransportConfigOf<S>*>(config.get());
        return own ? &own->settings() : nullptr;
    }
};

/// One kind of transport, as the list of all (core/server/settings/builtin.cpp) has it.
struct TransportKind {
    TransportSettings initial;                ///< what reading starts from
    config::Type<TransportSettings> section;  ///< without the key `type`
    bool takes_submissions = false;           ///< `outpost sendmail` may hand mail to its servers
};
using TransportKinds = std::vector<TransportKind>;

/// C: a TransportConfigOf. `section` comes from a Spec.
template <class C>
TransportKind transport_kind(
    std::string type, config::Type<typename C::Settings> section, typename C::Settings initial = {}
) {
    using S = typename C::Settings;
    return {
        {std::move(type), std::make_shared<const C>(std::move(initial))},
        config::stored_as<TransportSettings, S>(
            std::move(section),
            [](TransportSettings& kept, const S& own) {
                kept.config = std::make_shared<const C>(own);
            },
            [](const TransportSettings& kept) {
                const S* own = kept.as<S>();
                return own ? *own : S();
            }
        ),
        false
    };
}

}  // namespace outpost::delivery
