// SPDX-License-Identifier: Apache-2.0
#include "core/authentication/evaluate.hpp"

#include <utility>

namespace outpost::authentication {

awaitable<Verdicts> evaluate(
    ReceivedMessage message, dns::Resolver& resolver, Deadline deadline, WallTime now
) {
    Verdicts verdicts;
    const spf::Client client{message.client, message.helo};
    verdicts.iprev = co_await check_iprev(message.client, resolver, deadline);
    verdicts.helo = co_await spf::check_helo(client, resolver, deadline);
    if (!message.mail_from.is_null())
        verdicts.mail_from =
            co_await spf::check_mail_from(client, message.mail_from, resolver, deadline);

    dkim::VerifyOptions options;
    options.now = now;
    options.deadline = deadline;
    verdicts.dkim = co_await dkim::verify(*message.content, resolver, std::move(options));

    auto from = author_domain(message.content->header());
    verdicts.dmarc =
        co_await check_dmarc(std::move(from), verdicts.spf(), verdicts.dkim, resolver, deadline);
    co_return verdicts;
}

}  // namespace outpost::authentication
