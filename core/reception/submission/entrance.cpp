// SPDX-License-Identifier: Apache-2.0
#include "core/reception/submission/entrance.hpp"

#include "core/mail/smtp/server_reply.hpp"

namespace outpost::submission {
namespace {

using smtp::make_reply;

metrics::Counter& counter(
    metrics::Registry& registry, const std::string& listener, const std::string& source,
    const char* answer
) {
    return registry.counter(
        "outpost_messages_total", "Messages sent to a listener, by the answer to their end",
        {{"listener", listener}, {"source", source}, {"answer", answer}}
    );
}

}  // namespace

MessageCounters::MessageCounters(
    metrics::Registry& registry, const std::string& listener, const std::string& source
)
    : accepted(counter(registry, listener, source, "accepted")),
      deferred(counter(registry, listener, source, "deferred")),
      refused(counter(registry, listener, source, "refused")) {}

void MessageCounters::count(const smtp::Reply& answer) noexcept {
    (answer.positive() ? accepted : answer.transient() ? deferred : refused).add();
}

Entrance::Refusal Entrance::check_client(const smtp::ServerClient& client) const {
    const auto& settings = parts_.settings;
    if (parts_.connections->total() > settings.max_connections) {
        return make_reply(421, "4.3.2", "too many connections, try again later");
    }
    if (settings.socket.empty() &&
        parts_.connections->from(client.ip) > settings.max_connections_per_ip) {
        return make_reply(421, "4.7.0", "too many connections from your address");
    }
    return std::nullopt;
}

Entrance::Refusal Entrance::check_message(const smtp::ServerClient& client) const {
    const auto limit = parts_.settings.max_messages_per_minute;
    if (parts_.messages_per_minute->take(parts_.name + ' ' + client.ip, limit)) return std::nullopt;
    return make_reply(450, "4.7.1", "too many messages a minute from your address");
}

}  // namespace outpost::submission
