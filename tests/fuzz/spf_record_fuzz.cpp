// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/mail/authentication/spf/macro.hpp"
#include "core/mail/authentication/spf/record.hpp"

using namespace outpost;

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

spf::MacroValues values() {
    spf::MacroValues values;
    values.sender_local = "a.b-c+d";
    values.sender_domain = values.helo = "mail.sender.example";
    values.domain = "sender.example";
    values.client = asio::ip::make_address("2001:db8::1");
    return values;
}

}  // namespace

/// Whatever a domain publishes: what was read keeps its bounds, and names come out short enough.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    static const auto client = values();
    (void)spf::expand(text, client);
    const auto record = spf::parse_record(text);
    if (!record) return 0;
    require(spf::is_record(text));
    for (const auto& directive : record->directives) {
        require(directive.v4_prefix <= 32 && directive.v6_prefix <= 128);
        require(directive.domain_spec.empty() || spf::check_domain_spec(directive.domain_spec));
        const auto name = spf::expand_domain(directive.domain_spec, client);
        require(name.size() <= 253 || name.find('.') == std::string::npos);
    }
    return 0;
}
