// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "core/mail/authentication/dkim/verify.hpp"

/// The message of the examples in RFC 6376 and RFC 8463, and what a resolver would say.
namespace outpost::dkim {

inline const std::string sample_header =
    "From: Joe SixPack <joe@football.example.com>\r\n"
    "To: Suzie Q <suzie@shopping.example.net>\r\n"
    "Subject: Is dinner ready?\r\n"
    "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
    "Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n"
    "\r\n";
inline const std::string sample_body =
    "Hi.\r\n\r\nWe lost the game. Are you hungry yet?\r\n\r\nJoe.\r\n";

inline dns::Answer txt_answer(std::vector<std::string> texts) {
    dns::Answer answer;
    for (auto& text : texts)
        answer.records.push_back({dns::Type::txt, 0, std::move(text)});
    answer.security = dns::Security::insecure;
    return answer;
}

}  // namespace outpost::dkim
