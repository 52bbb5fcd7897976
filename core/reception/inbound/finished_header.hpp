// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>

#include "core/mail/authentication/verdicts.hpp"
#include "core/mail/message/trace.hpp"
#include "core/mail/smtp/server_policy.hpp"

/// What is written on top of a message that strangers sent.
namespace outpost::inbound {

/// Return-Path (RFC 5321 section 4.4: here mail leaves SMTP), Authentication-Results (RFC 8601) and
/// Received, above the header as it came. Results that could pass for ours are taken out of it.
///
/// `trace`: of the session, with our name, the id and the time; what iprev found is added.
std::string finished_header(
    mail::Header header, const smtp::Transaction& transaction, mail::ReceivedFacts trace,
    const authentication::Verdicts& verdicts
);

/// "spf=pass/secure dkim=fail/insecure dmarc=pass/secure iprev=permerror/insecure", for the log:
/// each method with its DNSSEC status, of several signatures the best.
std::string summary(const authentication::Verdicts& verdicts);

}  // namespace outpost::inbound
