// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/foundation/base/encoding.hpp"
#include "core/mail/dsn/dsn.hpp"
#include "core/mail/message/header.hpp"
#include "core/mail/message/mime.hpp"

using namespace outpost;
using namespace outpost::dsn;

namespace {

std::string whole(const mail::Content& content) {
    std::string out = content.header();
    for (const auto& chunk : content.body())
        out += chunk;
    return out;
}

/// A part of a multipart message: its own header section and its content.
struct Part {
    std::string header, content;
    std::string type() const { return mail::find_field(header, "Content-Type")->value(); }
    bool encoded() const {
        return mail::find_field(header, "Content-Transfer-Encoding").has_value();
    }
};

std::vector<Part> parts_of(const mail::Content& dsn) {
    const auto type = mail::find_field(dsn.header(), "Content-Type")->value();
    const auto from = type.find("boundary=\"") + 10;
    const auto delimiter = "\r\n--" + type.substr(from, type.find('"', from) - from);
    std::string body;
    for (const auto& chunk : dsn.body())
        body += chunk;
    std::vector<Part> parts;
    for (auto at = body.find(delimiter); at != body.npos;) {
        const auto begin = at + delimiter.size();
        at = body.find(delimiter, begin);
        if (at == body.npos) {
            CHECK(body.substr(begin) == "--\r\n");
            break;
        }
        const auto text = body.substr(begin + 2, at - begin - 2);
        const auto blank = text.find("\r\n\r\n");
        parts.push_back({text.substr(0, blank + 4), text.substr(blank + 4)});
    }
    return parts;
}

/// The groups of fields of a delivery-status part.
std::vector<std::string> groups_of(const std::string& status) {
    std::vector<std::string> groups;
    for (std::size_t at = 0; at < status.size();) {
        const auto end = std::min(status.find("\r\n\r\n", at), status.size());
        groups.push_back(status.substr(at, end + 2 - at));
        at = end + 4;
    }
    return groups;
}

std::string field(const std::string& group, std::string_view name) {
    const auto found = mail::find_field(group, name);
    return found ? found->value() : "(absent)";
}

DsnFacts failure() {
    DsnFacts facts;
    facts.reporting_mta = "mail.example.com";
    facts.to = *mail::Address::parse("sender@example.org");
    facts.envid = "QQ314159";
    facts.arrival = WallTime(std::chrono::seconds(1795440941));
    facts.now = facts.arrival + std::chrono::hours(1);
    facts.original_message_id = "<original@example.org>";
    facts.original_header = "From: sender@example.org\r\nSubject: Hello\r\n\r\n";
    facts.original = std::make_shared<const mail::Content>(
        facts.original_header, std::vector<std::string>{"Private ", "words\r\n"}
    );
    DsnRecipient recipient;
    recipient.address = *mail::Address::parse("user@example.net");
    recipient.orcpt = "rfc822;original+tag@example.net";
    recipient.status = "5.1.1";
    recipient.remote_host = "mx.example.net";
    recipient.remote_ip = "192.0.2.25";
    recipient.diagnostic = {"550-5.1.1 no such user", "550 5.1.1 really not"};
    recipient.last_attempt = facts.now;
    facts.recipients = {recipient};
    return facts;
}

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != text.npos;
}

/// Every line is short enough, ASCII, and ends with CRLF: any server can carry it.
void check_deliverable(const mail::Content& dsn) {
    CHECK(mail::is_seven_bit(whole(dsn)));
    CHECK(whole(dsn).ends_with("\r\n"));
}

}  // namespace

