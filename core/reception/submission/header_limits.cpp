// SPDX-License-Identifier: Apache-2.0
#include "core/reception/submission/header_limits.hpp"

#include "core/mail/message/submission.hpp"
#include "core/mail/smtp/server_reply.hpp"

namespace outpost::submission {

std::optional<smtp::Reply> check_header_limits(
    const mail::Header& header, std::size_t max_received_fields
) {
    using smtp::make_reply;
    if (header.size() > mail::longest_header)
        return make_reply(552, "5.3.4", "the header is too large");
    if (mail::is_looping(header, max_received_fields)) {
        return make_reply(
            554, "5.4.6", "the message goes round in circles: too many Received fields"
        );
    }
    return std::nullopt;
}

}  // namespace outpost::submission
