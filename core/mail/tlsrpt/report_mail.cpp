// SPDX-License-Identifier: Apache-2.0
#include "core/mail/tlsrpt/report_mail.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/foundation/base/encoding.hpp"
#include "core/foundation/base/safe_text.hpp"
#include "core/mail/message/mime.hpp"
#include "core/mail/message/trace.hpp"
#include "core/mail/tlsrpt/date_time.hpp"
#include "core/mail/tlsrpt/gzip.hpp"

namespace outpost::tlsrpt {
namespace {

std::string report_id(const Report& report) {
    return safe_text(report.report_id, Charset::ascii, 600);
}

/// RFC 8460 section 5.1.
std::string file_name(const Report& report, const ReportMail& about) {
    return fmt::format(
        "{}!{}!{}!{}.json.gz", about.submitter.ascii(), about.domain.ascii(),
        WallClock::to_time_t(report.begin), WallClock::to_time_t(report.end)
    );
}

/// One address a line.
std::string recipients_of(const ReportMail& about) {
    std::vector<std::string> all;
    for (const mail::Address& address : about.to)
        all.push_back(address.needs_smtputf8() ? address.unicode() : address.wire());
    return fmt::format("{}", fmt::join(all, ",\r\n "));
}

/// Domains in Subject and in the two fields of its own are A-labels: programs read them.
std::string header_of(const Report& report, const ReportMail& about, const std::string& boundary) {
    const std::string& domain = about.domain.ascii();
    const std::string& submitter = about.submitter.ascii();
    std::string out;
    out += fmt::format("From: {}\r\n", about.from.wire());
    out += fmt::format("To: {}\r\n", recipients_of(about));
    out += fmt::format(
        "Subject: Report Domain: {}\r\n Submitter: {}\r\n Report-ID: <{}>\r\n", domain, submitter,
        report_id(report)
    );
    out += fmt::format("TLS-Report-Domain: {}\r\n", domain);
    out += fmt::format("TLS-Report-Submitter: {}\r\n", submitter);
    out += "TLS-Required: No\r\n";
    out += fmt::format("Message-ID: {}\r\n", mail::make_message_id(submitter));
    out += fmt::format("Date: {}\r\n", mail::rfc5322_date(about.now));
    out += "MIME-Version: 1.0\r\n";
    out += fmt::format(
        "Content-Type: multipart/report; report-type=\"tlsrpt\";\r\n boundary=\"{}\"\r\n", boundary
    );
    return out + "\r\n";
}

std::string explanation(const Report& report, const ReportMail& about) {
    return fmt::format(
        "Attached is a report on TLS connections for mail, in JSON (RFC 8460).\r\n"
        "\r\n"
        "Report domain: {}\r\n"
        "Submitter: {}\r\n"
        "Report ID: {}\r\n"
        "Period: {} to {}\r\n",
        about.domain.ascii(), about.submitter.ascii(), report_id(report), date_time(report.begin),
        date_time(report.end)
    );
}

/// RFC 2045 section 6.8: lines of at most 76.
std::string base64_lines(std::string_view bytes) {
    constexpr std::size_t line = 76;
    const std::string encoded = base64_encode(bytes);
    std::string out;
    for (std::size_t at = 0; at < encoded.size(); at += line) {
        out += std::string_view(encoded).substr(at, line);
        out += "\r\n";
    }
    return out;
}

}  // namespace

mail::Content compose_report_mail(const Report& report, const ReportMail& about) {
    const std::string said = explanation(report, about);
    const std::string packed = base64_lines(gzip(write_json(report)));
    const std::string boundary = mail::make_boundary(said + packed, said + packed);
    std::vector<std::string> body;
    body.push_back(fmt::format(
        "This is a TLS report, in MIME format.\r\n"
        "\r\n--{}\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n{}",
        boundary, said
    ));
    body.push_back(fmt::format(
        "\r\n--{}\r\nContent-Type: application/tlsrpt+gzip\r\n"
        "Content-Transfer-Encoding: base64\r\n"
        "Content-Disposition: attachment;\r\n filename=\"{}\"\r\n\r\n{}",
        boundary, file_name(report, about), packed
    ));
    body.push_back(fmt::format("\r\n--{}--\r\n", boundary));
    return {header_of(report, about, boundary), std::move(body)};
}

}  // namespace outpost::tlsrpt
