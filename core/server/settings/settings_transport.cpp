// SPDX-License-Identifier: Apache-2.0
// The transports: each describes its own keys, and here they are one choice.
#include "core/server/settings/builtin.hpp"
#include "core/server/settings/settings_types.hpp"

namespace outpost::server {
namespace {

using delivery::TransportKind;
using delivery::TransportSettings;
using AnyTransport = std::variant<TransportSettings>;

bool is_same_kind(const TransportSettings& one, const TransportSettings& initial) {
    return one.type == initial.type;
}

void add(config::Choice<AnyTransport>& choice, const TransportKind& kind) {
    choice.alternative<TransportSettings>(
        kind.initial.type, kind.section, kind.initial, is_same_kind
    );
}

config::Type<TransportSettings> type_of(const config::Choice<AnyTransport>& choice) {
    return config::stored_as<TransportSettings, AnyTransport>(
        choice.type(),
        [](TransportSettings& kept, const AnyTransport& read) { kept = std::get<0>(read); },
        [](const TransportSettings& kept) { return AnyTransport(kept); }
    );
}

}  // namespace

config::Type<TransportSettings> transport_type() {
    config::Choice<AnyTransport> choice(
        "transport", "A way for mail to leave. `type` says which kind."
    );
    for (const TransportKind& kind : transport_kinds())
        add(choice, kind);
    return type_of(choice);
}

config::Type<TransportSettings> relay_type() {
    config::Choice<AnyTransport> choice("relay", "A server that takes mail.");
    for (const TransportKind& kind : transport_kinds()) {
        if (kind.takes_submissions) add(choice, kind);
    }
    return type_of(choice);
}

}  // namespace outpost::server
