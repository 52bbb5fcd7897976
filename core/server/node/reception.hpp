// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <asio/thread_pool.hpp>

#include <functional>
#include <memory>

#include "core/net/http_server/public_server.hpp"
#include "core/reception/inbound/receiving_policy.hpp"
#include "core/reception/submission/listeners.hpp"
#include "core/server/node/stores.hpp"
#include "core/server/settings/settings.hpp"
#include "core/tls_reports/receiving/tls_report_intake.hpp"

namespace outpost::server {

/// What strangers find here: addresses of ours behind the listeners that receive, and a web server.
/// To be used from one thread at a time; must end before the loops do.
class Reception {
  public:
    /// All of them must outlive it. `store_is_up`: whether what is taken could be kept, as far as
    /// is known.
    Reception(
        EventLoops& loops, const Stores& stores, std::shared_ptr<dns::Resolver> resolver,
        metrics::Registry& metrics, std::function<bool()> store_is_up
    );

    /// How it is by some settings. Made ahead, since that may fail.
    struct Plan {
        inbound::Mailboxes mailboxes;
        std::shared_ptr<http_server::Site> site;  ///< null: there is no web server
        tls::ContextPtr tls;                      ///< of the site; null: plain HTTP
    };
    /// Throws, with a sentence that names the file, when a certificate cannot be used.
    Plan plan(const Settings& settings);
    /// The rules of listeners that receive, whose sessions must end before this does.
    submission::Listeners::MakeReceiver receivers(const Plan& plan);

    /// Opens the ports of the web server. Throws when one cannot be opened.
    void start(const Settings& settings, const Plan& plan);
    /// From now on the web is as planned: without a site it stays as it was, since a port is closed
    /// by a restart alone.
    void serve(const Plan& plan);
    void stop() { web_.stop(); }
    /// After stop: waits for the requests under way.
    awaitable<bool> join(Deadline deadline) { co_return co_await web_.join(deadline); }

  private:
    queue::BounceStore& bounces_;
    const std::function<bool()> store_is_up_;
    const std::shared_ptr<dns::Resolver> resolver_;
    tls_report_receiving::TlsReportIntake reports_;
    asio::thread_pool judging_;  ///< verifies signatures of whatever strangers send
    http_server::PublicServer web_;
};

}  // namespace outpost::server
