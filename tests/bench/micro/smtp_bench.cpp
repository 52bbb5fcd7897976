// SPDX-License-Identifier: Apache-2.0
// The pure parts of both SMTP sides: what each message, command and reply costs.
#include <benchmark/benchmark.h>

#include <string>

#include "core/mail/message/address.hpp"
#include "core/mail/smtp/command_parser.hpp"
#include "core/mail/smtp/data_decoder.hpp"
#include "core/mail/smtp/data_encoder.hpp"
#include "core/mail/smtp/reply.hpp"

using namespace outpost;

namespace {

/// About 10 KiB of lines; every tenth begins with a dot, far more than real mail has.
std::string content() {
    constexpr std::size_t wanted = 10240, line_length = 76;
    std::string text;
    for (int line = 0; text.size() < wanted; ++line) {
        std::string one(line_length, static_cast<char>('a' + line % 26));
        if (line % 10 == 0) one[0] = '.';
        text += one + "\r\n";
    }
    return text;
}

std::string stuffed() {
    std::string out;
    smtp::DataEncoder encoder;
    if (!encoder.encode(content(), out) || !encoder.finish(out)) std::abort();
    return out;
}

void count_octets(benchmark::State& state, std::size_t octets) {
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(octets));
}

void parse_command(benchmark::State& state, const char* line) {
    for (auto _ : state)
        benchmark::DoNotOptimize(smtp::parse_command(line, "mta.example.org"));
}
BENCHMARK_CAPTURE(parse_command, ehlo, "EHLO client.example.org");
BENCHMARK_CAPTURE(
    parse_command, mail, "MAIL FROM:<sender@origin.example> SIZE=10240 BODY=8BITMIME"
);
BENCHMARK_CAPTURE(
    parse_command, mail_with_dsn, "MAIL FROM:<sender@origin.example> RET=HDRS ENVID=QQ314159"
);
BENCHMARK_CAPTURE(parse_command, rcpt, "RCPT TO:<somebody@destination.example>");
BENCHMARK_CAPTURE(
    parse_command, rcpt_with_dsn,
    "RCPT TO:<somebody@destination.example> NOTIFY=SUCCESS,DELAY "
    "ORCPT=rfc822;somebody@destination.example"
);
BENCHMARK_CAPTURE(parse_command, data, "DATA");
BENCHMARK_CAPTURE(parse_command, unknown, "XYZZY and so on");

void parse_address(benchmark::State& state, const char* text) {
    for (auto _ : state)
        benchmark::DoNotOptimize(mail::Address::parse(text));
}
BENCHMARK_CAPTURE(parse_address, plain, "first.last+tag@department.example.org");
BENCHMARK_CAPTURE(parse_address, quoted, "\"first last\"@example.org");
BENCHMARK_CAPTURE(
    parse_address, idn,
    "info@b\xc3\xbc"
    "cher.example"
);
BENCHMARK_CAPTURE(parse_address, literal, "postmaster@[IPv6:2001:db8::1]");

void stuff_dots(benchmark::State& state) {
    const std::string text = content();
    std::string out;
    for (auto _ : state) {
        out.clear();
        smtp::DataEncoder encoder;
        const bool whole = encoder.encode(text, out) && encoder.finish(out);
        benchmark::DoNotOptimize(whole);
        benchmark::DoNotOptimize(out.data());
    }
    count_octets(state, text.size());
}
BENCHMARK(stuff_dots);

/// As it comes from the socket: in pieces of so many octets.
void unstuff_dots(benchmark::State& state) {
    const std::string text = stuffed();
    const auto piece = static_cast<std::size_t>(state.range(0));
    for (auto _ : state) {
        smtp::DataDecoder decoder{smtp::ContentLimits{}};
        for (std::size_t at = 0; at < text.size() && !decoder.ended(); at += piece)
            decoder.feed(std::string_view(text).substr(at, piece));
        benchmark::DoNotOptimize(decoder.content().take());
    }
    count_octets(state, text.size());
}
BENCHMARK(unstuff_dots)->Arg(1460)->Arg(16384);

void parse_reply(benchmark::State& state, std::vector<std::string_view> lines) {
    smtp::ReplyParser parser;
    for (auto _ : state) {
        for (const auto line : lines)
            benchmark::DoNotOptimize(parser.feed(line));
        benchmark::DoNotOptimize(parser.take());
    }
}
BENCHMARK_CAPTURE(parse_reply, one_line, {"250 2.0.0 Ok: queued as 4XyZ1a2b3c"});
BENCHMARK_CAPTURE(
    parse_reply, ehlo,
    {"250-mx.example.org at your service", "250-SIZE 157286400", "250-8BITMIME", "250-STARTTLS",
     "250-ENHANCEDSTATUSCODES", "250-PIPELINING", "250-CHUNKING", "250 SMTPUTF8"}
);
BENCHMARK_CAPTURE(
    parse_reply, refusal,
    {"550-5.7.26 This mail has been blocked because the sender is unauthenticated.",
     "550-5.7.26 It requires all senders to authenticate with either SPF or DKIM.",
     "550 5.7.26 For more information see https://support.example.com/mail/answer/81126"}
);

}  // namespace
