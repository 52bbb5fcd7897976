// SPDX-License-Identifier: Apache-2.0
#include "core/mail/smtp/command_parser.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "core/foundation/base/encoding.hpp"
#include "core/foundation/base/safe_text.hpp"
#include "core/mail/smtp/server_reply.hpp"

namespace outpost::smtp {
namespace {

using Parsed = Result<Command, Reply>;

constexpr std::size_t max_helo_name = 255;

Parsed refuse(int code, std::string_view status, std::string text) {
    return Err<Reply>{make_reply(code, status, std::move(text))};
}

Parsed parse_hello(std::string_view name, bool extended) {
    const bool printable =
        std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < 0x7f; });
    if (name.empty() || name.size() > max_helo_name || !printable) {
        return refuse(501, "5.5.4", "a host name is expected");
    }
    return Command(Hello{std::string(name), extended});
}

/// "FROM:" of "MAIL FROM:<...>", in any case; taken off `text`.
bool take_word(std::string_view& text, std::string_view word) {
    if (!iequals(text.substr(0, word.size()), word)) return false;
    text.remove_prefix(word.size());
    return true;
}

Parsed parse_mail(std::string_view arguments) {
    if (!take_word(arguments, "FROM:")) return refuse(501, "5.5.2", "MAIL FROM:<address> expected");
    auto mail = parse_mail_from(arguments);
    if (!mail) return Err<Reply>{mail.error()};
    return Command(std::move(*mail));
}

Parsed parse_rcpt(std::string_view arguments, std::string_view local_domain) {
    if (!take_word(arguments, "TO:")) return refuse(501, "5.5.2", "RCPT TO:<address> expected");
    auto rcpt = parse_rcpt_to(arguments, local_domain);
    if (!rcpt) return Err<Reply>{rcpt.error()};
    return Command(std::move(*rcpt));
}

/// RFC 3030 section 2: decimal octets, and perhaps LAST.
Parsed parse_bdat(std::string_view arguments) {
    const auto digits = arguments.substr(0, arguments.find(' '));
    const auto rest = trim(arguments.substr(digits.size()));
    Bdat bdat;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), bdat.size);
    const bool whole = !digits.empty() && end == digits.data() + digits.size();
    if (error != std::errc() || !whole)
        return refuse(501, "5.5.4", "BDAT wants a number of octets");
    bdat.last = iequals(rest, "LAST");
    if (!rest.empty() && !bdat.last) return refuse(501, "5.5.4", "BDAT takes nothing but LAST");
    return Command(bdat);
}

Parsed parse_auth(std::string_view arguments) {
    const auto name = arguments.substr(0, arguments.find(' '));
    const auto rest = arguments.substr(name.size());
    Auth auth;
    for (const char c : name) {
        const char up = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
        const bool allowed =
            (up >= 'A' && up <= 'Z') || (up >= '0' && up <= '9') || up == '-' || up == '_';
        if (!allowed) return refuse(501, "5.5.4", "malformed mechanism name");
        auth.mechanism += up;
    }
    constexpr std::size_t max_name = 20;  // RFC 4422 section 3.1
    if (name.empty() || name.size() > max_name) {
        return refuse(501, "5.5.4", "AUTH wants a mechanism");
    }
    if (!rest.empty()) auth.initial = std::string(rest.substr(1));
    if (auth.initial && auth.initial->find(' ') != std::string::npos) {
        return refuse(501, "5.5.2", "too many arguments");
    }
    return Command(std::move(auth));
}

/// A command that takes no arguments.
template <class T>
Parsed bare(std::string_view arguments, T command) {
    if (!arguments.empty()) return refuse(501, "5.5.4", "no arguments are allowed");
    return Command(command);
}

bool is_http(std::string_view verb) {
    static constexpr std::array<std::string_view, 15> words = {
        "GET",   "POST",    "PUT",   "HEAD",        "OPTIONS", "DELETE",          "PATCH",
        "TRACE", "CONNECT", "HOST:", "USER-AGENT:", "ACCEPT:", "CONTENT-LENGTH:", "CONNECTION:",
        "PRI"
    };
    return std::any_of(words.begin(), words.end(), [&](auto word) { return iequals(verb, word); });
}

}  // namespace

Result<Command, Reply> parse_command(std::string_view line, std::string_view local_domain) {
    if (!is_clean_utf8(line)) {
        return refuse(501, "5.5.2", "control characters or malformed UTF-8 in the command");
    }
    // RFC 5321 section 4.1.1: trailing white space is tolerated.
    line = line.substr(0, line.find_last_not_of(' ') + 1);
    const auto verb = line.substr(0, line.find(' '));
    auto arguments = line.substr(verb.size());
    if (!arguments.empty()) arguments.remove_prefix(1);
    const auto is = [&](std::string_view name) { return iequals(verb, name); };

    if (is("EHLO")) return parse_hello(arguments, true);
    if (is("HELO")) return parse_hello(arguments, false);
    if (is("MAIL")) return parse_mail(arguments);
    if (is("RCPT")) return parse_rcpt(arguments, local_domain);
    if (is("DATA")) return bare(arguments, Data{});
    if (is("BDAT")) return parse_bdat(arguments);
    if (is("RSET")) return bare(arguments, Reset{});
    if (is("NOOP")) return Command(Noop{});
    if (is("QUIT")) return bare(arguments, Quit{});
    if (is("STARTTLS")) return bare(arguments, StartTls{});
    if (is("AUTH")) return parse_auth(arguments);
    if (is("VRFY")) return Command(Verify{});
    if (is("EXPN")) return Command(Expand{});
    if (is("HELP")) return Command(Help{});
    if (is_http(verb)) return Command(HttpRequest{});
    return refuse(500, "5.5.1", "command not recognised");
}

bool is_bdat(std::string_view line) noexcept {
    return iequals(line.substr(0, 4), "BDAT") && (line.size() == 4 || line[4] == ' ');
}

}  // namespace outpost::smtp
