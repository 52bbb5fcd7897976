// SPDX-License-Identifier: Apache-2.0
#include "core/mail/authentication/evaluate.hpp"

#include <utility>

#include "core/foundation/async/promise.hpp"
#include "core/mail/authentication/field.hpp"

namespace outpost::authentication {
namespace {

/// Owns what it hashes: the caller may be gone before a worker comes to it.
awaitable<std::vector<dkim::SignatureResult>> check_signatures(
    ReceivedMessage message, dns::Resolver& resolver, dkim::VerifyOptions options,
    asio::thread_pool* workers
) {
    auto keys = co_await dkim::look_up_keys(*message.header, resolver, options);
    if (!workers || keys.empty())
        co_return dkim::judge(*message.header, *message.body, keys, options);
    auto hashing = [message = std::move(message), keys = std::move(keys),
                    options = std::move(options)] {
        return dkim::judge(*message.header, *message.body, keys, options);
    };
    co_return co_await on_pool(*workers, std::move(hashing));
}

}  // namespace

awaitable<Verdicts> evaluate(
    ReceivedMessage message, dns::Resolver& resolver, Deadline deadline, WallTime now,
    asio::thread_pool* workers
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
    verdicts.dkim = co_await check_signatures(message, resolver, std::move(options), workers);
    if (verdicts.dkim.size() > most_signatures_shown) verdicts.dkim.resize(most_signatures_shown);

    auto from = author_domain(*message.header);
    verdicts.dmarc =
        co_await check_dmarc(std::move(from), verdicts.spf(), verdicts.dkim, resolver, deadline);
    co_return verdicts;
}

}  // namespace outpost::authentication
