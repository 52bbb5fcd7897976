// SPDX-License-Identifier: Apache-2.0
#include "core/mail/smtp/dsn_parameters.hpp"

#include "core/foundation/base/encoding.hpp"

namespace outpost::smtp {

std::string Notify::to_string() const {
    if (never) return "NEVER";
    std::string out;
    const auto add = [&out](bool wanted, std::string_view name) {
        if (!wanted) return;
        if (!out.empty()) out += ',';
        out += name;
    };
    add(success, "SUCCESS");
    add(failure, "FAILURE");
    add(delay, "DELAY");
    return out;
}

std::optional<Notify> Notify::parse(std::string_view text) {
    Notify notify;
    while (!text.empty()) {
        const auto comma = text.find(',');
        const auto word = text.substr(0, comma);
        bool* flag = iequals(word, "NEVER")     ? &notify.never
                     : iequals(word, "SUCCESS") ? &notify.success
                     : iequals(word, "FAILURE") ? &notify.failure
                     : iequals(word, "DELAY")   ? &notify.delay
                                                : nullptr;
        if (flag == nullptr || *flag) return std::nullopt;
        *flag = true;
        if (comma == text.npos) break;
        text.remove_prefix(comma + 1);
        if (text.empty()) return std::nullopt;
    }
    // NEVER stands alone (RFC 3461 section 4.1).
    if (notify.never && (notify.success || notify.failure || notify.delay)) return std::nullopt;
    return notify;
}

std::string_view to_string(Ret ret) noexcept {
    switch (ret) {
        case Ret::unspecified:
            return "";
        case Ret::full:
            return "FULL";
        case Ret::headers:
            return "HDRS";
    }
    return "";
}

std::optional<Ret> parse_ret(std::string_view text) noexcept {
    for (const Ret ret : {Ret::full, Ret::headers}) {
        if (iequals(text, to_string(ret))) return ret;
    }
    return std::nullopt;
}

}  // namespace outpost::smtp
