// SPDX-License-Identifier: Apache-2.0
#include "core/mail/message/trace.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/foundation/base/crypto.hpp"
#include "core/foundation/base/encoding.hpp"
#include "core/foundation/base/safe_text.hpp"

namespace outpost::mail {
namespace {

constexpr std::size_t max_name = 255, max_comment = 200, max_address = 320;
constexpr std::size_t fold_column = 78;

/// `text` with '?' for each octet that `allowed` refuses.
template <class Allowed>
std::string masked(std::string_view text, std::size_t max_octets, Allowed allowed) {
    std::string out(text.substr(0, max_octets));
    std::replace_if(out.begin(), out.end(), [&](char c) { return !allowed(c); }, '?');
    return out;
}

/// A host name or address literal as a client or a DNS server gave it.
std::string host_text(std::string_view text) {
    return masked(text, max_name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view(".-_:[]").find(c) != std::string_view::npos;
    });
}

/// Text within a comment (RFC 5322 section 3.2.2): nothing that ends, nests or escapes.
std::string comment_text(std::string_view text) {
    return masked(text, max_comment, [](char c) {
        return c >= ' ' && c < 0x7f && c != '(' && c != ')' && c != '\\';
    });
}

/// "from helo (name [ip])", nothing for local submissions.
std::string from_clause(const ReceivedFacts& facts) {
    if (facts.helo.empty() && facts.client_ip.empty()) return {};
    std::string out = "from " + (facts.helo.empty() ? "unknown" : host_text(facts.helo));
    if (facts.client_ip.empty()) return out;
    const bool v6 = facts.client_ip.find(':') != std::string::npos;
    out += fmt::format(
        " ({}{}[{}{}])", host_text(facts.client_name), facts.client_name.empty() ? "" : " ",
        v6 ? "IPv6:" : "", host_text(facts.client_ip)
    );
    return out;
}

std::string for_clause(const ReceivedFacts& facts) {
    if (facts.for_recipient.empty()) return {};
    const bool utf8 = facts.protocol.starts_with("UTF8");
    return fmt::format(
        "for <{}>",
        safe_text(facts.for_recipient, utf8 ? Charset::utf8 : Charset::ascii, max_address)
    );
}

/// Joins clauses with spaces, and breaks the line before one that would not fit.
class FoldedField {
  public:
    explicit FoldedField(std::string name) : text_(std::move(name)), column_(text_.size()) {}

    void add(const std::string& clause) {
        if (clause.empty()) return;
        if (column_ + 1 + clause.size() >= fold_column) {
            text_ += "\r\n";
            column_ = 0;
        }
        text_ += ' ' + clause;
        column_ += 1 + clause.size();
    }
    std::string finish() && { return std::move(text_) + "\r\n"; }

  private:
    std::string text_;
    std::size_t column_;
};

}  // namespace

std::string received_field(const ReceivedFacts& facts) {
    FoldedField field("Received:");
    field.add(from_clause(facts));
    if (!facts.client_remark.empty())
        field.add(fmt::format("({})", comment_text(facts.client_remark)));
    if (!facts.account.empty()) {
        field.add(fmt::format("(authenticated as {})", comment_text(facts.account)));
    }
    field.add(fmt::format("by {}", host_text(facts.by)));
    field.add(fmt::format("with {}", host_text(facts.protocol)));
    if (!facts.tls.empty()) field.add(fmt::format("({})", comment_text(facts.tls)));
    if (facts.requiretls) field.add("(requiretls)");
    const auto recipient = for_clause(facts);
    field.add(fmt::format("id {}{}", host_text(facts.id), recipient.empty() ? ";" : ""));
    if (!recipient.empty()) field.add(recipient + ';');
    field.add(rfc5322_date(facts.at));
    return std::move(field).finish();
}

std::string rfc5322_date(WallTime at) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(at);
    const auto day = std::chrono::floor<std::chrono::days>(seconds);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss time(seconds - day);
    constexpr std::string_view days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::string_view months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    return fmt::format(
        "{}, {} {} {:04} {:02}:{:02}:{:02} +0000", days[std::chrono::weekday(day).c_encoding()],
        static_cast<unsigned>(date.day()), months[static_cast<unsigned>(date.month()) - 1],
        static_cast<int>(date.year()), time.hours().count(), time.minutes().count(),
        time.seconds().count()
    );
}

std::string make_message_id(std::string_view host) {
    constexpr std::size_t random_octets = 12;
    const auto now =
        std::chrono::duration_cast<std::chrono::seconds>(WallClock::now().time_since_epoch());
    return fmt::format(
        "<{}.{}@{}>", hex_encode(crypto::random_bytes(random_octets)), now.count(),
        host.empty() ? "localhost" : host_text(host)
    );
}

}  // namespace outpost::mail
