// SPDX-License-Identifier: Apache-2.0
#include "core/mail/tlsrpt/report_message.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "core/foundation/base/encoding.hpp"
#include "core/mail/message/multipart.hpp"
#include "core/mail/tlsrpt/gzip.hpp"

namespace outpost::tlsrpt {
namespace {

using mail::ContentType;
using mail::Entity;

constexpr std::size_t most_parts = 50;
constexpr int deepest = 3;  // lists and gateways put what they hand on into parts

bool is_report_container(const ContentType& type) {
    return type.type == "multipart/report" && iequals(type.parameter("report-type"), "tlsrpt");
}

bool is_generic_type(std::string_view type) {
    constexpr std::array<std::string_view, 4> types = {
        "application/gzip", "application/x-gzip", "application/json", "application/tlsrpt"
    };
    return std::find(types.begin(), types.end(), type) != types.end();
}

std::optional<std::string> encoded_report(
    const Entity& entity, const ContentType& type, bool in_report, int depth
) {
    if (is_report_type(type.type) || (in_report && is_generic_type(type.type)))
        return entity.decoded_body(longest_message);
    if (!type.is_multipart() || depth == deepest) return std::nullopt;
    const bool inside = is_report_container(type);
    for (const Entity& part :
         mail::split_multipart(entity.body, type.parameter("boundary"), most_parts)) {
        auto found = encoded_report(part, part.content_type(), inside, depth + 1);
        if (found) return found;
    }
    return std::nullopt;
}

std::string in_one(const std::vector<std::string>& body) {
    std::string whole;
    for (const auto& piece : body)
        whole += piece;
    return whole;
}

}  // namespace

std::string_view text(NoReport why) noexcept {
    switch (why) {
        case NoReport::too_large:
            return "the message is larger than 15 MiB";
        case NoReport::none:
            return "no part of the message is a TLS report (RFC 8460 section 5.3)";
        case NoReport::broken:
            return "the gzip encoding of the report is damaged";
        case NoReport::bomb:
            return "the report is larger than 20 MiB";
    }
    return "";
}

bool is_report_type(std::string_view media_type) noexcept {
    return iequals(media_type, "application/tlsrpt+gzip") ||
           iequals(media_type, "application/tlsrpt+json");
}

outpost::Result<std::string, NoReport> unpack_report(std::string bytes) {
    constexpr std::string_view gzip_begins = "\x1f\x8b";
    if (!bytes.starts_with(gzip_begins)) {
        if (bytes.size() > longest_report) return Err{NoReport::bomb};
        return bytes;
    }
    auto text = gunzip(bytes, longest_report);
    if (text) return std::move(*text);
    return Err{text.error() == GunzipFault::too_large ? NoReport::bomb : NoReport::broken};
}

outpost::Result<std::string, NoReport> report_text(const mail::Content& message) {
    if (message.size() > longest_message) return Err{NoReport::too_large};
    const std::string body = in_one(message.body());
    const Entity whole{message.header(), body};
    auto encoded = encoded_report(whole, whole.content_type(), false, 0);
    if (!encoded) return Err{NoReport::none};
    return unpack_report(std::move(*encoded));
}

}  // namespace outpost::tlsrpt
