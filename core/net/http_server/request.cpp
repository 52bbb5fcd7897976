// SPDX-License-Identifier: Apache-2.0
#include "core/net/http_server/request.hpp"

#include <algorithm>
#include <charconv>

#include "core/foundation/base/encoding.hpp"

namespace outpost::http_server {
namespace {

std::string_view trimmed(std::string_view text) {
    const auto begin = text.find_first_not_of(" \t");
    if (begin == text.npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

/// RFC 9110 section 5.6.2.
bool is_token(std::string_view text) {
    constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
    return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               marks.find(c) != marks.npos;
    });
}

bool is_visible(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

bool has_controls(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](char c) {
        return c != '\t' && (static_cast<unsigned char>(c) < 0x20 || c == 0x7f);
    });
}

std::optional<std::uint64_t> number(std::string_view text) {
    std::uint64_t value = 0;
    const auto end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, value);
    if (text.empty() || error != std::errc() || stopped != end) return std::nullopt;
    return value;
}

std::string without_port(std::string_view host) {
    const auto colon = host.rfind(':');
    const bool has_port = colon != host.npos && number(host.substr(colon + 1)).has_value();
    auto name = host.substr(0, has_port ? colon : host.npos);
    if (name.ends_with('.')) name.remove_suffix(1);
    return to_lower(name);
}

class HeadParser {
  public:
    Result<RequestHead> parse(const std::vector<std::string>& lines) {
        if (lines.empty() || !read_request_line(lines.front()))
            return Err{"this is no HTTP/1.1 request"};
        for (std::size_t at = 1; at < lines.size(); ++at)
            if (!read_field(lines[at])) return Err{"a header field is malformed"};
        if (repeated_) return Err{"a header field stands twice"};
        if (head_.content_length && head_.has_coding)
            return Err{"Content-Length and Transfer-Encoding exclude each other"};
        if (is_1_1_ && head_.host.empty()) return Err{"the Host field is missing"};
        return std::move(head_);
    }

  private:
    bool read_request_line(std::string_view line) {
        const auto first = line.find(' '), last = line.rfind(' ');
        if (first == line.npos || first == last) return false;
        const auto version = line.substr(last + 1);
        auto target = line.substr(first + 1, last - first - 1);
        is_1_1_ = version == "HTTP/1.1";
        if (!is_1_1_ && version != "HTTP/1.0") return false;
        if (!is_token(line.substr(0, first)) || !target.starts_with('/') || !is_visible(target))
            return false;
        head_.method = line.substr(0, first);
        head_.path = target.substr(0, target.find('?'));
        return true;
    }

    bool read_field(std::string_view line) {
        const auto colon = line.find(':');
        if (colon == line.npos || !is_token(line.substr(0, colon))) return false;
        const auto name = to_lower(line.substr(0, colon));
        const auto value = trimmed(line.substr(colon + 1));
        return !has_controls(value) && note(name, value);
    }

    bool note(const std::string& name, std::string_view value) {
        if (name == "host") {
            set(has_host_);
            head_.host = without_port(value);
            return is_visible(value);
        }
        if (name == "content-length") {
            set(has_length_);
            head_.content_length = number(value);
            return head_.content_length.has_value();
        }
        if (name == "content-type") {
            set(has_type_);
            head_.media_type = to_lower(trimmed(value.substr(0, value.find(';'))));
        } else if (name == "transfer-encoding") {
            head_.has_coding = true;
        } else if (name == "content-encoding") {
            head_.has_encoding = head_.has_encoding || !iequals(value, "identity");
        } else if (name == "expect") {
            head_.waits_for_100 = iequals(value, "100-continue");
        } else if (name == "x-forwarded-for") {
            const auto comma = value.rfind(',');
            head_.forwarded = trimmed(value.substr(comma == value.npos ? 0 : comma + 1));
        }
        return true;
    }

    void set(bool& seen) {
        repeated_ = repeated_ || seen;
        seen = true;
    }

    RequestHead head_;
    bool is_1_1_ = false, repeated_ = false;
    bool has_host_ = false, has_length_ = false, has_type_ = false;
};

}  // namespace

Result<RequestHead> parse_head(const std::vector<std::string>& lines) {
    return HeadParser().parse(lines);
}

}  // namespace outpost::http_server