TEST_CASE("a failure is reported with all that RFC 3464 has a field for") {
    const auto dsn = compose_dsn(failure());
    check_deliverable(dsn);
    CHECK(field(dsn.header(), "To") == "sender@example.org");
    CHECK(field(dsn.header(), "From") == "Mail Delivery System <postmaster@mail.example.com>");
    CHECK(field(dsn.header(), "Auto-Submitted") == "auto-replied");
    CHECK(field(dsn.header(), "References") == "<original@example.org>");
    CHECK(field(dsn.header(), "Message-ID").ends_with("@mail.example.com>"));
    CHECK(contains(
        field(dsn.header(), "Content-Type"), "multipart/report; report-type=delivery-status;"
    ));

    const auto parts = parts_of(dsn);
    REQUIRE(parts.size() == 3);
    CHECK(parts[0].type() == "text/plain; charset=utf-8");
    CHECK(parts[1].type() == "message/delivery-status");
    CHECK(parts[2].type() == "text/rfc822-headers");
    CHECK(parts[2].content == "From: sender@example.org\r\nSubject: Hello\r\n");

    const auto groups = groups_of(parts[1].content);
    REQUIRE(groups.size() == 2);
    CHECK(field(groups[0], "Original-Envelope-Id") == "QQ314159");
    CHECK(field(groups[0], "Reporting-MTA") == "dns;mail.example.com");
    CHECK(field(groups[0], "Arrival-Date") == "Mon, 23 Nov 2026 13:35:41 +0000");
    CHECK(field(groups[1], "Original-Recipient") == "rfc822;original+tag@example.net");
    CHECK(field(groups[1], "Final-Recipient") == "rfc822;user@example.net");
    CHECK(field(groups[1], "Action") == "failed");
    CHECK(field(groups[1], "Status") == "5.1.1");
    CHECK(field(groups[1], "Remote-MTA") == "dns;mx.example.net (192.0.2.25)");
    CHECK(
        field(groups[1], "Diagnostic-Code") == "smtp; 550-5.1.1 no such user 550 5.1.1 really not"
    );
    CHECK(field(groups[1], "Last-Attempt-Date") == "Mon, 23 Nov 2026 14:35:41 +0000");
    CHECK(field(groups[1], "Will-Retry-Until") == "(absent)");

    for (const char* words :
         {"could not be delivered", "<user@example.net>", "mx.example.net [192.0.2.25] said",
          "550 5.1.1 really not", "There is no such mailbox", "No further attempt"}) {
        CHECK_MESSAGE(contains(parts[0].content, words), words);
    }
}

TEST_CASE("a delay says until when it is tried, success says what kind it was") {
    auto facts = failure();
    facts.recipients[0].action = DsnAction::delayed;
    facts.recipients[0].status = "4.4.1";
    facts.recipients[0].diagnostic.clear();
    facts.recipients[0].reason = "no MX host could be reached";
    facts.recipients[0].will_retry_until = facts.arrival + std::chrono::hours(24);
    const auto delayed = parts_of(compose_dsn(facts));
    CHECK(
        field(groups_of(delayed[1].content)[1], "Will-Retry-Until") ==
        "Tue, 24 Nov 2026 13:35:41 +0000"
    );
    CHECK(contains(delayed[0].content, "It will be tried until Tue, 24 Nov 2026 13:35:41 +0000"));
    CHECK(contains(delayed[0].content, "Reason: no MX host could be reached"));
    CHECK(contains(delayed[0].content, "need not send it again"));

    for (const auto action : {DsnAction::delivered, DsnAction::relayed}) {
        facts.recipients[0].action = action;
        facts.recipients[0].status = "2.1.5";
        const auto group = groups_of(parts_of(compose_dsn(facts))[1].content)[1];
        CHECK(field(group, "Action") == to_string(action));
        CHECK(field(group, "Status") == "2.1.5");
    }
}

TEST_CASE("a status that contradicts the action gives way") {
    auto facts = failure();
    const std::pair<const char*, const char*> cases[] = {
        {"5.7.1", "5.7.1"},
        {"4.4.1", "4.4.1"},
        {"", "5.0.0"},
        {"5.1.1\r\nX: y", "5.0.0"},
        {"2.0.0", "5.0.0"}
    };
    for (const auto& [given, said] : cases) {
        facts.recipients[0].status = given;
        CHECK(field(groups_of(parts_of(compose_dsn(facts))[1].content)[1], "Status") == said);
    }
}

