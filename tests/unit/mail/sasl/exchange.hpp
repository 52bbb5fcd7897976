// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "core/mail/sasl/mechanism.hpp"

namespace outpost::test {

using State = sasl::ServerMechanism::State;

inline sasl::Credentials user(std::string name = "user", std::string password = "pencil") {
    sasl::Credentials who;
    who.username = std::move(name);
    who.password = Secret(std::move(password));
    return who;
}
inline const sasl::ChannelBinding exporter{"tls-exporter", std::string(32, '\x5a')};

struct Ending {
    bool server_accepts = false, client_satisfied = false;
    std::string username;
};
/// Plays both sides to the end, as SMTP would carry it.
inline Ending exchange(sasl::ClientMechanism& client, sasl::ServerMechanism& server) {
    std::optional<std::string> challenge;
    if (!client.initial_response()) challenge = server.step("").second;
    Ending ending;
    for (int round = 0; round < 5; ++round) {
        const auto response = challenge ? client.step(*challenge) : client.step({});
        if (!response) break;
        const auto [state, next] = server.step(*response);
        if (state == State::failed) break;
        challenge = next;
        if (state == State::need_response) continue;
        ending.server_accepts = true;
        if (!next.empty() && !client.step(next)) break;
        ending.client_satisfied = client.done();
        break;
    }
    ending.username = server.username();
    return ending;
}

}  // namespace outpost::test
