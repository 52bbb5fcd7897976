// SPDX-License-Identifier: Apache-2.0
#include "core/mail/smtp/address_params.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

#include "core/foundation/base/encoding.hpp"
#include "core/foundation/base/safe_text.hpp"
#include "core/mail/message/xtext.hpp"
#include "core/mail/smtp/server_reply.hpp"

namespace outpost::smtp {
namespace {

constexpr std::size_t max_path =
    1024;  // with a source route; a mailbox itself is checked by Address
constexpr std::size_t max_envid = 100;  // RFC 3461 section 4.4
constexpr std::size_t max_orcpt = 500;  // RFC 3461 section 4.2
constexpr std::size_t max_parameters = 20;

Err<Reply> syntax_error(std::string text) {
    return Err<Reply>{make_reply(501, "5.5.2", std::move(text))};
}
Err<Reply> bad_parameter(std::string text) {
    return Err<Reply>{make_reply(501, "5.5.4", std::move(text))};
}

std::string upper(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](char c) {
        return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    return out;
}

template <class Number>
std::optional<Number> parse_number(std::string_view digits) {
    Number value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    const bool plain = !digits.empty() && digits.front() != '-';
    if (error != std::errc() || end != digits.data() + digits.size() || !plain) return {};
    return value;
}

/// The path between angle brackets, taken off `text`. A quoted local part may hold a '>'.
std::optional<std::string_view> take_path(std::string_view& text) {
    if (!text.starts_with('<')) return std::nullopt;
    bool quoted = false;
    for (std::size_t i = 1; i < text.size() && i < max_path; ++i) {
        if (quoted && text[i] == '\\') {
            ++i;
        } else if (text[i] == '"') {
            quoted = !quoted;
        } else if (text[i] == '>' && !quoted) {
            const auto path = text.substr(1, i - 1);
            text.remove_prefix(i + 1);
            return path;
        }
    }
    return std::nullopt;
}

/// RFC 5321 section 4.1.1.3 and appendix C: a source route is accepted and ignored.
std::string_view without_source_route(std::string_view path) {
    if (!path.starts_with('@')) return path;
    const auto colon = path.find(':');
    return colon == path.npos ? path : path.substr(colon + 1);
}

struct Parameter {
    std::string name;  ///< in upper case
    std::string_view value;
    bool has_value = false;
};

bool is_name(std::string_view name) {
    return !name.empty() && name.front() != '-' &&
           std::all_of(name.begin(), name.end(), [](char c) {
               return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
           });
}

/// Splits "KEY=value KEY2" at blanks. Each may occur once.
Result<std::vector<Parameter>, Reply> parse_parameters(std::string_view text) {
    std::vector<Parameter> parameters;
    if (!text.empty() && text.front() != ' ') return syntax_error("blank expected after '>'");
    while (true) {
        text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
        if (text.empty()) return parameters;
        if (parameters.size() == max_parameters) return bad_parameter("too many parameters");

        const auto word = text.substr(0, text.find(' '));
        text.remove_prefix(word.size());
        const auto equals = word.find('=');
        Parameter parameter{upper(word.substr(0, equals)), {}, equals != word.npos};
        if (parameter.has_value) parameter.value = word.substr(equals + 1);
        if (!is_name(parameter.name)) return bad_parameter("malformed parameter");
        if (parameter.has_value && parameter.value.empty()) {
            return bad_parameter(parameter.name + " has no value");
        }
        const auto same = [&](const Parameter& other) { return other.name == parameter.name; };
        if (std::any_of(parameters.begin(), parameters.end(), same)) {
            return bad_parameter(parameter.name + " given twice");
        }
        parameters.push_back(std::move(parameter));
    }
}

/// RFC 4865 section 4: a date-time of RFC 3339 in UTC or with an offset, without fractions.
std::optional<WallTime> parse_date_time(std::string_view text) {
    using namespace std::chrono;
    const auto field = [&](std::size_t at, std::size_t length) {
        return text.size() >= at + length ? parse_number<unsigned>(text.substr(at, length))
                                          : std::nullopt;
    };
    const auto y = field(0, 4), mo = field(5, 2), d = field(8, 2), h = field(11, 2),
               mi = field(14, 2), s = field(17, 2);
    if (!y || !mo || !d || !h || !mi || !s) return std::nullopt;
    const bool punctuated = text[4] == '-' && text[7] == '-' &&
                            (text[10] == 'T' || text[10] == 't') && text[13] == ':' &&
                            text[16] == ':';
    const year_month_day date{year(static_cast<int>(*y)), month(*mo), day(*d)};
    // What WallTime can hold ends in 2262.
    const bool near = *y >= 1970 && *y <= 2200;
    if (!punctuated || !near || !date.ok() || *h > 23 || *mi > 59 || *s > 60) return std::nullopt;
    auto at = sys_days(date) + hours(*h) + minutes(*mi) + seconds(*s);

    const auto zone = text.substr(19);
    if (zone == "Z" || zone == "z") return at;
    const auto zone_hours = field(20, 2), zone_minutes = field(23, 2);
    if (zone.size() != 6 || (zone[0] != '+' && zone[0] != '-') || zone[3] != ':') return {};
    if (!zone_hours || !zone_minutes || *zone_hours > 23 || *zone_minutes > 59) return {};
    const auto offset = hours(*zone_hours) + minutes(*zone_minutes);
    return zone[0] == '+' ? at - offset : at + offset;
}

/// One MAIL parameter at a time. The error is the reply; an unknown name is for the caller.
class MailParameters {
  public:
    explicit MailParameters(MailFrom& mail) : mail_(mail) {}

