// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "core/mail/message/header.hpp"
#include "core/mail/message/submission.hpp"

using namespace outpost;
using namespace outpost::mail;

namespace {

std::string joined(const std::vector<std::string>& chunks) {
    std::string out;
    for (const auto& chunk : chunks)
        out += chunk;
    return out;
}

/// The text in chunks of `size` octets.
std::vector<std::string> chunks_of(const std::string& text, std::size_t size) {
    std::vector<std::string> chunks;
    for (std::size_t i = 0; i < text.size(); i += size)
        chunks.push_back(text.substr(i, size));
    return chunks;
}

std::string completed(std::string section, std::string_view host, WallTime now) {
    Header header(std::move(section));
    complete_header(header, host, now);
    return std::move(header).str();
}

}  // namespace

TEST_CASE("a message is split at its empty line, however it is cut into chunks") {
    struct Case {
        const char *text, *header, *body;
    };
    const Case cases[] = {
        {"A: b\r\n\r\nbody\r\n", "A: b\r\n\r\n", "body\r\n"},
        {"A: b\r\n c\r\nD: e\r\n\r\n\r\nbody", "A: b\r\n c\r\nD: e\r\n\r\n", "\r\nbody"},
        {"A: b\r\n\r\n", "A: b\r\n\r\n", ""},
        {"A: b\r\n", "A: b\r\n\r\n", ""},
        {"A: b", "A: b\r\n\r\n", ""},
        {"", "\r\n", ""},
        {"\r\nbody\r\n", "\r\n", "body\r\n"},
        {"hello world\r\n", "\r\n", "hello world\r\n"},
        {" hello\r\nA: b\r\n", "\r\n", " hello\r\nA: b\r\n"},
        {"A: b\r\nno field here\r\nC: d\r\n", "A: b\r\n\r\n", "no field here\r\nC: d\r\n"},
        {"A: b\r\n\nC: d\r\n\r\n", "A: b\r\n\r\n", "\nC: d\r\n\r\n"},
    };
    for (const auto& test : cases) {
        for (const std::size_t size : {1, 2, 3, 7, 1000}) {
            const auto parts = split_message(chunks_of(test.text, size));
            CHECK_MESSAGE(parts.header == test.header, test.text);
            CHECK_MESSAGE(joined(parts.body) == test.body, test.text);
        }
    }
}

TEST_CASE("a header section without end is not followed for ever") {
    std::vector<std::string> chunks;
    std::string line = "X-Filler: " + std::string(60, 'x') + "\r\n";
    for (int i = 0; i < 100; ++i) {
        auto& chunk = chunks.emplace_back();
        while (chunk.size() < 60'000)
            chunk += line;
    }
    const auto parts = split_message(std::move(chunks));
    CHECK(parts.header.size() > longest_header);
    CHECK(parts.header.size() < longest_header + 200'000);
    CHECK(parts.body.size() > 80);
}

TEST_CASE("local input gets wire line ends, and what mail cannot carry is refused") {
    CHECK(*normalise_line_ends("") == "");
    CHECK(*normalise_line_ends("a\nb\r\n\nc") == "a\r\nb\r\n\r\nc\r\n");
    CHECK(*normalise_line_ends("\n.\nQUIT\n") == "\r\n.\r\nQUIT\r\n");
    CHECK_FALSE(normalise_line_ends(std::string("a\0b", 3)));
    for (const char* bad : {"a\rb\n", "a\r", "a\r\r\n", "\r.\r\n"})
        CHECK_FALSE(normalise_line_ends(bad));
}

TEST_CASE("a submitted header section is completed, and Bcc does not leave the house") {
    const auto out = completed(
        "Subject: x\r\nBCC: a@example.org,\r\n b@example.org\r\nresent-bcc: c@example.org\r\n\r\n",
        "mail.example.org", WallTime{}
    );
    CHECK(find_field(out, "Date")->value() == "Thu, 1 Jan 1970 00:00:00 +0000");
    CHECK(find_field(out, "Message-ID")->value().ends_with("@mail.example.org>"));
    CHECK_FALSE(find_field(out, "Bcc"));
    CHECK_FALSE(find_field(out, "Resent-Bcc"));
    CHECK(out.ends_with("Subject: x\r\n\r\n"));

    const std::string whole = "date: yesterday\r\nMESSAGE-ID: <1@x>\r\n\r\n";
    CHECK(completed(whole, "h", WallTime{}) == whole);
}

TEST_CASE("loops are seen by the number of Received fields") {
    std::string section;
    for (std::size_t i = 0; i < max_received_fields; ++i)
        section += "Received: by x\r\n";
    CHECK_FALSE(is_looping(Header(section + "\r\n")));
    CHECK(is_looping(Header(section + "received: by y\r\n\r\n")));
}

TEST_CASE("TLS-Required waives TLS only where every such field says no") {
    CHECK(waives_tls(Header("Subject: x\r\nTLS-Required: No\r\n\r\n")));
    CHECK(waives_tls(Header("tls-required:\r\n\tNO \r\nTLS-Required: no\r\n\r\n")));
    CHECK_FALSE(waives_tls(Header("Subject: TLS-Required: No\r\n\r\n")));
    CHECK_FALSE(waives_tls(Header("A: b\r\n\r\nTLS-Required: No\r\n")));
    for (const char* other : {"Yes", "", "No, thank you", "Nope", "\"No\""}) {
        CAPTURE(std::string(other));
        const std::string field = "TLS-Required: " + std::string(other) + "\r\n";
        CHECK_FALSE(waives_tls(Header(field + "\r\n")));
        CHECK_FALSE(waives_tls(Header("TLS-Required: No\r\n" + field + "\r\n")));
        CHECK_FALSE(waives_tls(Header(field + "TLS-Required: No\r\n\r\n")));
    }
}

TEST_CASE("octets above 127 are found in header and body") {
    CHECK_FALSE(has_eightbit(Content("A: b\r\n\r\n", {"abc", "\x7f"})));
    CHECK(has_eightbit(Content("A: \xc3\xbc\r\n\r\n", {})));
    CHECK(has_eightbit(Content("A: b\r\n\r\n", {"abc", "d\x80"})));
}
