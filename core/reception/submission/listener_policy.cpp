// SPDX-License-Identifier: Apache-2.0
#include "core/reception/submission/listener_policy.hpp"

#include <algorithm>

#include "core/mail/smtp/server_reply.hpp"
#include "core/reception/submission/session_trace.hpp"

namespace outpost::submission {
namespace {

using smtp::make_reply;
using smtp::Reply;
using smtp::ServerClient;
using smtp::Transaction;

/// A recipient given twice gets the message once; what was asked for first counts.
std::vector<smtp::Recipient> distinct(const std::vector<smtp::Recipient>& recipients) {
    std::vector<smtp::Recipient> out;
    std::vector<const mail::Address*> sorted;
    for (const auto& recipient : recipients) {
        const auto less = [](const auto* a, const mail::Address& b) { return *a < b; };
        const auto place = std::lower_bound(sorted.begin(), sorted.end(), recipient.address, less);
        if (place != sorted.end() && **place == recipient.address) continue;
        sorted.insert(place, &recipient.address);
        out.push_back(recipient);
    }
    return out;
}

}  // namespace

/// Who may open the unix-domain socket has been checked by the system.
bool ListenerPolicy::is_trusted(const ServerClient& client) const {
    if (!parts_.entrance.settings().socket.empty()) return true;
    asio::error_code error;
    const auto ip = asio::ip::make_address(client.ip, error);
    const auto& networks = parts_.entrance.settings().allowed_networks;
    return !error && std::any_of(networks.begin(), networks.end(), [&](const auto& network) {
        return network.contains(ip);
    });
}

std::string ListenerPolicy::account_for(const ServerClient& client) const {
    return client.account.empty() ? parts_.entrance.settings().account : client.account;
}

smtp::ServerPolicy::Refusal ListenerPolicy::check_client(const ServerClient& client) {
    return parts_.entrance.check_client(client);
}

sasl::StoredCredential ListenerPolicy::credential(const std::string& login) {
    return parts_.accounts->credential(login);
}

std::optional<std::string> ListenerPolicy::account_of(const std::string& login) {
    return parts_.accounts->account_of(login);
}

/// Who has authenticated sends only as itself. Who is let in by its network is trusted to send as
/// anyone.
smtp::ServerPolicy::Refusal ListenerPolicy::check_sender(
    const ServerClient& client, const mail::Address& sender
) const {
    if (!client.account.empty()) {
        if (parts_.accounts->may_send_as(client.account, sender)) return std::nullopt;
        return make_reply(553, "5.7.1", "this account may not send from this address");
    }
    if (is_trusted(client)) return std::nullopt;
    if (parts_.entrance.settings().auth == AuthMode::none) {
        return make_reply(550, "5.7.1", "your address may not send mail here");
    }
    return make_reply(530, "5.7.0", "authentication required");
}

/// As the envelope sender, so the From field: who has authenticated writes only as itself.
std::function<bool(const mail::Address&)> ListenerPolicy::header_from_rule(
    const ServerClient& client
) const {
    const auto* settings = parts_.accounts->find(client.account);
    if (!settings || !settings->check_header_from) return {};
    return [accounts = parts_.accounts, account = client.account](const mail::Address& from) {
        return accounts->may_send_as(account, from);
    };
}

awaitable<smtp::ServerPolicy::Refusal> ListenerPolicy::check_mail(
    const ServerClient& client, const Transaction& mail
) {
    if (auto refusal = check_sender(client, mail.mail.from)) co_return refusal;
    co_return parts_.entrance.check_message(client);
}

awaitable<smtp::ServerPolicy::Refusal> ListenerPolicy::
    check_recipient(const ServerClient& client, const Transaction&, const smtp::Recipient&) {
    const auto account = account_for(client);
    const auto* settings = parts_.accounts->find(account);
    const auto limit = settings ? settings->max_recipients_per_day : 0;
    if (!co_await parts_.recipients_per_day->take(account, limit)) {
        co_return make_reply(450, "4.7.1", "too many recipients in 24 hours for this account");
    }
    co_return std::nullopt;
}

awaitable<Reply> ListenerPolicy::accept(
    const ServerClient& client, Transaction transaction, std::vector<std::string> content
) {
    Arrival arrival;
    arrival.source = parts_.entrance.settings().source();
    arrival.account = account_for(client);
    arrival.recipients = distinct(transaction.recipients);
    arrival.content = std::move(content);
    arrival.smtputf8 = transaction.mail.smtputf8;
    arrival.require_tls = transaction.mail.require_tls;
    arrival.ret = transaction.mail.ret;
    arrival.envid = transaction.mail.envid;
    arrival.release_at = transaction.release_at;
    arrival.client = describe(client);
    arrival.trace = trace_of(client, transaction);
    arrival.trace.by = parts_.entrance.hostname();
    arrival.mail_from = std::move(transaction.mail.from);
    arrival.complete = parts_.entrance.settings().submission;
    arrival.max_received_fields = parts_.entrance.settings().max_received_fields;
    arrival.may_be_from = header_from_rule(client);
    arrival.signer = parts_.signer;
    Reply answer = co_await parts_.acceptor->accept(std::move(arrival));
    parts_.entrance.count(answer);
    co_return answer;
}

}  // namespace outpost::submission
