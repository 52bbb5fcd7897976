// SPDX-License-Identifier: Apache-2.0
#include "core/reception/inbound/receiving_policy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <set>
#include <utility>

#include "core/foundation/base/crypto.hpp"
#include "core/foundation/base/encoding.hpp"
#include "core/foundation/base/log.hpp"
#include "core/mail/authentication/evaluate.hpp"
#include "core/mail/message/submission.hpp"
#include "core/mail/smtp/server_reply.hpp"
#include "core/reception/inbound/finished_header.hpp"
#include "core/reception/submission/header_limits.hpp"
#include "core/reception/submission/session_trace.hpp"

namespace outpost::inbound {
namespace {

using smtp::make_reply;
using smtp::Reply;
using smtp::ServerClient;
using smtp::Transaction;

constexpr std::size_t id_octets = 8;

Reply not_now() {
    return make_reply(451, "4.3.0", "this cannot be kept now, try again later");
}

/// The answer that says more: what may be sent again, then what is wrong for ever.
bool outweighs(const Reply& one, const Reply& other) {
    const auto weight = [](const Reply& reply) {
        return reply.transient() ? 2 : reply.positive() ? 0 : 1;
    };
    return weight(one) > weight(other);
}

std::set<mail::Address> distinct(const std::vector<smtp::Recipient>& recipients) {
    std::set<mail::Address> addresses;
    for (const auto& recipient : recipients)
        addresses.insert(recipient.address);
    return addresses;
}

net::IpAddress address_of(const ServerClient& client) {
    asio::error_code unreadable;
    return asio::ip::make_address(client.ip, unreadable);
}

}  // namespace

Mailbox* ReceivingPolicy::mailbox_of(const mail::Address& recipient) const {
    const auto& all = parts_.mailboxes;
    const auto found = std::find_if(all.begin(), all.end(), [&](const auto& mailbox) {
        return mailbox->takes(recipient);
    });
    return found == all.end() ? nullptr : found->get();
}

smtp::ServerPolicy::Refusal ReceivingPolicy::check_client(const ServerClient& client) {
    return parts_.entrance.check_client(client);
}

sasl::StoredCredential ReceivingPolicy::credential(const std::string&) {
    return {};
}

std::optional<std::string> ReceivingPolicy::account_of(const std::string&) {
    return std::nullopt;
}

awaitable<smtp::ServerPolicy::Refusal>
ReceivingPolicy::check_mail(const ServerClient& client, const Transaction&) {
    if (parts_.store_is_up && !parts_.store_is_up()) co_return not_now();
    co_return parts_.entrance.check_message(client);
}

awaitable<smtp::ServerPolicy::Refusal> ReceivingPolicy::check_recipient(
    const ServerClient&, const Transaction&, const smtp::Recipient& recipient
) {
    if (mailbox_of(recipient.address)) co_return std::nullopt;
    co_return make_reply(
        550, "5.7.1", "this host takes reports and bounces to their addresses, and no other mail"
    );
}

awaitable<Reply> ReceivingPolicy::accept(
    const ServerClient& client, Transaction transaction, std::vector<std::string> content
) {
    std::optional<Reply> answer;
    try {
        answer = co_await receive(client, std::move(transaction), std::move(content));
    } catch (const std::exception& error) {
        log::error("intake", "a message from {} is put off: {}", client.ip, error.what());
        answer = not_now();
    }
    parts_.entrance.count(*answer);
    co_return std::move(*answer);
}

awaitable<Reply> ReceivingPolicy::receive(
    ServerClient client, Transaction transaction, std::vector<std::string> content
) {
    auto parts = mail::split_message(std::move(content));
    auto header = std::make_shared<const mail::Header>(std::move(parts.header));
    const auto most_received = parts_.entrance.settings().max_received_fields;
    if (auto refusal = submission::check_header_limits(*header, most_received))
        co_return std::move(*refusal);

    // Its header comes last: what is judged is the one above.
    const auto body = std::make_shared<const mail::Content>(std::string(), std::move(parts.body));
    authentication::ReceivedMessage message{
        address_of(client), client.helo, transaction.mail.from, header, {body, &body->body()}
    };
    auto trace = submission::trace_of(client, transaction);
    trace.by = parts_.entrance.hostname();
    trace.id = hex_encode(crypto::random_bytes(id_octets));
    trace.at = WallClock::now();

    Received received;
    received.id = trace.id;
    received.client = submission::describe(client);
    received.mail_from = transaction.mail.from;
    received.verdicts = co_await authentication::evaluate(
        std::move(message), *parts_.resolver, Deadline::in(parts_.judging_time), trace.at,
        parts_.workers
    );
    auto finished = finished_header(*header, transaction, std::move(trace), received.verdicts);
    header.reset();
    received.content = std::make_shared<const mail::Content>(std::move(finished), *body);

    std::optional<Reply> answer;
    for (const auto& recipient : distinct(transaction.recipients)) {
        received.recipient = recipient;
        auto reply = co_await hand_over(received);
        if (!answer || outweighs(reply, *answer)) answer = std::move(reply);
    }
    co_return std::move(*answer);
}

/// One recipient's mailbox that fails keeps no other from getting the message.
awaitable<Reply> ReceivingPolicy::hand_over(Received message) {
    const auto about = fmt::format(
        "{}: from {} <{}> to <{}>, {}", message.id, message.client, message.mail_from.wire(),
        message.recipient.wire(), summary(message.verdicts)
    );
    std::optional<Reply> answer;
    try {
        answer = co_await mailbox_of(message.recipient)->take(std::move(message));
        log::info("intake", "{}: {}", about, answer->text());
    } catch (const std::exception& error) {
        log::error("intake", "{}: put off: {}", about, error.what());
        answer = not_now();
    }
    co_return std::move(*answer);
}

}  // namespace outpost::inbound
