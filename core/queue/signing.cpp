// SPDX-License-Identifier: Apache-2.0
#include "core/queue/signing.hpp"

#include <numeric>

#include "core/base/log.hpp"
#include "core/queue/claim.hpp"

namespace outpost::queue {
namespace {

using db::Bytes;
using db::Statement;
using Body = std::vector<std::string>;

const Statement find_unsigned{"find_unsigned", R"(
    SELECT FROM outpost_private.message WHERE id = $1 AND signed_by IS NULL AND source = 'sql'
)"};
// The first one wins. Where nobody signs, that is what is written.
const Statement put_on_signatures{"put_on_signatures", R"(
    UPDATE outpost_private.message
    SET header = $2::bytea || header, size = size + octet_length($2::bytea), signed_by = $3
    WHERE id = $1 AND signed_by IS NULL
)"};

bool is_whole(const delivery::Message& envelope, const Body& body) {
    const auto octets = std::accumulate(
        body.begin(), body.end(), envelope.content->header().size(),
        [](std::size_t sum, const std::string& piece) { return sum + piece.size(); }
    );
    return octets == envelope.size;
}

void sign(
    db::Session& session, const delivery::Message& envelope, const Body& body,
    const dkim::Signer& signer
) {
    const auto made = signer.sign(
        {envelope.content->header(), body, envelope.account, envelope.mail_from, WallClock::now()}
    );
    const auto id = to_number(envelope.id);
    const auto written = session.exec(put_on_signatures, id, Bytes(made.fields), made.by);
    if (written.affected() == 1 && !made.by.empty())
        log::debug("queue", "{}: signed by {}", id, made.by);
}

}  // namespace

std::shared_ptr<const delivery::Message> load_signed(
    db::Session& session, MessageId id, const dkim::Signer& signer
) {
    // Asked before the header is read: if somebody has signed it, we read the signed one.
    const bool is_unsigned = !session.exec(find_unsigned, to_number(id)).empty();
    auto envelope = load_header(session, id);
    if (!envelope) return nullptr;
    auto body = load_body(session, id);
    // What is damaged must not be signed as if it were what was accepted.
    if (is_unsigned && is_whole(*envelope, body)) {
        sign(session, *envelope, body, signer);
        envelope = load_header(session, id);
        if (!envelope) return nullptr;
    }
    auto message = std::make_shared<delivery::Message>(*envelope);
    message->content =
        std::make_shared<const mail::Content>(envelope->content->header(), std::move(body));
    return message;
}

}  // namespace outpost::queue
