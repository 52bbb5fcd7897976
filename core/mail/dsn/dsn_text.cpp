// SPDX-License-Identifier: Apache-2.0
#include "core/mail/dsn/dsn_text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/foundation/base/safe_text.hpp"
#include "core/mail/dsn/status_words.hpp"
#include "core/mail/message/trace.hpp"

namespace outpost::dsn {
namespace {

constexpr std::size_t max_remote_lines = 20;
constexpr std::size_t max_text = 500, max_host = 255;

std::string shown(std::string_view text, std::size_t max_octets = max_text) {
    return safe_text(text, Charset::utf8, max_octets);
}

bool all_are(const DsnFacts& facts, DsnAction action) {
    return std::all_of(
        facts.recipients.begin(), facts.recipients.end(),
        [&](const auto& recipient) { return recipient.action == action; }
    );
}

std::string introduction(const DsnFacts& facts) {
    std::string out =
        fmt::format("Hello, this is the mail server {}.\r\n\r\n", shown(facts.reporting_mta));
    const auto sent = mail::rfc5322_date(facts.arrival);
    if (all_are(facts, DsnAction::failed)) {
        out += fmt::format("The message you sent on {}\r\ncould not be delivered to:\r\n", sent);
    } else if (all_are(facts, DsnAction::delayed)) {
        out += fmt::format(
            "The message you sent on {}\r\nis delayed. Delivery is still being tried, "
            "and you need not send it again. Waiting:\r\n",
            sent
        );
    } else {
        out += fmt::format("This is what became of the message you sent on\r\n{}:\r\n", sent);
    }
    return out;
}

std::string_view what_happened(DsnAction action) {
    switch (action) {
        case DsnAction::failed:
            return "The message was not delivered.";
        case DsnAction::delayed:
            return "The message has not been delivered yet.";
        case DsnAction::delivered:
            return "The message was delivered, as far as the receiving server tells.";
        case DsnAction::relayed:
            return "The message was handed on to a server that sends no delivery reports. No news "
                   "after this\r\n  does not mean that it arrived.";
        case DsnAction::expanded:
            return "The message was passed on to the members of a list.";
    }
    return {};
}

/// What the status means in plain words; for mail that arrived there is nothing to explain.
std::string_view meaning_for(const DsnRecipient& recipient) {
    const auto status = smtp::EnhancedStatus::parse(recipient.status);
    return status && status->klass != 2 ? meaning(*status) : std::string_view();
}

std::string what_happens_next(const DsnRecipient& recipient) {
    switch (recipient.action) {
        case DsnAction::failed:
            return "  No further attempt will be made for this recipient.\r\n";
        case DsnAction::delayed:
            if (recipient.will_retry_until == WallTime{})
                return "  The server that has it goes on trying.\r\n";
            return fmt::format(
                "  It will be tried until {}.\r\n"
                "  If that does not succeed, you will be told.\r\n",
                mail::rfc5322_date(recipient.will_retry_until)
            );
        case DsnAction::delivered:
        case DsnAction::relayed:
        case DsnAction::expanded:
            return {};
    }
    return {};
}

std::string remote_name(const DsnRecipient& recipient) {
    std::string out = recipient.remote_host.empty()
                          ? "The remote server"
                          : "The server " + shown(recipient.remote_host, max_host);
    if (!recipient.remote_ip.empty()) out += " [" + shown(recipient.remote_ip, max_host) + "]";
    return out;
}

/// The remote's words, each line with a mark in front so that it cannot be taken for ours.
std::string what_the_remote_said(const DsnRecipient& recipient) {
    if (recipient.diagnostic.empty()) return {};
    std::string out = fmt::format("  {} said:\r\n", remote_name(recipient));
    const auto count = std::min(recipient.diagnostic.size(), max_remote_lines);
    for (std::size_t i = 0; i < count; ++i) {
        out += fmt::format("    | {}\r\n", shown(recipient.diagnostic[i]));
    }
    if (count < recipient.diagnostic.size()) {
        out += fmt::format("    | ({} more lines)\r\n", recipient.diagnostic.size() - count);
    }
    return out;
}

std::string about(const DsnRecipient& recipient) {
    std::string out = fmt::format(
        "\r\n<{}>\r\n  {}\r\n", shown(recipient.address.unicode()), what_happened(recipient.action)
    );
    if (const auto words = meaning_for(recipient); !words.empty()) {
        out += fmt::format("  {}\r\n", words);
    }
    if (!recipient.reason.empty()) out += fmt::format("  Reason: {}\r\n", shown(recipient.reason));
    return out + what_the_remote_said(recipient) + what_happens_next(recipient);
}

std::string closing(bool returned_whole) {
    return fmt::format(
        "\r\nA report for programs follows, and then {} of your message.\r\n"
        "This notice was made by a program; a reply to it may not be read.\r\n",
        returned_whole ? "the whole" : "the header"
    );
}

}  // namespace

std::string dsn_subject(const DsnFacts& facts) {
    if (all_are(facts, DsnAction::failed)) return "Your message could not be delivered";
    if (all_are(facts, DsnAction::delayed))
        return "Your message is delayed, delivery is still being tried";
    if (all_are(facts, DsnAction::delivered)) return "Your message was delivered";
    if (all_are(facts, DsnAction::relayed)) return "Your message was handed on";
    return "Delivery report for your message";
}

std::string dsn_text(const DsnFacts& facts, bool returned_whole) {
    std::string out = introduction(facts);
    for (const auto& recipient : facts.recipients)
        out += about(recipient);
    return out + closing(returned_whole);
}

}  // namespace outpost::dsn