    /// None: accepted. 555 for what we do not know (RFC 5321 section 4.1.1.11).
    std::optional<Reply> take(const Parameter& p) {
        if (p.name == "SIZE") return wanted(take_size(p), "SIZE is no number of octets");
        if (p.name == "BODY") return wanted(take_body(p), "BODY is 7BIT or 8BITMIME");
        if (p.name == "SMTPUTF8") return wanted(flag(p, mail_.smtputf8), "SMTPUTF8 takes no value");
        if (p.name == "REQUIRETLS") {
            return wanted(flag(p, mail_.require_tls), "REQUIRETLS takes no value");
        }
        if (p.name == "RET") return wanted(take_ret(p), "RET is FULL or HDRS");
        if (p.name == "ENVID") return wanted(take_envid(p), "ENVID is no xtext of 1 to 100 octets");
        if (p.name == "HOLDFOR") return wanted(take_hold_for(p), "HOLDFOR is no number of seconds");
        if (p.name == "HOLDUNTIL") return wanted(take_hold_until(p), "HOLDUNTIL is no date-time");
        if (p.name == "AUTH") return wanted(is_auth(p), "AUTH is no mailbox");
        return make_reply(555, "5.5.4", "parameter " + p.name + " not recognised");
    }

  private:
    static std::optional<Reply> wanted(bool fine, std::string complaint) {
        if (fine) return std::nullopt;
        return make_reply(501, "5.5.4", std::move(complaint));
    }
    static bool flag(const Parameter& p, bool& target) { return target = !p.has_value; }

    bool take_size(const Parameter& p) {
        constexpr std::size_t max_digits = 20;  // RFC 1870 section 3
        mail_.size =
            p.value.size() <= max_digits ? parse_number<std::uint64_t>(p.value) : std::nullopt;
        return mail_.size.has_value();
    }
    bool take_body(const Parameter& p) {
        mail_.eightbit = iequals(p.value, "8BITMIME");
        return mail_.eightbit || iequals(p.value, "7BIT");
    }
    bool take_ret(const Parameter& p) {
        const auto ret = parse_ret(p.value);
        mail_.ret = ret.value_or(Ret::unspecified);
        return ret.has_value();
    }
    bool take_envid(const Parameter& p) {
        if (p.value.size() > max_envid) return false;
        mail_.envid = mail::xtext_decode(p.value).value_or("");
        return !mail_.envid.empty();
    }
    bool take_hold_for(const Parameter& p) {
        constexpr std::size_t max_digits = 9;  // RFC 4865 section 4
        const auto value =
            p.value.size() <= max_digits ? parse_number<std::uint32_t>(p.value) : std::nullopt;
        if (!value || !std::holds_alternative<std::monostate>(mail_.release)) return false;
        mail_.release = std::chrono::seconds(*value);
        return true;
    }
    bool take_hold_until(const Parameter& p) {
        const auto at = parse_date_time(p.value);
        if (!at || !std::holds_alternative<std::monostate>(mail_.release)) return false;
        mail_.release = *at;
        return true;
    }
    /// RFC 4954 section 5. Who submitted the message elsewhere does not matter to us: checked and
    /// dropped.
    static bool is_auth(const Parameter& p) {
        if (p.value == "<>") return true;
        const auto mailbox = mail::xtext_decode(p.value);
        return mailbox && mail::Address::parse(*mailbox).has_value();
    }

