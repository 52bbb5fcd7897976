// SPDX-License-Identifier: Apache-2.0
#include "core/mail/smtp/tls_wish.hpp"

#include "core/foundation/base/encoding.hpp"

namespace outpost::smtp {

std::string_view to_string(TlsWish wish) noexcept {
    switch (wish) {
        case TlsWish::standard:
            return "default";
        case TlsWish::required:
            return "yes";
        case TlsWish::not_required:
            return "no";
    }
    return "default";
}

std::optional<TlsWish> parse_tls_wish(std::string_view text) noexcept {
    for (const TlsWish wish : {TlsWish::standard, TlsWish::required, TlsWish::not_required}) {
        if (iequals(text, to_string(wish))) return wish;
    }
    return std::nullopt;
}

}  // namespace outpost::smtp