TEST_CASE("several recipients with different fates share one report") {
    auto facts = failure();
    auto second = facts.recipients[0];
    second.address = *mail::Address::parse("other@[IPv6:2001:db8::1]");
    second.orcpt.clear();
    second.action = DsnAction::relayed;
    second.status = "2.0.0";
    facts.recipients.push_back(second);
    const auto dsn = compose_dsn(facts);
    CHECK(field(dsn.header(), "Subject") == "Delivery report for your message");
    const auto groups = groups_of(parts_of(dsn)[1].content);
    REQUIRE(groups.size() == 3);
    CHECK(field(groups[2], "Final-Recipient") == "rfc822;other@[IPv6:2001:db8::1]");
    CHECK(field(groups[2], "Original-Recipient") == "(absent)");
}

TEST_CASE(
    "the whole original is returned only for a failure, when asked for, and when not too large"
) {
    auto facts = failure();
    const auto returned = [](const DsnFacts& about) { return parts_of(compose_dsn(about))[2]; };
    facts.ret = smtp::Ret::full;
    CHECK(returned(facts).type() == "message/rfc822");
    CHECK(returned(facts).content == whole(*facts.original));
    facts.ret = smtp::Ret::headers;
    CHECK(returned(facts).type() == "text/rfc822-headers");
    facts.ret = smtp::Ret::full;
    facts.recipients[0].action = DsnAction::delivered;
    CHECK(returned(facts).type() == "text/rfc822-headers");

    facts.recipients[0].action = DsnAction::failed;
    facts.original = std::make_shared<const mail::Content>(
        facts.original_header, std::vector<std::string>(50, std::string(1'000'000, 'x'))
    );
    CHECK(returned(facts).type() == "text/rfc822-headers");
    facts.original.reset();
    CHECK(returned(facts).type() == "text/rfc822-headers");
}

TEST_CASE("8-bit originals are encoded: the next server may not take 8BITMIME") {
    auto facts = failure();
    facts.ret = smtp::Ret::full;
    facts.eightbit = true;
    facts.original_header = "Subject: gr\xc3\xbc\xc3\x9f\r\n\r\n";
    facts.original = std::make_shared<const mail::Content>(
        facts.original_header, std::vector<std::string>{"\xe4\xf6\xfc\r\n"}
    );
    const auto full = compose_dsn(facts);
    check_deliverable(full);
    CHECK(parts_of(full)[2].type() == "message/global");
    CHECK(parts_of(full)[2].encoded());
    CHECK(contains(parts_of(full)[2].content, "=E4=F6=FC"));

    facts.ret = smtp::Ret::unspecified;
    const auto headers = compose_dsn(facts);
    check_deliverable(headers);
    CHECK(parts_of(headers)[2].type() == "text/rfc822-headers");
    CHECK(parts_of(headers)[2].content == "Subject: gr=C3=BC=C3=9F\r\n");
}

TEST_CASE("SMTPUTF8 originals are reported in the forms of RFC 6533") {
    auto facts = failure();
    facts.smtputf8 = true;
    facts.original_header = "Subject: gr\xc3\xbc\xc3\x9f\r\n\r\n";
    facts.recipients[0].address = *mail::Address::parse("gr\xc3\xbc@m\xc3\xbcnchen.example");
    facts.recipients[0].orcpt = "utf-8;gr\xc3\xbc@example.net";
    const auto dsn = compose_dsn(facts);
    check_deliverable(dsn);
    const auto parts = parts_of(dsn);
    CHECK(parts[1].type() == "message/global-delivery-status");
    CHECK(parts[1].encoded());
    CHECK(contains(parts[1].content, "Final-Recipient: utf-8;gr=C3=BC@m=C3=BCnchen.example"));
    CHECK(contains(parts[1].content, "Original-Recipient: utf-8;gr=C3=BC@example.net"));
    CHECK(parts[2].type() == "message/global-headers");

    facts.smtputf8 = false;
    const auto ascii = parts_of(compose_dsn(facts));
    CHECK(ascii[1].type() == "message/delivery-status");
    CHECK(contains(ascii[1].content, "Final-Recipient: utf-8;gr\\x{FC}@m\\x{FC}nchen.example"));
    CHECK(contains(ascii[1].content, "Original-Recipient: utf-8;gr\\x{FC}@example.net"));
}

