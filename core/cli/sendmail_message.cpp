// SPDX-License-Identifier: Apache-2.0
#include "core/cli/sendmail_message.hpp"

#include <algorithm>

#include "core/mail/message/submission.hpp"

namespace outpost::cli {
namespace {

Result<mail::Address> address_of(const std::string& text, const std::string& hostname) {
    const bool local = text.find('@') == std::string::npos;
    auto address = mail::Address::parse(local ? text + "@" + hostname : text);
    return address ? std::move(address) : Result<mail::Address>(Err{address.error()});
}

Result<mail::Address> sender_of(const SendmailOptions& options, const LocalUser& user) {
    if (options.sender == "<>") return mail::Address();
    return address_of(options.sender.empty() ? user.name : options.sender, user.hostname);
}

/// Addresses named in the To, Cc and Bcc fields.
Result<std::vector<std::string>> recipients_of(const mail::Header& header) {
    std::vector<std::string> all;
    for (const auto field : header) {
        std::string name(field.name);
        std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) {
            return static_cast<char>(std::tolower(c));
        });
        if (name != "to" && name != "cc" && name != "bcc") continue;
        const mail::AddressList list = mail::parse_address_list(field.value());
        if (!list.bad.empty())
            return Err{
                "cannot read the address '" + list.bad.front() + "' in the " +
                std::string(field.name) + " field"
            };
        all.insert(all.end(), list.addresses.begin(), list.addresses.end());
    }
    return all;
}

std::string from_field(
    const mail::Address& sender, const SendmailOptions& options, const LocalUser& user
) {
    std::string name = options.full_name.empty() ? user.full_name : options.full_name;
    std::erase_if(name, [](unsigned char c) {
        return c < 0x20 || c == 0x7f || c == '"' || c == '\\';
    });
    const std::string address =
        sender.is_null() ? user.name + "@" + user.hostname : sender.unicode();
    return name.empty() ? "From: " + address + "\r\n"
                        : "From: \"" + name + "\" <" + address + ">\r\n";
}

}  // namespace

std::string_view until_dot(std::string_view input, bool ignore_dots) {
    if (ignore_dots) return input;
    for (std::size_t line = 0; line < input.size();) {
        const auto end = input.find('\n', line);
        std::string_view text = input.substr(line, end == input.npos ? input.npos : end - line);
        if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
        if (text == ".") return input.substr(0, line);
        if (end == input.npos) break;
        line = end + 1;
    }
    return input;
}

Result<delivery::DeliveryJob> make_submission(
    std::string_view input, const SendmailOptions& options, const LocalUser& user, WallTime now
) {
    auto text = mail::normalise_line_ends(until_dot(input, options.ignore_dots));
    if (!text) return Err{text.error()};
    mail::MessageParts parts = mail::split_message({std::move(*text)});
    mail::Header header(std::move(parts.header));
    const auto sender = sender_of(options, user);
    if (!sender) return Err{"sender: " + sender.error()};

    std::vector<std::string> named = options.recipients;
    if (options.recipients_from_header) {
        const auto found = recipients_of(header);
        if (!found) return Err{found.error()};
        named.insert(named.end(), found->begin(), found->end());
    }
    if (named.empty()) return Err{"no recipient: name one, or use -t with a To, Cc or Bcc field"};

    if (!header.find("From")) header.prepend(from_field(*sender, options, user));
    if (options.tls_wish == delivery::TlsWish::not_required) {
        header.erase({"TLS-Required"});
        header.prepend("TLS-Required: No\r\n");
    }
    mail::complete_header(header, user.hostname, now);
    auto message = std::make_shared<delivery::Message>();
    message->mail_from = *sender;
    const auto content =
        std::make_shared<const mail::Content>(std::move(header).str(), std::move(parts.body));
    message->body = content;
    message->eightbit = mail::has_eightbit(*content);
    message->smtputf8 = mail::has_eightbit(content->header());
    message->ret = options.ret;
    message->envid = options.envid;
    message->tls_wish = options.tls_wish;
    delivery::DeliveryJob job;
    job.message = message;
    for (const std::string& one : named) {
        const auto address = address_of(one, user.hostname);
        if (!address) return Err{"recipient: " + address.error()};
        const bool known =
            std::any_of(job.recipients.begin(), job.recipients.end(), [&](const auto& r) {
                return r.address == *address;
            });
        if (!known)
            job.recipients.push_back(
                {*address, options.notify, {}, static_cast<std::int32_t>(job.recipients.size() + 1)}
            );
    }
    return job;
}

}  // namespace outpost::cli
