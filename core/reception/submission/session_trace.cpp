// SPDX-License-Identifier: Apache-2.0
#include "core/reception/submission/session_trace.hpp"

#include <fmt/format.h>

namespace outpost::submission {
namespace {

std::string protocol_of(const smtp::ServerClient& client, bool smtputf8) {
    if (!client.extended) return "SMTP";
    std::string name = smtputf8 ? "UTF8SMTP" : "ESMTP";
    if (client.tls) name += 'S';
    if (!client.account.empty()) name += 'A';
    return name;
}

}  // namespace

mail::ReceivedFacts trace_of(
    const smtp::ServerClient& client, const smtp::Transaction& transaction
) {
    mail::ReceivedFacts facts;
    facts.helo = client.helo;
    facts.client_ip = client.ip;
    facts.protocol = protocol_of(client, transaction.mail.smtputf8);
    if (client.tls) facts.tls = client.tls->version + " with " + client.tls->cipher;
    facts.requiretls = transaction.mail.require_tls;
    return facts;
}

std::string describe(const smtp::ServerClient& client) {
    return fmt::format("{} helo {}", client.ip.empty() ? "unix socket" : client.ip, client.helo);
}

}  // namespace outpost::submission
