// SPDX-License-Identifier: Apache-2.0
#include "core/mail/smtp/extensions.hpp"

#include <algorithm>
#include <charconv>

#include "core/foundation/base/encoding.hpp"

namespace outpost::smtp {
namespace {

std::vector<std::string> words(std::string_view line) {
    std::vector<std::string> out;
    while (!line.empty()) {
        const auto space = line.find(' ');
        if (space != 0) out.emplace_back(line.substr(0, space));
        if (space == line.npos) break;
        line.remove_prefix(space + 1);
    }
    return out;
}

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() && !text.empty()
               ? std::optional(value)
               : std::nullopt;
}

void add_mechanism(Extensions& extensions, std::string name) {
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) {
        return static_cast<char>(std::toupper(c));
    });
    auto& known = extensions.auth;
    if (std::find(known.begin(), known.end(), name) == known.end())
        known.push_back(std::move(name));
}

// RFC 9422: name=value, numbers of 1 to 6 digits above zero; any error, or a name given twice, and
// the whole keyword counts as absent.
void read_limits(Extensions& extensions, const std::vector<std::string>& parameters) {
    Extensions read;
    for (const std::string& parameter : parameters) {
        const auto equals = parameter.find('=');
        const auto value = equals == std::string::npos || parameter.size() - equals > 7
                               ? std::nullopt
                               : parse_number<std::uint32_t>(parameter.substr(equals + 1));
        const std::string name = parameter.substr(0, equals);
        std::optional<std::uint32_t>* slot = iequals(name, "RCPTMAX")   ? &read.rcpt_max
                                             : iequals(name, "MAILMAX") ? &read.mail_max
                                             : iequals(name, "RCPTDOMAINMAX")
                                                 ? &read.rcpt_domain_max
                                                 : nullptr;
        if (slot == nullptr) continue;
        if (!value || *value == 0 || slot->has_value()) return;
        *slot = value;
    }
    extensions.rcpt_max = read.rcpt_max;
    extensions.mail_max = read.mail_max;
    extensions.rcpt_domain_max = read.rcpt_domain_max;
}

void read_keyword(Extensions& extensions, const std::string& line) {
    std::vector<std::string> parts = words(line);
    if (parts.empty()) return;
    const std::string keyword = parts.front();
    parts.erase(parts.begin());
    if (iequals(keyword, "STARTTLS"))
        extensions.starttls = true;
    else if (iequals(keyword, "PIPELINING"))
        extensions.pipelining = true;
    else if (iequals(keyword, "8BITMIME"))
        extensions.eightbitmime = true;
    else if (iequals(keyword, "SMTPUTF8"))
        extensions.smtputf8 = true;
    else if (iequals(keyword, "CHUNKING"))
        extensions.chunking = true;
    else if (iequals(keyword, "DSN"))
        extensions.dsn = true;
    else if (iequals(keyword, "REQUIRETLS"))
        extensions.requiretls = true;
    else if (iequals(keyword, "LIMITS"))
        read_limits(extensions, parts);
    else if (iequals(keyword, "SIZE")) {
        extensions.size = true;
        const auto size = parts.empty() ? std::nullopt : parse_number<std::uint64_t>(parts.front());
        if (size && *size > 0)
            extensions.max_size = size;  // 0: no fixed limit (RFC 1870 section 4)
    } else if (iequals(keyword, "AUTH")) {
        for (std::string& name : parts)
            add_mechanism(extensions, std::move(name));
    } else if (keyword.size() > 5 &&
               iequals(keyword.substr(0, 5), "AUTH=")) {  // a form from before RFC 2554
        add_mechanism(extensions, keyword.substr(5));
        for (std::string& name : parts)
            add_mechanism(extensions, std::move(name));
    }
}

}  // namespace

Extensions parse_extensions(const Reply& reply) {
    Extensions extensions;
    for (std::size_t i = 1; i < reply.lines.size(); ++i)
        read_keyword(extensions, reply.lines[i]);
    return extensions;
}

}  // namespace outpost::smtp
