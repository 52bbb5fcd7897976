// SPDX-License-Identifier: Apache-2.0
#include "core/mail/smtp/command_format.hpp"

#include "core/mail/message/xtext.hpp"

namespace outpost::smtp {
namespace {

std::string path(const mail::Address& address, bool smtputf8) {
    return "<" + (smtputf8 ? address.unicode() : address.wire()) + ">";
}

}  // namespace

std::string mail_command(const mail::Address& sender, const MailParameters& parameters) {
    std::string line = "MAIL FROM:" + path(sender, parameters.smtputf8);
    if (parameters.size) line += " SIZE=" + std::to_string(*parameters.size);
    if (parameters.body_8bitmime) line += " BODY=8BITMIME";
    if (parameters.smtputf8) line += " SMTPUTF8";
    if (parameters.requiretls) line += " REQUIRETLS";
    if (parameters.ret != Ret::unspecified) line.append(" RET=").append(to_string(parameters.ret));
    if (!parameters.envid.empty()) line += " ENVID=" + mail::xtext_encode(parameters.envid);
    return line;
}

std::string rcpt_command(const mail::Address& recipient, const RcptParameters& parameters) {
    std::string line = "RCPT TO:" + path(recipient, parameters.smtputf8);
    if (!parameters.notify.unspecified()) line += " NOTIFY=" + parameters.notify.to_string();
    const auto separator =
        parameters.orcpt.find(';');  // the address type is an atom, the rest xtext
    if (separator != std::string::npos) {
        line += " ORCPT=" + parameters.orcpt.substr(0, separator + 1) +
                mail::xtext_encode(parameters.orcpt.substr(separator + 1));
    }
    return line;
}

}  // namespace outpost::smtp
