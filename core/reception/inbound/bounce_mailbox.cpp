// SPDX-License-Identifier: Apache-2.0
#include "core/reception/inbound/bounce_mailbox.hpp"

#include <algorithm>
#include <utility>

#include "core/foundation/base/safe_text.hpp"
#include "core/mail/dsn/suppression.hpp"
#include "core/mail/message/header.hpp"
#include "core/mail/smtp/server_reply.hpp"

namespace outpost::inbound {
namespace {

using dsn::Action;
using dsn::DsnReport;
using dsn::RecipientReport;
using smtp::make_reply;

constexpr std::size_t longest_subject = 300;

/// What a report says of our one recipient. A list or an alias may have made several of him: then a
/// failure of any is what the sender should know.
const RecipientReport& most_important(const DsnReport& report) {
    const auto& all = report.recipients;
    const auto failed = std::find_if(all.begin(), all.end(), [](const RecipientReport& one) {
        return one.action == Action::failed;
    });
    return failed == all.end() ? all.front() : *failed;
}

/// The address is of no use only when nobody behind it was reached.
bool suppresses(const DsnReport& report) {
    return std::all_of(
        report.recipients.begin(), report.recipients.end(),
        [](const RecipientReport& one) { return dsn::suppresses_at_once(one); }
    );
}

/// What people may want to know of mail that is no report.
RecipientReport unrecognised(const mail::Content& content) {
    RecipientReport report;
    if (const auto subject = mail::find_field(content.header(), "Subject"))
        report.diagnostic = safe_text(subject->value(), Charset::utf8, longest_subject);
    return report;
}

queue::Bounce read(
    RecipientKey recipient, const mail::Content& content,
    std::optional<std::chrono::seconds> suppress_for
) {
    queue::Bounce bounce;
    bounce.recipient = recipient;
    const auto report = dsn::parse_dsn(content);
    if (!report) {
        bounce.report = unrecognised(content);
        return bounce;
    }
    bounce.report = most_important(*report);
    bounce.reporting_mta = report->reporting_mta;
    if (suppresses(*report)) bounce.suppress_for = suppress_for;
    return bounce;
}

}  // namespace

bool BounceMailbox::takes(const mail::Address& recipient) const {
    return settings_.return_paths.recipient_of(recipient).has_value();
}

awaitable<smtp::Reply> BounceMailbox::take(Received message) {
    const auto recipient = settings_.return_paths.recipient_of(message.recipient);
    if (!recipient) co_return make_reply(550, "5.1.1", "this is no return path");
    if (!message.mail_from.is_null()) {
        co_return make_reply(
            550, "5.7.1", "this address takes delivery reports, which have no sender"
        );
    }
    auto bounce = read(*recipient, *message.content, settings_.suppress_for);
    const bool known = co_await store_.note(std::move(bounce));
    if (!known) {
        co_return make_reply(
            550, "5.1.1", "the message that this is about was sent too long ago to be known"
        );
    }
    co_return make_reply(250, "2.0.0", "noted");
}

}  // namespace outpost::inbound
