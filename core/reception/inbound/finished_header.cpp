// SPDX-License-Identifier: Apache-2.0
#include "core/reception/inbound/finished_header.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/mail/authentication/field.hpp"

namespace outpost::inbound {
namespace {

std::string path_text(const mail::Address& address, bool smtputf8) {
    return smtputf8 ? address.unicode() : address.wire();
}

/// The first that passes, else the first; null without any.
const dkim::SignatureResult* best(const std::vector<dkim::SignatureResult>& signatures) {
    if (signatures.empty()) return nullptr;
    const auto passed = std::find_if(signatures.begin(), signatures.end(), [](const auto& one) {
        return one.passed();
    });
    return passed == signatures.end() ? &signatures.front() : &*passed;
}

}  // namespace

std::string finished_header(
    mail::Header header, const smtp::Transaction& transaction, mail::ReceivedFacts trace,
    const authentication::Verdicts& verdicts
) {
    const bool smtputf8 = transaction.mail.smtputf8;
    const auto& iprev = verdicts.iprev;
    trace.client_name = iprev.name;
    trace.client_remark = fmt::format(
        "iprev={} dnssec={}", authentication::text(iprev.status), dns::text(iprev.security)
    );
    if (transaction.recipients.size() == 1)
        trace.for_recipient = path_text(transaction.recipients.front().address, smtputf8);
    authentication::erase_forged_results(header, trace.by);
    return fmt::format(
        "Return-Path: <{}>\r\n{}{}{}", path_text(transaction.mail.from, smtputf8),
        authentication::results_field(trace.by, verdicts), mail::received_field(trace), header.str()
    );
}

std::string summary(const authentication::Verdicts& verdicts) {
    const auto said = [](std::string_view method, std::string_view status, dns::Security security) {
        return fmt::format("{}={}/{}", method, status, dns::text(security));
    };
    const auto* signature = best(verdicts.dkim);
    const auto& spf = verdicts.spf();
    return fmt::format(
        "{} {} {} {}", said("spf", spf::text(spf.status), spf.security),
        signature ? said("dkim", dkim::text(signature->status), signature->key_security)
                  : "dkim=none",
        said("dmarc", authentication::text(verdicts.dmarc.status), verdicts.dmarc.security),
        said("iprev", authentication::text(verdicts.iprev.status), verdicts.iprev.security)
    );
}

}  // namespace outpost::inbound
