// SPDX-License-Identifier: Apache-2.0
#include "core/net/dns/domain.hpp"

#include <fmt/format.h>
#include <idn2.h>

#include <algorithm>
#include <memory>

#include "core/foundation/base/encoding.hpp"
#include "core/foundation/base/safe_text.hpp"

namespace outpost::dns {
namespace {

constexpr std::size_t max_input = 1024;  // U-labels may be longer than the A-labels they stand for
constexpr std::size_t max_name = 253, max_label = 63;

/// Calls an idn2 conversion, which hands back memory of its own.
template <class Convert>
Result<std::string> convert(const std::string& text, Convert convert_with) {
    char* out = nullptr;
    const int code = convert_with(text.c_str(), &out);
    const std::unique_ptr<char, void (*)(void*)> owner(out, idn2_free);
    if (code != IDN2_OK) return Err(std::string(idn2_strerror(code)));
    return std::string(out);
}

/// UTS 46 processing, non-transitional, so that "straße.de" is not "strasse.de".
Result<std::string> to_ascii(const std::string& text) {
    return convert(text, [](const char* in, char** out) {
        return idn2_to_ascii_8z(in, out, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    });
}

Result<std::string> to_unicode(const std::string& text) {
    return convert(text, [](const char* in, char** out) {
        return idn2_to_unicode_8z8z(in, out, IDN2_NONTRANSITIONAL);
    });
}

constexpr bool is_label_char(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

bool is_number(std::string_view label) {
    return std::all_of(label.begin(), label.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// What is wrong with a label in lower case; empty when nothing is.
std::string label_fault(std::string_view label) {
    if (label.empty()) return "two dots follow each other, or one comes first";
    if (label.size() > max_label) return "a part between dots is longer than 63 octets";
    if (label.front() == '-' || label.back() == '-') {
        return "a part between dots begins or ends with a hyphen";
    }
    const auto foreign = std::find_if_not(label.begin(), label.end(), is_label_char);
    if (foreign == label.end()) return {};
    return fmt::format("'{}' cannot be part of it", safe_text({&*foreign, 1}, Charset::ascii, 1));
}

/// What is wrong with a name in lower case; empty when nothing is.
std::string name_fault(std::string_view name) {
    if (name.empty()) return "it is empty";
    if (name.size() > max_name) return "it is longer than 253 octets";
    std::string_view label;
    for (std::string_view rest = name;;) {
        const auto dot = rest.find('.');
        label = rest.substr(0, dot);
        if (auto fault = label_fault(label); !fault.empty()) return fault;
        if (dot == std::string_view::npos) break;
        rest.remove_prefix(dot + 1);
    }
    // No top-level domain is a number (RFC 3696 section 2), but an address without brackets ends
    // so.
    if (is_number(label))
        return "it looks like an IP address, which needs brackets in a mail address";
    return {};
}

std::string describe(std::string_view text, std::string_view fault) {
    return fmt::format(
        "\"{}\" is not a domain name: {}", safe_text(text, Charset::utf8, 80), fault
    );
}

}  // namespace

Result<Domain> Domain::parse(std::string_view text) {
    if (text.size() > max_input) return Err(describe(text, "it is longer than 253 octets"));
    if (!is_clean_utf8(text)) {
        return Err(describe(text, "it contains control characters or is not UTF-8"));
    }
    std::string name = to_lower(text);
    if (!is_ascii(name)) {
        auto converted = to_ascii(name);
        if (!converted) return Err(describe(text, converted.error()));
        name = *std::move(converted);
    }
    if (name.ends_with('.')) name.pop_back();
    if (auto fault = name_fault(name); !fault.empty()) return Err(describe(text, fault));
    Domain domain;
    domain.ascii_ = std::move(name);
    return domain;
}

std::string Domain::unicode() const {
    if (ascii_.find("xn--") == std::string::npos) return ascii_;
    // A-labels come from strangers: what they decode to is shown only if it encodes to the same
    // name again.
    auto decoded = to_unicode(ascii_);
    if (!decoded) return ascii_;
    const auto again = parse(*decoded);
    return again && again->ascii_ == ascii_ ? *decoded : ascii_;
}

bool Domain::is_below(const Domain& parent) const noexcept {
    const auto& suffix = parent.ascii_;
    return !suffix.empty() && ascii_.size() > suffix.size() + 1 && ascii_.ends_with(suffix) &&
           ascii_[ascii_.size() - suffix.size() - 1] == '.';
}

}  // namespace outpost::dns
