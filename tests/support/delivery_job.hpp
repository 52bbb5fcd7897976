// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "core/delivery/interface/transport.hpp"

namespace outpost::test {

/// A gate that notes what it was asked, and answers as told.
class NotingGate : public delivery::DotGate {
  public:
    void reached(delivery::Stage stage) noexcept override { last = stage; }
    awaitable<bool> may_finish(std::span<const std::int32_t> recipients) override {
        asked.emplace_back(recipients.begin(), recipients.end());
        co_return answer;
    }
    delivery::Stage last = delivery::Stage::route;
    std::vector<std::vector<std::int32_t>> asked;
    bool answer = true;
};

/// A small message; tests change what they are about.
inline delivery::Message small_message() {
    delivery::Message message;
    message.mail_from = *mail::Address::parse("from@sender.test");
    message.body = std::make_shared<const mail::Content>(
        "Subject: x\r\n\r\n", std::vector<std::string>{"one\r\n.two\r\n"}
    );
    return message;
}

inline delivery::DeliveryJob job_for(
    delivery::Message message, const std::vector<std::string>& recipients
) {
    delivery::DeliveryJob job;
    std::int32_t number = 0;
    for (const auto& text : recipients) {
        delivery::Recipient recipient;
        recipient.number = ++number;
        recipient.address = *mail::Address::parse(text);
        job.recipients.push_back(recipient);
    }
    job.domain = job.recipients.front().address.domain();
    job.message = std::make_shared<delivery::Message>(std::move(message));
    return job;
}

inline delivery::DeliveryJob job_for(const std::vector<std::string>& recipients) {
    return job_for(small_message(), recipients);
}

/// "delivered", "deferred 4.4.2 rcpt connect": all that matters about a verdict, for tables.
inline std::string brief(const delivery::Verdict& verdict) {
    using Kind = delivery::Verdict::Kind;
    if (verdict.kind() == Kind::delivered) return "delivered";
    std::string out = verdict.kind() == Kind::failed ? "failed " : "deferred ";
    return out + verdict.status().text() + " " + std::string(to_string(verdict.stage())) + " " +
           std::string(to_string(verdict.error_kind()));
}

inline std::vector<std::string> briefs(const std::vector<delivery::Verdict>& verdicts) {
    std::vector<std::string> all;
    for (const auto& verdict : verdicts)
        all.push_back(brief(verdict));
    return all;
}

}  // namespace outpost::test
