// SPDX-License-Identifier: Apache-2.0
#include "core/reception/submission/accept.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <thread>

#include "core/foundation/base/encoding.hpp"
#include "core/foundation/base/log.hpp"
#include "core/foundation/database/errors.hpp"
#include "core/mail/message/header.hpp"
#include "core/mail/message/submission.hpp"
#include "core/mail/smtp/server_reply.hpp"
#include "core/reception/submission/header_limits.hpp"

namespace outpost::submission {
namespace {

using smtp::make_reply;
using smtp::Reply;

constexpr std::size_t max_key = 200;
constexpr std::size_t max_tag = 64;

bool is_printable(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < 0x7f; });
}

/// The value of one of our own fields: empty when it is not there, an error when it is unfit.
Result<std::string> own_field(
    const mail::Header& header, std::string_view name, std::size_t max_size
) {
    const auto field = header.find(name);
    if (!field) return std::string();
    std::string value = field->value();
    if (value.empty() || value.size() > max_size || !is_printable(value)) {
        return Err{fmt::format("{} must have 1 to {} printable ASCII characters", name, max_size)};
    }
    return value;
}

/// REQUIRETLS, or else TLS-Required: No, which REQUIRETLS outweighs (RFC 8689 section 4.1).
smtp::TlsWish tls_wish(const Arrival& arrival, const mail::Header& header) {
    if (arrival.require_tls) return smtp::TlsWish::required;
    if (mail::waives_tls(header)) return smtp::TlsWish::not_required;
    return smtp::TlsWish::standard;
}

bool names_only(std::string_view from, const std::function<bool(const mail::Address&)>& permitted) {
    const auto list = mail::parse_address_list(from);
    return list.bad.empty() &&
           std::all_of(list.addresses.begin(), list.addresses.end(), [&](const auto& text) {
               const auto address = mail::Address::parse(text);
               return address && permitted(*address);
           });
}

/// All From fields, should there be several: nobody knows which one a reader will be shown.
bool is_from_permitted(const Arrival& arrival, const mail::Header& header) {
    if (!arrival.may_be_from) return true;
    for (const auto field : header) {
        if (iequals(field.name, "From") && !names_only(field.raw_value, arrival.may_be_from))
            return false;
    }
    return true;
}

std::optional<Reply> check_header(const Arrival& arrival, const mail::Header& header) {
    if (auto refusal = check_header_limits(header, arrival.max_received_fields)) return refusal;
    if (!is_from_permitted(arrival, header)) {
        return make_reply(
            550, "5.7.1", "this account may not send with this address in the From field"
        );
    }
    return std::nullopt;
}

/// Makes the header section what is queued: our trace on top, our own fields off.
void finish_header(const Arrival& arrival, mail::Header& header) {
    header.erase({idempotency_field, tag_field});
    if (arrival.complete) mail::complete_header(header, arrival.trace.by, arrival.trace.at);
    header.prepend(mail::received_field(arrival.trace));
}

/// What is queued is what leaves, but for what others may put on top; so it is signed here, once,
/// and not by each attempt for each destination. The signatures cover all that was done above.
dkim::Signed signatures(
    const Arrival& arrival, const mail::Header& header, const std::vector<std::string>& body
) {
    if (!arrival.signer) return {};
    const dkim::Unsigned message{
        header, body, arrival.account, arrival.mail_from, arrival.trace.at
    };
    auto made = arrival.signer->sign(message);
    if (!made.by.empty()) log::debug("submit", "{}: signed by {}", arrival.trace.id, made.by);
    return made;
}

/// Everything that needs no database. The error is the reply to give.
Result<queue::NewMessage, Reply> build(Arrival arrival) {
    auto parts = mail::split_message(std::move(arrival.content));
    mail::Header header(std::move(parts.header));
    if (auto refusal = check_header(arrival, header)) return Err<Reply>{std::move(*refusal)};
    auto key = own_field(header, idempotency_field, max_key);
    auto tag = own_field(header, tag_field, max_tag);
    for (const auto* field : {&key, &tag}) {
        if (!*field) return Err<Reply>{make_reply(554, "5.6.0", field->error())};
    }

    queue::NewMessage message;
    message.tls_wish = tls_wish(arrival, header);
    message.idempotency_key = std::move(*key);
    message.tag = std::move(*tag);
    finish_header(arrival, header);
    auto made = signatures(arrival, header, parts.body);
    message.signed_by = std::move(made.by);
    if (const auto id = header.find("Message-ID")) message.message_id = id->value();
    auto content = std::make_shared<mail::Content>(
        made.fields + std::move(header).str(), std::move(parts.body)
    );
    message.eightbit = mail::has_eightbit(*content);
    message.content = std::move(content);

    message.account = std::move(arrival.account);
    message.mail_from = std::move(arrival.mail_from);
    message.recipients = std::move(arrival.recipients);
    message.smtputf8 = arrival.smtputf8;
    message.ret = arrival.ret;
    message.envid = std::move(arrival.envid);
    message.release_at = arrival.release_at;
    message.source = std::move(arrival.source);
    message.client = std::move(arrival.client);
    return message;
}

Reply not_now() {
    return make_reply(451, "4.3.0", "the queue cannot be reached, try again later");
}

}  // namespace

Acceptor::Acceptor(queue::QueueStore& store)
    : store_(store), workers_(std::max(1U, std::thread::hardware_concurrency())) {}

awaitable<Result<queue::NewMessage, Reply>> Acceptor::built(Arrival arrival) {
    if (!arrival.signer || !arrival.signer->uses_rsa()) co_return build(std::move(arrival));
    auto work = [arrival = std::move(arrival)]() mutable { return build(std::move(arrival)); };
    co_return co_await workers_.run(std::move(work));
}

awaitable<Reply> Acceptor::accept(Arrival arrival) {
    try {
        const MessageId id = co_await store_.new_id();
        arrival.trace.id = std::to_string(to_number(id));
        arrival.trace.at = WallClock::now();
        if (arrival.recipients.size() == 1) {
            const auto& only = arrival.recipients.front().address;
            arrival.trace.for_recipient = arrival.smtputf8 ? only.unicode() : only.wire();
        }
        auto message = co_await built(std::move(arrival));
        if (!message) co_return message.error();
        message->id = id;

        const auto client = message->client;
        const auto queued = co_await store_.enqueue(std::move(*message));
        log::info(
            "submit", "{}: {} from {}", to_number(queued.id),
            queued.duplicate ? "handed over again" : "queued", client
        );
        co_return make_reply(250, "2.0.0", fmt::format("Ok: queued as {}", to_number(queued.id)));
    } catch (const db::NoRoom& error) {
        log::error("submit", "a message could not be queued: {}", error.what());
        co_return make_reply(452, "4.3.1", "the queue has no room, try again later");
    } catch (const std::exception& error) {
        log::error("submit", "a message could not be queued: {}", error.what());
        co_return not_now();
    }
}

}  // namespace outpost::submission
