// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/mail/smtp/server_reply.hpp"
#include "core/reception/inbound/mailbox.hpp"

namespace outpost::test {

inline mail::Address address(const std::string& text) {
    return mail::Address::parse(text).value();
}

/// A mailbox that keeps what it gets, and answers as it is told.
class Box final : public inbound::Mailbox {
  public:
    explicit Box(std::set<mail::Address> own) : own_(std::move(own)) {}

    bool takes(const mail::Address& recipient) const override { return own_.contains(recipient); }
    awaitable<smtp::Reply> take(inbound::Received message) override {
        const std::lock_guard lock(mutex_);
        got_.push_back(std::move(message));
        if (answer.code == 0) throw std::runtime_error("the database is away");
        co_return answer;
    }

    std::vector<inbound::Received> got() const {
        const std::lock_guard lock(mutex_);
        return got_;
    }
    smtp::Reply answer = smtp::make_reply(250, "2.0.0", "taken");  ///< code 0: an exception

  private:
    const std::set<mail::Address> own_;
    mutable std::mutex mutex_;
    std::vector<inbound::Received> got_;
};

}  // namespace outpost::test
