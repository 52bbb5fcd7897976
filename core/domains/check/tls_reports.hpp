// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/domains/check/finding.hpp"
#include "core/mail/message/address.hpp"

namespace outpost::domain_check {

/// The record of a domain, or of an MX host, that asks for TLS reports to our address (RFC 8460
/// section 3).
Finding judge_tls_reports(
    const std::string& policy_domain, const mail::Address& address, const Lookup& answer,
    const std::string& expected
);

}  // namespace outpost::domain_check
