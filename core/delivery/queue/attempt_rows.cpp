// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/queue/attempt_rows.hpp"

#include <chrono>
#include <tuple>

#include "core/foundation/base/safe_text.hpp"

namespace outpost::queue {
namespace {

/// What the columns of a row are made of.
struct Attempt {
    const Settled& settled;
    const delivery::RemoteFacts& remote;
    const std::string& node;
    bool recorded;
};

std::string_view outcome_of(const Attempt& attempt) {
    if (!attempt.recorded) return "late";
    if (attempt.settled.state == RecipientState::held) return "held";
    switch (attempt.settled.verdict.kind()) {
        case delivery::Verdict::Kind::delivered:
            return "delivered";
        case delivery::Verdict::Kind::deferred:
            return "deferred";
        case delivery::Verdict::Kind::failed:
            return "failed";
    }
    return "deferred";
}

template <class Value>
struct Column {
    const char* name;
    Value value;  ///< of an Attempt, in the C++ type of the column (database/binary.hpp)
};
template <class Value>
constexpr Column<Value> column(const char* name, Value value) {
    return {name, value};
}

// The one list of an attempt's columns: a new one needs its line here, its step in schema/ and its
// member in Settled or RemoteFacts.
constexpr std::tuple columns{
    column("message_id", [](const Attempt& a) { return to_number(a.settled.key.message); }),
    column("number", [](const Attempt& a) { return a.settled.key.number; }),
    column("attempt", [](const Attempt& a) { return a.settled.attempt; }),
    column("started_at", [](const Attempt& a) { return a.settled.started; }),
    column(
        "duration",
        [](const Attempt& a) { return std::chrono::duration<double>(a.settled.duration).count(); }
    ),
    column("node", [](const Attempt& a) { return std::string_view(a.node); }),
    column("route_list", [](const Attempt& a) { return std::string_view(a.settled.route_list); }),
    column("route_index", [](const Attempt& a) { return a.settled.route_index; }),
    column("route_name", [](const Attempt& a) { return std::string_view(a.settled.route_name); }),
    column("route_reason", [](const Attempt& a) { return one_line(a.settled.route_reason); }),
    column("transport", [](const Attempt& a) { return std::string_view(a.settled.transport); }),
    column("remote_host", [](const Attempt& a) { return one_line(a.remote.host); }),
    column("remote_ip", [](const Attempt& a) { return one_line(a.remote.ip); }),
    column("remote_port", [](const Attempt& a) { return std::int32_t{a.remote.port}; }),
    column("tls_version", [](const Attempt& a) { return one_line(a.remote.tls_version); }),
    column("tls_cipher", [](const Attempt& a) { return one_line(a.remote.tls_cipher); }),
    column("tls_verified", [](const Attempt& a) { return a.remote.tls_verified; }),
    column("tls_requirement", [](const Attempt& a) { return one_line(a.remote.tls_requirement); }),
    column("tls_policy", [](const Attempt& a) { return one_line(a.remote.tls_policy); }),
    column("tls_result", [](const Attempt& a) { return one_line(a.remote.tls_result); }),
    column("stage", [](const Attempt& a) { return to_string(a.settled.verdict.stage()); }),
    column("outcome", [](const Attempt& a) { return outcome_of(a); }),
    column(
        "error_kind", [](const Attempt& a) { return to_string(a.settled.verdict.error_kind()); }
    ),
    column("reply_code", [](const Attempt& a) { return reply_code_of(a.settled); }),
    column("status", [](const Attempt& a) { return a.settled.verdict.status().text(); }),
    column("reply", [](const Attempt& a) { return one_line(a.settled.verdict.words()); }),
    column(
        "config_version",
        [](const Attempt& a) { return std::string_view(a.settled.config_version); }
    ),
    column("transcript", [](const Attempt& a) { return std::string_view(a.settled.transcript); })
};

const std::string copy_attempts = [] {
    std::string names;
    const auto add = [&names](const char* name) {
        if (!names.empty()) names += ", ";
        names += name;
    };
    std::apply([&add](const auto&... column) { (add(column.name), ...); }, columns);
    return "COPY outpost_private.attempt (" + names + ") FROM STDIN (FORMAT binary)";
}();

}  // namespace

void write_attempt_rows(
    db::Session& session, std::span<const AttemptRow> attempts, const std::string& node
) {
    if (attempts.empty()) return;
    session.copy(copy_attempts.c_str(), [&](db::CopyRows& rows) {
        for (const AttemptRow& row : attempts) {
            const Attempt attempt{*row.settled, remote_of(*row.settled), node, row.recorded};
            std::apply([&](const auto&... column) { rows.add(column.value(attempt)...); }, columns);
        }
    });
}

std::string one_line(std::string_view words) {
    return safe_text(words, Charset::utf8, 4096);
}

std::optional<std::int32_t> reply_code_of(const Settled& settled) {
    const auto& reply = settled.verdict.reply();
    return reply && reply->code != 0 ? std::optional<std::int32_t>(reply->code) : std::nullopt;
}

const delivery::RemoteFacts& remote_of(const Settled& settled) {
    static const delivery::RemoteFacts nowhere;
    return settled.verdict.remote ? *settled.verdict.remote : nowhere;
}

}  // namespace outpost::queue
