// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "core/delivery/interface/transport.hpp"
#include "core/mail/smtp/chat.hpp"
#include "core/mail/smtp/extensions.hpp"
#include "plugins/lmtp/settings.hpp"

namespace outpost::lmtp {

/// One job on one connection, from LHLO to QUIT (RFC 2033). What has become of each recipient is
/// written down as soon as it is known, so that a lost connection changes nothing that was
/// answered.
class Delivery {
  public:
    Delivery(
        const Settings& settings, const delivery::DeliveryJob& job,
        delivery::AttemptContext& context, std::shared_ptr<delivery::RemoteFacts> remote
    );
    /// All of it. Throws what Chat throws; `outcome` tells what holds then.
    awaitable<void> run(net::StreamPtr stream);
    /// The recipients' verdicts, after `run` has ended or thrown. Who has none gets `rest`: the
    /// verdict of a session that broke off.
    std::vector<delivery::Verdict> outcome(const delivery::Verdict& rest) const;
    /// How far it came.
    delivery::Stage stage() const noexcept { return stage_; }

  private:
    void enter(delivery::Stage stage);
    /// Gives all who have no verdict yet this one.
    void settle_rest(const delivery::Verdict& verdict);
    void settle_rest(const smtp::Reply& reply);
    bool nothing_left() const;
    std::vector<std::size_t> accepted() const;

    awaitable<bool> greet(smtp::Chat& chat);
    bool permitted();
    awaitable<bool> envelope(smtp::Chat& chat);
    std::vector<std::string> envelope_commands() const;
    awaitable<bool> announce_data(smtp::Chat& chat);
    awaitable<bool> send_content(smtp::Chat& chat);
    awaitable<bool> ask_gate();
    awaitable<void> read_verdicts(smtp::Chat& chat);
    awaitable<void> quit(smtp::Chat& chat);

    const Settings& settings_;
    const delivery::DeliveryJob& job_;
    delivery::AttemptContext& context_;
    std::shared_ptr<delivery::RemoteFacts> remote_;
    smtp::Extensions extensions_;
    bool smtputf8_ = false;
    delivery::Stage stage_ = delivery::Stage::greeting;
    std::vector<std::optional<delivery::Verdict>> verdicts_;
};

}  // namespace outpost::lmtp
