// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/plugin/process/messages.hpp"

#include <algorithm>
#include <limits>

#include "core/delivery/plugin/process/codec.hpp"

namespace outpost::plugin_host {
namespace {

using delivery::DeliveryJob;
using delivery::ErrorKind;
using delivery::RemoteFacts;
using delivery::Stage;
using delivery::Verdict;

constexpr auto largest = std::numeric_limits<std::int64_t>::max();
/// More of a remote's words is kept nowhere (core/delivery/queue/settle.cpp).
constexpr std::size_t longest_words = 4096;

std::uint32_t read_transport(Reader& in) {
    return static_cast<std::uint32_t>(in.number(0, std::numeric_limits<std::uint32_t>::max()));
}
std::uint64_t read_job(Reader& in) {
    return static_cast<std::uint64_t>(in.number(0, largest));
}
std::int32_t read_recipient(Reader& in) {
    return static_cast<std::int32_t>(in.number(0, std::numeric_limits<std::int32_t>::max()));
}
template <class Enum>
void write_enum(Writer& out, Enum value) {
    out.number(static_cast<std::int64_t>(value));
}
template <class Enum>
Enum read_enum(Reader& in, Enum last) {
    return static_cast<Enum>(in.number(0, static_cast<std::int64_t>(last)));
}
template <class Span>
void write_span(Writer& out, Span span) {
    out.number(std::chrono::duration_cast<std::chrono::nanoseconds>(span).count());
}
template <class Span>
Span read_span(Reader& in) {
    return std::chrono::duration_cast<Span>(std::chrono::nanoseconds(in.number()));
}

// Setup

void write(Writer& out, const Setup& setup) {
    out.text(setup.file);
    write_enum(out, setup.log_level);
    out.number(static_cast<std::int64_t>(setup.memory));
    out.number(static_cast<std::int64_t>(setup.threads));
    out.list(setup.dns.servers, [&](const auto& server) { out.text(server.text()); });
    write_span(out, setup.dns.timeout);
    out.number(setup.dns.rounds);
    out.number(static_cast<std::int64_t>(setup.dns.cache_entries));
    write_span(out, setup.dns.longest_ttl);
    write_span(out, setup.dns.longest_negative_ttl);
    write_enum(out, setup.dns.security);
    out.flag(setup.dns.trusted);
    out.text(setup.dns.trust_anchors.native());
    out.list(setup.dns.insecure_domains, [&](const auto& name) { out.text(name); });
    out.list(setup.tls.ca_files, [&](const auto& file) { out.text(file.native()); });
    out.flag(setup.tls.ca_files_add_to_system);
    out.text(setup.tls.certificate.native());
    out.text(setup.tls.key.native());
}

Setup read_setup(Reader& in) {
    Setup setup;
    setup.file = in.text();
    setup.log_level = read_enum(in, log::Level::error);
    setup.memory = static_cast<std::uint64_t>(in.number(0, largest));
    setup.threads = static_cast<std::size_t>(in.number(1, 1024));
    in.list([&] {
        const auto server = net::Endpoint::parse(in.view(), 53);
        if (!server) throw Malformed("a name server without an address");
        setup.dns.servers.push_back(*server);
    });
    setup.dns.timeout = read_span<std::chrono::milliseconds>(in);
    setup.dns.rounds = static_cast<int>(in.number(0, 1000));
    setup.dns.cache_entries = static_cast<std::size_t>(in.number(0, largest));
    setup.dns.longest_ttl = read_span<std::chrono::seconds>(in);
    setup.dns.longest_negative_ttl = read_span<std::chrono::seconds>(in);
    setup.dns.security = read_enum(in, dns::SecurityMode::validate);
    setup.dns.trusted = in.flag();
    setup.dns.trust_anchors = in.text();
    in.list([&] { setup.dns.insecure_domains.emplace_back(in.text()); });
    in.list([&] { setup.tls.ca_files.emplace_back(in.text()); });
    setup.tls.ca_files_add_to_system = in.flag();
    setup.tls.certificate = in.text();
    setup.tls.key = in.text();
    return setup;
}

// Make, Prune, Drop

void write(Writer& out, const Make& make) {
    out.number(make.transport);
    out.text(make.type);
    out.text(make.name);
    out.list(make.options, [&](const auto& option) {
        out.text(option.first);
        out.text(option.second);
    });
}

Make read_make(Reader& in) {
    Make make;
    make.transport = read_transport(in);
    make.type = in.text();
    make.name = in.text();
    in.list([&] {
        auto key = in.text();
        make.options.emplace_back(std::move(key), in.text());
    });
    return make;
}

void write(Writer& out, const Prune& prune) {
    out.number(prune.transport);
}
void write(Writer& out, const Drop& drop) {
    out.number(drop.transport);
}

// Start, Content, Answer, Ping

void write_address(Writer& out, const mail::Address& address) {
    out.text(address.wire());
}
mail::Address read_address(Reader& in) {
    const auto text = in.view();
    if (text.empty()) return {};
    auto address = mail::Address::parse(text);
    if (!address) throw Malformed("an address that is none");
    return std::move(*address);
}
dns::Domain read_domain(Reader& in) {
    const auto text = in.view();
    if (text.empty()) return {};
    auto domain = dns::Domain::parse(text);
    if (!domain) throw Malformed("a domain that is none");
    return std::move(*domain);
}

void write_message(Writer& out, const delivery::Message& message) {
    out.number(to_number(message.id));
    out.text(message.account);
    write_address(out, message.mail_from);
    out.text(message.body.held()->header());
    out.flag(message.eightbit);
    out.flag(message.smtputf8);
    write_enum(out, message.tls_wish);
    write_enum(out, message.ret);
    out.text(message.envid);
    out.text(message.tag);
    write_span(out, message.submitted_at.time_since_epoch());
    write_span(out, message.due_from.time_since_epoch());
    out.number(static_cast<std::int64_t>(message.body.size()));
}

std::shared_ptr<const delivery::Message> read_message(Reader& in) {
    auto message = std::make_shared<delivery::Message>();
    message->id = MessageId{in.number()};
    message->account = in.text();
    message->mail_from = read_address(in);
    auto header = std::make_shared<mail::Content>(in.text(), std::vector<std::string>());
    message->eightbit = in.flag();
    message->smtputf8 = in.flag();
    message->tls_wish = read_enum(in, delivery::TlsWish::not_required);
    message->ret = read_enum(in, delivery::Ret::headers);
    message->envid = in.text();
    message->tag = in.text();
    message->submitted_at = WallTime(read_span<WallTime::duration>(in));
    message->due_from = WallTime(read_span<WallTime::duration>(in));
    message->body =
        delivery::BodyHandle(static_cast<std::uint64_t>(in.number(0, largest)), std::move(header));
    return message;
}

void write(Writer& out, const Start& start) {
    out.number(static_cast<std::int64_t>(start.number));
    out.number(start.transport);
    out.text(start.ehlo_name);
    write_span(out, start.left);
    write_message(out, *start.job.message);
    out.list(start.job.recipients, [&](const delivery::Recipient& recipient) {
        out.number(recipient.number);
        write_address(out, recipient.address);
        out.text(recipient.notify.to_string());
        out.text(recipient.orcpt);
    });
    out.text(start.job.domain.ascii());
    out.number(start.job.attempt);
    out.number(start.job.crashes);
    write_address(out, start.job.return_path.value_or(mail::Address()));
    out.number(static_cast<std::int64_t>(start.body_octets));
}

Start read_start(Reader& in) {
    Start start;
    start.number = read_job(in);
    start.transport = read_transport(in);
    start.ehlo_name = in.text();
    start.left = read_span<Duration>(in);
    start.job.message = read_message(in);
    in.list([&] {
        delivery::Recipient recipient;
        recipient.number = read_recipient(in);
        recipient.address = read_address(in);
        recipient.notify = delivery::Notify::parse(in.view()).value_or(delivery::Notify{});
        recipient.orcpt = in.text();
        start.job.recipients.push_back(std::move(recipient));
    });
    start.job.domain = read_domain(in);
    start.job.attempt = static_cast<int>(in.number(0, std::numeric_limits<int>::max()));
    start.job.crashes = static_cast<int>(in.number(0, std::numeric_limits<int>::max()));
    auto return_path = read_address(in);
    if (!return_path.is_null()) start.job.return_path = std::move(return_path);
    start.body_octets = static_cast<std::uint64_t>(in.number(0, largest));
    return start;
}

void write(Writer& out, const Content& content) {
    out.number(static_cast<std::int64_t>(content.job));
    out.text(content.octets);
}

void write(Writer& out, const Answer& answer) {
    out.number(static_cast<std::int64_t>(answer.job));
    out.number(answer.question);
    out.flag(answer.yes);
}

Answer read_answer(Reader& in) {
    Answer answer;
    answer.job = read_job(in);
    answer.question = in.number();
    answer.yes = in.flag();
    return answer;
}

void write(Writer& out, const Ping& ping) {
    out.number(ping.number);
}

// From the plugin

void write(Writer& out, const Hello& hello) {
    out.text(hello.error);
    out.text(hello.name);
    out.list(hello.types, [&](const std::string& type) { out.text(type); });
}

Hello read_hello(Reader& in) {
    Hello hello;
    hello.error = in.text();
    hello.name = in.text();
    in.list([&] { hello.types.push_back(in.text()); });
    return hello;
}

void write(Writer& out, const Made& made) {
    out.number(made.transport);
    out.text(made.error);
    out.flag(made.per_domain);
    out.flag(made.can_require_tls);
}

Made read_made(Reader& in) {
    Made made;
    made.transport = read_transport(in);
    made.error = in.text();
    made.per_domain = in.flag();
    made.can_require_tls = in.flag();
    return made;
}

void write_lines(Writer& out, const Lines& lines) {
    out.list(lines, [&](const delivery::TranscriptLine& line) {
        write_span(out, line.since_start);
        out.number(line.direction);
        out.text(line.text);
    });
}

Lines read_lines(Reader& in) {
    Lines lines;
    in.list([&] {
        delivery::TranscriptLine line;
        line.since_start = read_span<Duration>(in);
        line.direction = static_cast<char>(in.number(' ', '~'));
        line.text = in.text();
        lines.push_back(std::move(line));
    });
    return lines;
}

void write(Writer& out, const Reached& reached) {
    out.number(static_cast<std::int64_t>(reached.job));
    write_enum(out, reached.stage);
    write_lines(out, reached.lines);
}

Reached read_reached(Reader& in) {
    Reached reached;
    reached.job = read_job(in);
    reached.stage = read_enum(in, Stage::done);
    reached.lines = read_lines(in);
    return reached;
}

void write(Writer& out, const Ask& ask) {
    out.number(static_cast<std::int64_t>(ask.job));
    out.number(ask.question);
    out.list(ask.recipients, [&](std::int32_t number) { out.number(number); });
    write_lines(out, ask.lines);
}

Ask read_ask(Reader& in) {
    Ask ask;
    ask.job = read_job(in);
    ask.question = in.number();
    in.list([&] { ask.recipients.push_back(read_recipient(in)); });
    ask.lines = read_lines(in);
    return ask;
}

void write_status(Writer& out, const smtp::EnhancedStatus& status) {
    out.number(status.klass);
    out.number(status.subject);
    out.number(status.detail);
}

smtp::EnhancedStatus read_status(Reader& in) {
    smtp::EnhancedStatus status;
    status.klass = static_cast<std::uint16_t>(in.number(0, 9));
    status.subject = static_cast<std::uint16_t>(in.number(0, 999));
    status.detail = static_cast<std::uint16_t>(in.number(0, 999));
    return status;
}

void write_reply(Writer& out, const smtp::Reply& reply) {
    out.number(reply.code);
    out.flag(reply.enhanced.has_value());
    if (reply.enhanced) write_status(out, *reply.enhanced);
    std::size_t room = longest_words;
    out.number(static_cast<std::int64_t>(reply.lines.size()));
    for (const auto& line : reply.lines) {
        const auto part = std::string_view(line).substr(0, room);
        room -= part.size();
        out.text(part);
    }
}

smtp::Reply read_reply(Reader& in) {
    smtp::Reply reply;
    reply.code = static_cast<int>(in.number(0, 999));
    if (in.flag()) reply.enhanced = read_status(in);
    in.list([&] { reply.lines.push_back(in.text()); });
    return reply;
}

void write_remote(Writer& out, const RemoteFacts& remote) {
    out.text(remote.host);
    out.text(remote.ip);
    out.number(remote.port);
    out.text(remote.tls_version);
    out.text(remote.tls_cipher);
    out.text(remote.tls_requirement);
    out.text(remote.tls_policy);
    out.text(remote.tls_result);
    out.flag(remote.tls_verified);
    write_enum(out, remote.clear);
    write_enum(out, remote.success);
}

std::shared_ptr<const RemoteFacts> read_remote(Reader& in) {
    auto remote = std::make_shared<RemoteFacts>();
    remote->host = in.text();
    remote->ip = in.text();
    remote->port = static_cast<std::uint16_t>(in.number(0, 65535));
    remote->tls_version = in.text();
    remote->tls_cipher = in.text();
    remote->tls_requirement = in.text();
    remote->tls_policy = in.text();
    remote->tls_result = in.text();
    remote->tls_verified = in.flag();
    remote->clear = read_enum(in, RemoteFacts::Clear::tls_failed);
    remote->success = read_enum(in, RemoteFacts::Success::passed_on);
    return remote;
}

void write_verdict(Writer& out, const Verdict& verdict) {
    write_enum(out, verdict.stage());
    write_enum(out, verdict.kind());
    out.flag(verdict.reply().has_value());
    if (verdict.reply()) {
        write_reply(out, *verdict.reply());
    } else {
        write_enum(out, verdict.error_kind());
        write_status(out, verdict.status());
        out.text(std::string_view(verdict.reason()).substr(0, longest_words));
    }
    out.flag(verdict.remote != nullptr);
    if (verdict.remote) write_remote(out, *verdict.remote);
}

/// A reply says what it is; only that it was softened must be told.
Verdict verdict_of_reply(Stage stage, Verdict::Kind kind, smtp::Reply reply) {
    auto verdict = Verdict::from_reply(stage, std::move(reply));
    if (verdict.kind() == kind) return verdict;
    const auto softened = verdict.softened();
    if (softened.kind() != kind) throw Malformed("a verdict against the reply that it rests on");
    return softened;
}

Verdict verdict_of_reason(
    Stage stage, Verdict::Kind kind, ErrorKind error, smtp::EnhancedStatus status,
    std::string reason
) {
    switch (kind) {
        case Verdict::Kind::delivered:
            return Verdict::delivered(std::move(reason));
        case Verdict::Kind::failed:
            status.klass = 5;
            return Verdict::failed(stage, error, status, std::move(reason));
        case Verdict::Kind::deferred:
            break;
    }
    status.klass = 4;
    return Verdict::deferred(stage, error, status, std::move(reason));
}

Verdict read_verdict(Reader& in) {
    const auto stage = read_enum(in, Stage::done);
    const auto kind = read_enum(in, Verdict::Kind::failed);
    std::optional<Verdict> verdict;
    if (in.flag()) {
        verdict = verdict_of_reply(stage, kind, read_reply(in));
    } else {
        const auto error = read_enum(in, ErrorKind::crash);
        const auto status = read_status(in);
        verdict = verdict_of_reason(stage, kind, error, status, in.text());
    }
    if (in.flag()) verdict->remote = read_remote(in);
    return std::move(*verdict);
}

void write(Writer& out, const Outcome& outcome) {
    out.number(static_cast<std::int64_t>(outcome.job));
    out.flag(outcome.outcome.unreachable);
    out.list(outcome.outcome.verdicts, [&](const Verdict& one) { write_verdict(out, one); });
    write_lines(out, outcome.lines);
}

Outcome read_outcome(Reader& in) {
    Outcome outcome;
    outcome.job = read_job(in);
    outcome.outcome.unreachable = in.flag();
    in.list([&] { outcome.outcome.verdicts.push_back(read_verdict(in)); });
    outcome.lines = read_lines(in);
    return outcome;
}

void write(Writer& out, const Fault& fault) {
    out.number(static_cast<std::int64_t>(fault.job));
    out.text(std::string_view(fault.text).substr(0, longest_words));
    write_lines(out, fault.lines);
}

Fault read_fault(Reader& in) {
    Fault fault;
    fault.job = read_job(in);
    fault.text = in.text();
    fault.lines = read_lines(in);
    return fault;
}

void write(Writer& out, const Pong& pong) {
    out.number(pong.number);
}

/// A message's kind is its place in the variant.
template <class Variant>
Frame encode_variant(const Variant& message) {
    Writer out;
    std::visit([&out](const auto& one) { write(out, one); }, message);
    return make_frame(static_cast<std::uint8_t>(message.index()), out.take());
}

ToPlugin read_to_plugin(std::uint8_t kind, Reader& in) {
    switch (kind) {
        case 0:
            return read_setup(in);
        case 1:
            return read_make(in);
        case 2:
            return Prune{read_transport(in)};
        case 3:
            return Drop{read_transport(in)};
        case 4:
            return read_start(in);
        case 5: {
            const auto job = read_job(in);
            return Content{job, in.view()};
        }
        case 6:
            return read_answer(in);
        case 7:
            return Ping{in.number()};
        default:
            throw Malformed("a message of unknown kind");
    }
}

FromPlugin read_from_plugin(std::uint8_t kind, Reader& in) {
    switch (kind) {
        case 0:
            return read_hello(in);
        case 1:
            return read_made(in);
        case 2:
            return read_reached(in);
        case 3:
            return read_ask(in);
        case 4:
            return read_outcome(in);
        case 5:
            return read_fault(in);
        case 6:
            return Pong{in.number()};
        default:
            throw Malformed("a message of unknown kind");
    }
}

}  // namespace

Frame encode(const ToPlugin& message) {
    return encode_variant(message);
}
Frame encode(const FromPlugin& message) {
    return encode_variant(message);
}

Frame encode_content(
    std::uint64_t job, std::string_view octets, std::shared_ptr<const void> owner
) {
    Writer out;
    out.number(static_cast<std::int64_t>(job));
    out.number(static_cast<std::int64_t>(octets.size()));
    const ToPlugin kind = Content{};
    return make_frame(
        static_cast<std::uint8_t>(kind.index()), out.take(), octets, std::move(owner)
    );
}

ToPlugin decode_to_plugin(const FrameReader::Cut& cut) {
    Reader in(cut.data);
    auto message = read_to_plugin(cut.kind, in);
    in.end();
    return message;
}

FromPlugin decode_from_plugin(const FrameReader::Cut& cut) {
    Reader in(cut.data);
    auto message = read_from_plugin(cut.kind, in);
    in.end();
    return message;
}

}  // namespace outpost::plugin_host
