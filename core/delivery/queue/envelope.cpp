// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/queue/envelope.hpp"

#include "core/foundation/base/log.hpp"

namespace outpost::queue {

mail::Address stored_address(std::string_view text, MessageId id) {
    if (text.empty()) return {};
    auto address = mail::Address::parse(text);
    if (!address)
        log::error(
            "queue", "message {}: address '{}' in the database cannot be read: {}", to_number(id),
            text, address.error()
        );
    return address ? std::move(*address) : mail::Address();
}

std::shared_ptr<delivery::Message> envelope_of(const db::Row& row, int first, MessageId id) {
    constexpr auto& c = envelope_columns;
    auto message = std::make_shared<delivery::Message>();
    message->id = id;
    message->account = row.text(first + c["account"]);
    message->mail_from = stored_address(row.view(first + c["mail_from"]), id);
    message->size = static_cast<std::uint64_t>(row.number(first + c["size"]));
    message->eightbit = row.flag(first + c["eightbit"]);
    message->smtputf8 = row.flag(first + c["smtputf8"]);
    message->tls_wish = smtp::parse_tls_wish(row.view(first + c["tls_wish"])).value();
    message->ret = smtp::parse_ret(row.view(first + c["ret"])).value_or(delivery::Ret::unspecified);
    message->envid = row.text(first + c["envid"]);
    message->tag = row.text(first + c["tag"]);
    message->submitted_at = row.time(first + c["submitted_at"]);
    message->due_from = row.time(first + c["due_from"]);
    return message;
}

}  // namespace outpost::queue