    MailFrom& mail_;
};

/// RFC 3461 section 4.2: address type, semicolon, xtext.
std::optional<std::string> parse_orcpt(std::string_view value) {
    const auto semicolon = value.find(';');
    if (semicolon == value.npos || semicolon == 0 || value.size() > max_orcpt) return std::nullopt;
    const auto type = value.substr(0, semicolon);
    const bool is_atom = std::all_of(type.begin(), type.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-';
    });
    const auto address = mail::xtext_decode(value.substr(semicolon + 1));
    if (!is_atom || !address || address->empty()) return std::nullopt;
    return std::string(type) + ';' + *address;
}

std::optional<Reply> take_rcpt_parameter(Recipient& recipient, const Parameter& p) {
    if (p.name == "NOTIFY") {
        const auto notify = Notify::parse(p.value);
        if (!notify)
            return make_reply(501, "5.5.4", "NOTIFY is NEVER, or of SUCCESS,FAILURE,DELAY");
        recipient.notify = *notify;
    } else if (p.name == "ORCPT") {
        const auto orcpt = parse_orcpt(p.value);
        if (!orcpt) return make_reply(501, "5.5.4", "ORCPT is no address type and xtext");
        recipient.orcpt = *orcpt;
    } else {
        return make_reply(555, "5.5.4", "parameter " + p.name + " not recognised");
    }
    return std::nullopt;
}

/// Many clients put a blank after the colon; RFC 5321 section 4.1.1 forbids it, but it does no
/// harm.
std::string_view without_leading_blank(std::string_view text) {
    if (text.starts_with(' ')) text.remove_prefix(1);
    return text;
}

}  // namespace

Result<MailFrom, Reply> parse_mail_from(std::string_view text) {
    text = without_leading_blank(text);
    const bool has_eightbit = !is_ascii(text);
    const auto path = take_path(text);
    if (!path) return syntax_error("MAIL FROM:<address> expected");

    MailFrom mail;
    if (!path->empty()) {
        auto from = mail::Address::parse(without_source_route(*path));
        if (!from) return Err<Reply>{make_reply(553, "5.1.7", from.error())};
        mail.from = std::move(*from);
    }
    const auto parameters = parse_parameters(text);
    if (!parameters) return Err<Reply>{parameters.error()};
    MailParameters taker(mail);
    for (const auto& parameter : *parameters) {
        if (const auto refusal = taker.take(parameter)) return Err<Reply>{*refusal};
    }
    if (has_eightbit && !mail.smtputf8) {
        return Err<Reply>{make_reply(553, "5.6.7", "a non-ASCII address wants SMTPUTF8")};
    }
    return mail;
}

Result<RcptTo, Reply> parse_rcpt_to(std::string_view text, std::string_view local_domain) {
    text = without_leading_blank(text);
    RcptTo rcpt;
    rcpt.has_eightbit = !is_ascii(text);
    const auto path = take_path(text);
    if (!path) return syntax_error("RCPT TO:<address> expected");
    if (path->empty()) return Err<Reply>{make_reply(501, "5.1.3", "a recipient has an address")};

    std::string mailbox(without_source_route(*path));
    if (iequals(mailbox, "postmaster")) mailbox += '@' + std::string(local_domain);
    auto to = mail::Address::parse(mailbox);
    if (!to) return Err<Reply>{make_reply(553, "5.1.3", to.error())};
    rcpt.recipient.address = std::move(*to);

    const auto parameters = parse_parameters(text);
    if (!parameters) return Err<Reply>{parameters.error()};
    for (const auto& parameter : *parameters) {
        if (const auto refusal = take_rcpt_parameter(rcpt.recipient, parameter))
            return Err<Reply>{*refusal};
    }
    return rcpt;
}

}  // namespace outpost::smtp
