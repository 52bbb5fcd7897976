// SPDX-License-Identifier: Apache-2.0
// How a session receives the content of a message: DATA and BDAT.
#include <fmt/format.h>

#include <algorithm>

#include "core/foundation/base/log.hpp"
#include "core/mail/smtp/server_reply.hpp"
#include "core/mail/smtp/server_session.hpp"

namespace outpost::smtp {
namespace {

/// Memory is reserved in steps of this size, one of them before a message of unknown size begins.
constexpr std::uint64_t memory_step = 64 * 1024;

std::uint64_t rounded_up(std::uint64_t size) {
    return (size + memory_step - 1) / memory_step * memory_step;
}

/// Content that is already refused is still read, to stay in step with the client, but not forever.
std::uint64_t most_discarded(const ContentLimits& limits) {
    return 2 * limits.max_size + (1 << 20);
}

Reply no_memory() {
    return make_reply(452, "4.3.1", "too much mail at once, try again soon");
}

Reply reply_to(ContentFault fault, const ContentLimits& limits) {
    switch (fault) {
        case ContentFault::bare_cr:
        case ContentFault::bare_lf:
            return make_reply(550, "5.6.0", "CR and LF may only stand together in a message");
        case ContentFault::nul:
            return make_reply(550, "5.6.0", "a message must not contain NUL");
        case ContentFault::long_line: {
            auto text = fmt::format("a line is longer than {} octets", limits.max_line);
            return make_reply(550, "5.6.0", std::move(text));
        }
        case ContentFault::too_large:
            return make_reply(552, "5.3.4", "the message is too large");
        case ContentFault::no_memory:
        case ContentFault::none:
            break;
    }
    return no_memory();
}

bool smells_of_smuggling(ContentFault fault) {
    return fault == ContentFault::bare_cr || fault == ContentFault::bare_lf;
}

}  // namespace

std::optional<Reply> ServerSession::check_state_for_content() const {
    if (!transaction_) return make_reply(503, "5.5.1", "MAIL first");
    if (transaction_->recipients.empty()) return make_reply(554, "5.5.1", "no valid recipients");
    return std::nullopt;
}

awaitable<ServerSession::Next> ServerSession::on(const Data&) {
    if (chunked_) {
        // RFC 3030 section 3: a message comes by DATA or by BDAT, not by both.
        end_transaction();
        co_return refuse(503, "5.5.1", "not after BDAT");
    }
    if (auto refusal = check_state_for_content()) co_return refuse(std::move(*refusal));
    if (channel_.reader().has_buffered()) {
        // RFC 2920 section 3.1: DATA is the last command of its group: what followed is not content
        // that we asked for.
        refuse(503, "5.5.0", "wait for the reply to DATA");
        co_return Next::close;
    }
    Reservation reservation(settings_->memory);
    if (!reservation.grow_to(rounded_up(transaction_->mail.size.value_or(memory_step)))) {
        end_transaction();
        co_return refuse(no_memory());
    }
    channel_.say(make_reply(354, "", "end with <CRLF>.<CRLF>"));
    co_await channel_.flush();

    DataDecoder decoder(settings_->content);
    const bool complete = co_await read_data(decoder, reservation);
    if (!complete) co_return Next::close;
    co_return co_await finish_content(decoder.content());
}

/// False when the client went away or does not end its content.
awaitable<bool> ServerSession::read_data(DataDecoder& decoder, Reservation& reservation) {
    const auto overall = Deadline::in(settings_->content_timeout);
    std::uint64_t read = 0;
    while (!decoder.ended()) {
        const auto octets = co_await channel_.reader().peek(channel_.deadline().narrowed(overall));
        if (octets.empty()) co_return false;
        const auto used = decoder.feed(octets);
        channel_.reader().consume(used);
        read += used;
        if (read > most_discarded(settings_->content)) {
            refuse(552, "5.3.4", "the message is far too large");
            co_return false;
        }
        auto& content = decoder.content();
        if (!reservation.grow_to(rounded_up(content.size()))) content.fail(ContentFault::no_memory);
    }
    co_return true;
}

/// The chunk follows the command even if we refuse it, and is read to its end (RFC 3030 section 2):
/// it must never be taken for commands.
awaitable<ServerSession::Next> ServerSession::on(const Bdat& command) {
    if (command.size > most_discarded(settings_->content)) {
        end_transaction();
        refuse(552, "5.3.4", "the chunk is far too large");
        co_return Next::close;
    }
    auto refusal = check_state_for_content();
    if (!refusal && !chunked_) {
        chunked_.reset(
            new Chunked{ContentCollector(settings_->content), Reservation(settings_->memory)}
        );
    }
    const bool complete = co_await read_chunk(command.size, refusal ? nullptr : &chunked_->content);
    if (!complete) co_return Next::close;
    if (refusal) {
        end_transaction();
        co_return refuse(std::move(*refusal));
    }

    auto& content = chunked_->content;
    if (command.last) content.finish();
    // A fault ends the transaction at once; the chunks that are still under way get 503.
    if (command.last || content.fault() != ContentFault::none)
        co_return co_await finish_content(content);
    co_return agree("2.0.0", fmt::format("{} octets received", command.size));
}

awaitable<bool> ServerSession::read_chunk(std::uint64_t size, ContentCollector* into) {
    const auto overall = Deadline::in(settings_->content_timeout);
    while (size > 0) {
        if (!channel_.reader().has_buffered()) co_await channel_.flush();
        const auto octets = co_await channel_.reader().peek(channel_.deadline().narrowed(overall));
        if (octets.empty()) co_return false;
        const auto part = octets.substr(
            0, static_cast<std::size_t>(std::min<std::uint64_t>(size, octets.size()))
        );
        if (into) {
            into->add(part);
            const bool room = chunked_->reservation.grow_to(rounded_up(into->size()));
            if (!room) into->fail(ContentFault::no_memory);
        }
        channel_.reader().consume(part.size());
        size -= part.size();
    }
    co_return true;
}

/// The content is complete: what follows belongs to another message, whatever happens to this one.
awaitable<ServerSession::Next> ServerSession::finish_content(ContentCollector& content) {
    if (const auto fault = content.fault(); fault != ContentFault::none) {
        end_transaction();
        const auto next = refuse(reply_to(fault, settings_->content));
        co_return smells_of_smuggling(fault) ? Next::close : next;
    }
    ++messages_;
    idle_commands_ = postponed_ = 0;
    auto chunks = content.take();
    // The memory stays reserved until the message is stored.
    const auto memory = std::move(chunked_);
    auto transaction = std::move(*transaction_);
    end_transaction();
    auto reply = co_await policy_->accept(client_, std::move(transaction), std::move(chunks));
    if (!reply.positive()) co_return refuse(std::move(reply));
    channel_.say(reply);
    co_return Next::go_on;
}

}  // namespace outpost::smtp