TEST_CASE("no remote or forged text can add fields, groups or parts") {
    const auto honest = compose_dsn(failure());
    for (const std::string& evil :
         {std::string("x\r\n\r\nFinal-Recipient: rfc822;victim@example.org\r\nAction: delivered"),
          std::string("x\nStatus: 2.0.0"), std::string("x\r\n--report\r\nContent-Type: text/html"),
          std::string("a\0b", 3), std::string("\xff\xfe\xc0\x8a"),
          std::string("\xe2\x80\xa8\xc2\x85X: y"), std::string("\t \r\n \r\n "),
          std::string("\x1b[2J"), std::string(100'000, 'y'), std::string(5'000, ' ')}) {
        auto facts = failure();
        facts.envid = facts.reporting_mta = facts.original_message_id = evil;
        auto& recipient = facts.recipients[0];
        recipient.orcpt = recipient.remote_host = recipient.remote_ip = recipient.reason = evil;
        recipient.diagnostic = std::vector<std::string>(200, evil);
        const auto dsn = compose_dsn(facts);
        check_deliverable(dsn);
        CHECK(
            mail::Header(dsn.header()).field_count() ==
            mail::Header(honest.header()).field_count() - 1
        );
        CHECK(field(dsn.header(), "References") == "(absent)");
        const auto parts = parts_of(dsn);
        REQUIRE(parts.size() == 3);
        const auto groups = groups_of(parts[1].content);
        REQUIRE(groups.size() == 2);
        CHECK(mail::Header(std::string(groups[0])).field_count() == 3);
        CHECK(mail::Header(std::string(groups[1])).field_count() == 7);
        CHECK(field(groups[1], "Action") == "failed");
        CHECK(dsn.size() < 100'000);
    }
}

TEST_CASE("the original cannot end its part") {
    auto facts = failure();
    facts.ret = smtp::Ret::full;
    const auto first = compose_dsn(facts);
    const auto type = field(first.header(), "Content-Type");
    const auto boundary = type.substr(type.find("report_"), 47);
    facts.original = std::make_shared<const mail::Content>(
        facts.original_header,
        std::vector<std::string>{
            "--" + boundary + "\r\nContent-Type: text/html\r\n\r\n", "--" + boundary + "--\r\n"
        }
    );
    const auto parts = parts_of(compose_dsn(facts));
    REQUIRE(parts.size() == 3);
    CHECK(parts[2].content == whole(*facts.original));
}

TEST_CASE("Python's email package sees the same structure") {
    auto facts = failure();
    facts.recipients[0].diagnostic = {
        "550-5.1.1 line one\r\nAction: delivered", "550 5.1.1 " + std::string(300, 'z')
    };
    facts.recipients.push_back(facts.recipients[0]);
    const auto folder =
        std::filesystem::temp_directory_path() / fmt::format("outpost-dsn-{}", getpid());
    std::filesystem::create_directory(folder);
    std::ofstream(folder / "dsn", std::ios::binary) << whole(compose_dsn(facts));
    const auto script = std::filesystem::path(OUTPOST_SOURCE_DIR) / "tests/support/read_dsn.py";
    const auto command = fmt::format(
        "python3 '{}' < '{}' > '{}'", script.string(), (folder / "dsn").string(),
        (folder / "seen").string()
    );
    REQUIRE(std::system(command.c_str()) == 0);
    std::stringstream seen;
    seen << std::ifstream(folder / "seen").rdbuf();
    std::filesystem::remove_all(folder);

    const auto text = seen.str();
    for (const char* line :
         {"header Auto-Submitted: auto-replied\n", "defects 0\n", "part 1 text/plain\n",
          "part 2 message/delivery-status\n", "part 3 text/rfc822-headers\n",
          "group 0 Reporting-MTA: dns;mail.example.com\n", "group 1 Action: failed\n",
          "group 1 Diagnostic-Code: smtp; 550-5.1.1 line one??Action: delivered 550 5.1.1 zzz",
          "group 2 Final-Recipient: rfc822;user@example.net\n", "end\n"}) {
        CHECK_MESSAGE(contains(text, line), line << " in\n" << text);
    }
    CHECK_FALSE(contains(text, "part 4"));
    CHECK_FALSE(contains(text, "group 3"));
}
