// SPDX-License-Identifier: Apache-2.0
// Reports of strangers: nothing crashes, what is read is clean and of bounded length, and it does
// not depend on how the body came in pieces.
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/foundation/base/safe_text.hpp"
#include "core/mail/dsn/dsn_report.hpp"
#include "core/mail/dsn/suppression.hpp"
#include "core/mail/message/multipart.hpp"
#include "core/mail/message/xtext.hpp"

using namespace outpost;

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

bool is_clean(const std::string& text, std::size_t most) {
    return text.size() <= most && is_clean_utf8(text);
}

void check_recipient(const dsn::RecipientReport& recipient) {
    for (const auto& text :
         {recipient.final_recipient, recipient.original_recipient, recipient.remote_mta})
        require(is_clean(text, 320));
    require(is_clean(recipient.diagnostic, 2000));
    require(!recipient.reply_code || (*recipient.reply_code >= 200 && *recipient.reply_code < 600));
    require(recipient.reply_code || !recipient.reply_status);
    if (dsn::suppresses_at_once(recipient)) require(recipient.action == dsn::Action::failed);
}

void check(const std::string& header, const std::string& body) {
    const auto report = dsn::parse_dsn({header, {body}});
    const auto half = body.size() / 2;
    const auto again = dsn::parse_dsn({header, {body.substr(0, half), body.substr(half)}});
    require(report.has_value() == again.has_value());
    if (!report) return;
    require(!report->recipients.empty() && report->recipients.size() <= 100);
    require(report->recipients.size() == again->recipients.size());
    require(is_clean(report->reporting_mta, 320) && is_clean(report->original_envelope_id, 320));
    for (const auto& recipient : report->recipients)
        check_recipient(recipient);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    const auto end = text.find("\n\n");
    if (end != text.npos) check(text.substr(0, end + 2), text.substr(end + 2));
    check("Content-Type: multipart/report; boundary=b\r\n\r\n", text);
    check(
        "Content-Type: multipart/report; boundary=b\r\n\r\n",
        "--b\r\nContent-Type: message/delivery-status\r\n\r\n" + text
    );
    require(mail::parse_content_type(text).parameters.size() <= 32);
    // Whoever unescapes text without a backslash gets back what was escaped.
    if (is_clean_utf8(text) && text.find('\\') == text.npos)
        require(mail::unescape_unicode(mail::escape_unicode(text)) == text);
    return 0;
}
