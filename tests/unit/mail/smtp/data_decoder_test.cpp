// SPDX-License-Identifier: Apache-2.0
#include "core/mail/smtp/data_decoder.hpp"

#include <doctest/doctest.h>

#include <numeric>

using namespace outpost::smtp;

namespace {

struct Outcome {
    bool ended = false;
    ContentFault fault{};
    std::string content;
    std::string rest;  ///< what was not used
    bool operator==(const Outcome&) const = default;
};

std::string joined(const std::vector<std::string>& chunks) {
    return std::accumulate(chunks.begin(), chunks.end(), std::string());
}

/// Decodes `pieces` one after the other.
Outcome decode(const std::vector<std::string_view>& pieces, ContentLimits limits = {}) {
    DataDecoder decoder(limits);
    Outcome outcome;
    for (const auto piece : pieces) {
        const auto used = decoder.feed(piece);
        outcome.rest += piece.substr(used);
    }
    outcome.ended = decoder.ended();
    outcome.fault = decoder.content().fault();
    outcome.content = joined(decoder.content().take());
    return outcome;
}

/// The same whether the input comes whole, cut in two anywhere, or octet by octet.
Outcome decode_all_ways(std::string_view input, ContentLimits limits = {}) {
    const auto whole = decode({input}, limits);
    for (std::size_t at = 0; at <= input.size(); ++at) {
        CAPTURE(at);
        CHECK(decode({input.substr(0, at), input.substr(at)}, limits) == whole);
    }
    std::vector<std::string_view> octets;
    for (std::size_t i = 0; i < input.size(); ++i)
        octets.push_back(input.substr(i, 1));
    CHECK(decode(octets, limits) == whole);
    return whole;
}

}  // namespace

TEST_CASE("dot stuffing is undone, and only CRLF.CRLF ends") {
    const std::pair<std::string_view, std::string_view> table[] = {
        {".\r\n", ""},
        {"\r\n.\r\n", "\r\n"},
        {"a: b\r\n\r\nx\r\n.\r\n", "a: b\r\n\r\nx\r\n"},
        {"..\r\n.\r\n", ".\r\n"},
        {"...\r\n.\r\n", "..\r\n"},
        {".a\r\n.\r\n", "a\r\n"},
        {"a.\r\n.\r\n", "a.\r\n"},
        {"a\r\n. \r\n.\r\n", "a\r\n \r\n"},
    };
    for (const auto& [input, content] : table) {
        CAPTURE(input);
        const auto outcome = decode_all_ways(std::string(input) + "QUIT\r\n");
        CHECK(outcome.ended);
        CHECK(outcome.fault == ContentFault::none);
        CHECK(outcome.content == content);
        CHECK(outcome.rest == "QUIT\r\n");
    }
}

TEST_CASE("none of the smuggling sequences ends the data, wherever it stands") {
    using namespace std::string_view_literals;
    const std::pair<std::string_view, ContentFault> sequences[] = {
        {"\n.\n"sv, ContentFault::bare_lf},       {"\n.\r"sv, ContentFault::bare_lf},
        {"\r.\n"sv, ContentFault::bare_cr},       {"\r.\r"sv, ContentFault::bare_cr},
        {"\n.\r\n"sv, ContentFault::bare_lf},     {"\r.\r\n"sv, ContentFault::bare_cr},
        {"\r\n.\r\r\n"sv, ContentFault::bare_cr}, {"\r\r\n.\r\r\n"sv, ContentFault::bare_cr},
        {"\r\n\0.\r\n"sv, ContentFault::nul},     {"\r\n.\n"sv, ContentFault::bare_lf},
        {"\r\n.\r"sv, ContentFault::bare_cr},     {"\r\n.\0\r\n"sv, ContentFault::nul},
    };
    for (const auto& [sequence, fault] : sequences) {
        for (const std::string before :
             {"", "text", "Subject: x\r\n\r\n", "a\r\n..\r\n", "a\r\n\r\n"}) {
            const std::string input =
                before + std::string(sequence) + "MAIL FROM:<evil@b.example>\r\n.\r\nRSET\r\n";
            CAPTURE(input);
            const auto outcome = decode_all_ways(input);
            CHECK(outcome.ended);
            CHECK(outcome.rest == "RSET\r\n");  // everything before belongs to the message
            CHECK(outcome.content.empty());     // of which nothing is kept
            // "\r" before "\r\n.": which of two faults comes first depends on what stands before
            if (before == "text") CHECK(outcome.fault == fault);
            CHECK(outcome.fault != ContentFault::none);
        }
    }
}

TEST_CASE("the control sequence ends the data") {
    const auto outcome = decode_all_ways("text\r\n.\r\nMAIL FROM:<x@b.example>\r\n");
    CHECK(outcome.content == "text\r\n");
    CHECK(outcome.rest == "MAIL FROM:<x@b.example>\r\n");
}

TEST_CASE("limits hold to the octet") {
    const ContentLimits limits{.max_size = 10, .max_line = 6};
    CHECK(decode_all_ways("123456\r\n\r\n.\r\n", limits).fault == ContentFault::none);
    CHECK(decode_all_ways("123456\r\n\r\n\r\n.\r\n", limits).fault == ContentFault::too_large);
    CHECK(decode_all_ways("1234567\r\n.\r\n", limits).fault == ContentFault::long_line);
    CHECK(decode_all_ways(".1234567\r\n.\r\n", limits).fault == ContentFault::long_line);
    CHECK(decode_all_ways("12\r\n12\n1234\r\n.\r\n", limits).fault == ContentFault::bare_lf);
}

TEST_CASE("an endless line is not kept") {
    DataDecoder decoder(ContentLimits{});
    const std::string piece(64 * 1024, 'x');
    for (int i = 0; i < 100; ++i)
        decoder.feed(piece);
    CHECK(decoder.content().fault() == ContentFault::long_line);
    CHECK(decoder.content().take().empty());
}

TEST_CASE("chunked content: lines are checked across chunks, a missing last line end is added") {
    ContentCollector collector(ContentLimits{});
    collector.add("Subject: x\r");
    collector.add("\n\r\n.");
    collector.add("\r\nno end");
    collector.finish();
    CHECK(collector.fault() == ContentFault::none);
    CHECK(joined(collector.take()) == "Subject: x\r\n\r\n.\r\nno end\r\n");

    ContentCollector cut(ContentLimits{});
    cut.add("a\r");
    cut.finish();
    CHECK(cut.fault() == ContentFault::bare_cr);
}

TEST_CASE("thousands of tiny chunks take no more memory than their octets") {
    ContentCollector collector(ContentLimits{});
    for (int i = 0; i < 100'000; ++i)
        collector.add(i % 50 == 49 ? "\r\n" : "x");
    const auto chunks = collector.take();
    CHECK(chunks.size() == 2);
    CHECK(joined(chunks).size() == 102'000);
}
