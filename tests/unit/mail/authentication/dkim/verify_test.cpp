// SPDX-License-Identifier: Apache-2.0
#include "core/mail/authentication/dkim/verify.hpp"

#include <doctest/doctest.h>

#include "core/mail/authentication/dkim/key_record.hpp"
#include "core/mail/authentication/dkim/signer.hpp"
#include "tests/unit/mail/authentication/dkim/sample.hpp"

using namespace outpost;
using namespace outpost::dkim;

namespace {

const dns::Domain example_org = dns::Domain::parse("example.org").value();
const std::string selector = "s", key_name = "s._domainkey.example.org";
const WallTime now{std::chrono::seconds(1'764'115'200)};

/// One key for all tests: making one takes time.
const PrivateKey& rsa_key() {
    static const PrivateKey key = PrivateKey::make_rsa();
    return key;
}

DomainSettings settings_with(const PrivateKey& key) {
    DomainSettings settings;
    settings.keys[selector] = key;
    return settings;
}

std::string sign(const DomainSettings& settings, const std::string& body = sample_body) {
    return sign_as(example_org, settings, mail::Header(sample_header), {body}, now);
}

std::vector<SignatureResult> judge_all(
    const std::string& header, const std::string& body, KeyAnswers keys, VerifyOptions options = {}
) {
    options.now = now;
    return judge(mail::Content(header, {body}), keys, options);
}

SignatureResult judge_one(
    const std::string& header, const std::string& body, const std::string& record
) {
    const auto results = judge_all(header, body, {{key_name, txt_answer({record})}});
    REQUIRE(results.size() == 1);
    return results.front();
}

}  // namespace

TEST_CASE("the example of RFC 6376 section A.2 verifies") {
    const std::string header =
        "DKIM-Signature: v=1; a=rsa-sha256; s=brisbane; d=example.com;\r\n"
        "      c=simple/simple; q=dns/txt; i=joe@football.example.com;\r\n"
        "      h=Received : From : To : Subject : Date : Message-ID;\r\n"
        "      bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
        "      b=AuUoFEfDxTDkHlLXSZEpZj79LICEps6eda7W3deTVFOk4yAUoqOB\r\n"
        "        4nujc7YopdG5dWLSdNg6xNAZpOPr+kHxt1IrE+NahM6L/LbvaHut\r\n"
        "        KVdkLLkpVaVVQPzeRDI009SO2Il5Lu7rDNH6mZckBdrIx0orEtZV\r\n"
        "        4bmp/YzhwvcubU4=;\r\n"
        "Received: from client1.football.example.com  [192.0.2.1]\r\n"
        "      by submitserver.example.com with SUBMISSION;\r\n"
        "      Fri, 11 Jul 2003 21:01:54 -0700 (PDT)\r\n" +
        sample_header;
    const KeyAnswers keys{
        {"brisbane._domainkey.example.com",
         txt_answer({"v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkM"
                     "oGeLnQg1fWn7/zYtIxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT9"
                     "47qR+Rcac2gbto/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQA"
                     "B"})}
    };
    const auto results = judge_all(header, sample_body, keys);
    REQUIRE(results.size() == 1);
    CAPTURE(results[0].reason);
    CHECK(results[0].passed());
    CHECK(results[0].key_bits == 1024);
    CHECK(results[0].identity() == "joe@football.example.com");
}

TEST_CASE("both signatures of RFC 8463 section A.3 verify") {
    const std::string header =
        "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"
        " d=football.example.com; i=@football.example.com;\r\n"
        " q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n"
        " subject : date : message-id : from : subject : date;\r\n"
        " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
        " b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\r\n"
        " Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\r\n"
        "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n"
        " d=football.example.com; i=@football.example.com;\r\n"
        " q=dns/txt; s=test; t=1528637909; h=from : to : subject :\r\n"
        " date : message-id : from : subject : date;\r\n"
        " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
        " b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3\r\n"
        " DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz\r\n"
        " dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=\r\n" +
        sample_header;
    const KeyAnswers keys{
        {"brisbane._domainkey.football.example.com",
         txt_answer({"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="})},
        {"test._domainkey.football.example.com",
         txt_answer({"v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6"
                     "NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8"
                     "uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K"
                     "4w3QIDAQAB"})}
    };
    const auto results = judge_all(header, sample_body, keys);
    REQUIRE(results.size() == 2);
    for (const auto& result : results) {
        CAPTURE(result.reason);
        CHECK(result.passed());
    }
}

TEST_CASE("a change of header or body is found, in each canonical form as far as it allows") {
    using enum Canonicalization;
    const auto record = key_record(rsa_key());
    for (const auto form : {simple, relaxed}) {
        auto settings = settings_with(rsa_key());
        settings.header = settings.body = form;
        const auto field = sign(settings);
        const auto white = form == relaxed ? Status::pass : Status::fail;
        CHECK(judge_one(field + sample_header, sample_body, record).passed());
        CHECK(
            judge_one(field + sample_header, "Hi.  " + sample_body.substr(3), record).status ==
            white
        );
        CHECK(
            judge_one(field + "FROM:  " + sample_header.substr(6), sample_body, record).status ==
            white
        );
        CHECK(
            judge_one(field + sample_header, sample_body + "added\r\n", record).status ==
            Status::fail
        );
        CHECK(
            judge_one(field + "Subject: another\r\n" + sample_header, sample_body, record).status ==
            Status::fail
        );
        CHECK(judge_one("X-Trace: new\r\n" + field + sample_header, sample_body, record).passed());
    }
}

TEST_CASE("a key that is for another service alone is good there") {
    const auto header = sign(settings_with(rsa_key())) + sample_header;
    const auto record = key_record(rsa_key());
    const auto special = judge_one(header, sample_body, record + "; s=tlsrpt");
    CHECK(special.reason == "the key is not for email");
    CHECK(special.passed_for("tlsrpt"));
    CHECK_FALSE(special.passed_for("email"));
    CHECK_FALSE(special.passed_for("other"));
    CHECK_FALSE(judge_one(header, "changed\r\n", record + "; s=tlsrpt").passed_for("tlsrpt"));
    CHECK_FALSE(judge_one(header, sample_body, record + "; s=email").passed_for("tlsrpt"));
    CHECK(judge_one(header, sample_body, record + "; s=email:tlsrpt").passed_for("tlsrpt"));
    CHECK(judge_one(header, sample_body, record).passed_for("tlsrpt"));
}

TEST_CASE("the key's record decides whether a good signature counts") {
    const auto header = sign(settings_with(rsa_key())) + sample_header;
    const auto record = key_record(rsa_key());
    const auto judged = [&](const std::string& tags) {
        return judge_one(header, sample_body, record + tags);
    };
    CHECK(judged("").passed());
    CHECK(judged("; h=sha256; s=email").passed());
    CHECK(judged("; t=s").passed());
    CHECK(judged("; t=y").testing);
    CHECK(judged("; h=sha1").status == Status::permerror);
    CHECK(judged("; s=tlsrpt").status == Status::permerror);
    CHECK(judge_one(header, sample_body, "v=DKIM1; p=").reason == "the key has been revoked");
    CHECK(
        judge_one(header, sample_body, key_record(PrivateKey::make_ed25519())).status ==
        Status::permerror
    );
    CHECK(
        judge_one(header, sample_body, key_record(PrivateKey::make_rsa())).status == Status::fail
    );
    CHECK(judge_one(header, sample_body, "v=spf1 -all").status == Status::permerror);

    const auto status = [&](const KeyAnswers& keys) {
        return judge_all(header, sample_body, keys).front().status;
    };
    CHECK(status({{key_name, txt_answer({})}}) == Status::permerror);
    CHECK(status({{key_name, txt_answer({record, record})}}) == Status::permerror);
    CHECK(status({{key_name, txt_answer({"other text", record})}}) == Status::pass);
    CHECK(
        status({{key_name, Err{dns::Failure{dns::Failure::Kind::timeout, "no answer"}}}}) ==
        Status::temperror
    );
}

TEST_CASE("keys of less than 1024 bits do not count (RFC 8301)") {
    const auto weak = PrivateKey::make_rsa(768);
    const auto header = sign(settings_with(weak)) + sample_header;
    CHECK(judge_one(header, sample_body, key_record(weak)).status == Status::permerror);
}

TEST_CASE("expired signatures are good but not accepted") {
    auto settings = settings_with(rsa_key());
    settings.expires_after = std::chrono::hours(1);
    const auto content = mail::Content(sign(settings) + sample_header, {sample_body});
    const KeyAnswers keys{{key_name, txt_answer({key_record(rsa_key())})}};
    VerifyOptions options;
    options.now = now + std::chrono::minutes(59);
    CHECK(judge(content, keys, options).front().passed());
    options.now = now + std::chrono::minutes(61);
    CHECK(judge(content, keys, options).front().status == Status::policy);
}

TEST_CASE("the work for one message is bounded") {
    const auto field = sign(settings_with(PrivateKey::make_ed25519()));
    std::string header;
    for (int i = 0; i < 20; ++i)
        header += field;
    VerifyOptions options;
    options.most = 3;
    const auto results = judge_all(header + sample_header, sample_body, {}, options);
    REQUIRE(results.size() == 20);
    CHECK(results[2].status == Status::temperror);
    CHECK(results[3].status == Status::neutral);
    CHECK(judge_all(sample_header, sample_body, {}).empty());
}

TEST_CASE("a body length leaves room for others, which is told") {
    auto content = sign(settings_with(rsa_key()));
    const auto result = judge_one(
        content.replace(content.find("bh="), 3, "l=5; bh=") + sample_header, sample_body,
        key_record(rsa_key())
    );
    CHECK_FALSE(result.passed());  // l= was not signed
    CHECK_FALSE(result.whole_body);
}
