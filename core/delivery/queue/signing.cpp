// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/queue/signing.hpp"

#include "core/delivery/queue/load.hpp"
#include "core/foundation/base/log.hpp"

namespace outpost::queue {
namespace {

using db::Bytes;
using db::Statement;

const Statement find_unsigned{"find_unsigned", R"(
    SELECT FROM outpost_private.message WHERE id = $1 AND signed_by IS NULL AND source = 'sql'
)"};
// The first one wins. Where nobody signs, that is what is written.
const Statement put_on_signatures{"put_on_signatures", R"(
    UPDATE outpost_private.message
    SET header = $2::bytea || header, size = size + octet_length($2::bytea), signed_by = $3
    WHERE id = $1 AND signed_by IS NULL
)"};

void sign(db::Session& session, const delivery::Message& message, const dkim::Signer& signer) {
    const auto& content = *message.content;
    const mail::Header header(content.header());
    const auto made =
        signer.sign({header, content.body(), message.account, message.mail_from, WallClock::now()});
    const auto id = to_number(message.id);
    const auto written = session.exec(put_on_signatures, id, Bytes(made.fields), made.by);
    if (written.affected() == 1 && !made.by.empty())
        log::debug("queue", "{}: signed by {}", id, made.by);
}

/// The message as it is stored now, whose body does not change.
std::shared_ptr<const delivery::Message> with_new_header(
    db::Session& session, const delivery::Message& message
) {
    const auto envelope = load_header(session, message.id);
    if (!envelope) return nullptr;
    auto fresh = std::make_shared<delivery::Message>(*envelope);
    fresh->content =
        std::make_shared<const mail::Content>(envelope->content->header(), *message.content);
    return fresh;
}

}  // namespace

std::shared_ptr<const delivery::Message> load_signed(
    db::Session& session, MessageId id, const dkim::Signer& signer
) {
    // Asked before the header is read: if somebody has signed it, we read the signed one.
    const bool is_unsigned = !session.exec(find_unsigned, to_number(id)).empty();
    auto message = load_message(session, id);
    // What is damaged must not be signed as if it were what was accepted.
    if (!is_unsigned || !message || !is_whole(*message)) return message;
    sign(session, *message, signer);
    return with_new_header(session, *message);
}

}  // namespace outpost::queue
