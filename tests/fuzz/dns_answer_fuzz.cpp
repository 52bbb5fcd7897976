// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdlib>

#include "core/net/dns/chain.hpp"
#include "core/net/dns/wire.hpp"

using namespace outpost::dns;

// Any octets as a response: decoded for each type of question, with the id they claim to have.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::string_view packet(reinterpret_cast<const char*>(data), size);
    const auto id = static_cast<std::uint16_t>(data[0] << 8 | data[1]);
    for (const Type type :
         {Type::a, Type::ns, Type::cname, Type::ptr, Type::mx, Type::txt, Type::aaaa, Type::tlsa}) {
        const Question question{"a.test", type};
        const auto response = decode_response(packet, id, question);
        if (!response || !*response) continue;
        Chain chain(question);
        (void)chain.take(**response, Security::insecure);
        for (const auto& each : (*response)->answers) {
            const bool is_name = each.record.type == Type::mx || each.record.type == Type::cname;
            if (is_name &&
                each.record.text.find_first_of(std::string_view("\r\n\0 ", 4)) != std::string::npos)
                std::abort();
        }
    }
    return 0;
}
