// SPDX-License-Identifier: Apache-2.0
#include "core/cli/story.hpp"

#include <fmt/format.h>

namespace outpost::cli {
namespace {

using db::Statement;

const Statement find_message{"story_message", R"(
    SELECT to_char(submitted_at, 'YYYY-MM-DD HH24:MI:SS'), source, client, account, mail_from,
        size, header_message_id, tag,
        CASE WHEN require_tls THEN 'REQUIRETLS' WHEN NOT require_tls THEN 'TLS-Required: No'
            WHEN require_tls_at IS NOT NULL THEN 'TLS as the policies say' ELSE '' END ||
            coalesce(', set by ' || require_tls_by || ' at '
                || to_char(require_tls_at, 'YYYY-MM-DD HH24:MI:SS'), ''),
        CASE WHEN signed_by <> '' THEN 'signed by ' || signed_by
            WHEN signed_by IS NULL AND source = 'sql' AND open_recipients > 0
            THEN 'to be signed by its next attempt, if there are keys' ELSE 'not signed' END
    FROM outpost.messages WHERE message_id = $1
)"};
const Statement find_recipients{"story_recipients", R"(
    SELECT number, address, state, attempts,
        coalesce(to_char(next_attempt_at, 'YYYY-MM-DD HH24:MI:SS'), ''),
        last_reply, hold_reason, held_by,
        coalesce(to_char(held_at, 'YYYY-MM-DD HH24:MI:SS'), ''),
        coalesce(node, ''), coalesce(to_char(leased_at, 'HH24:MI:SS'), ''),
        stage, uncertain, transport_override,
        coalesce(to_char(finished_at, 'YYYY-MM-DD HH24:MI:SS'), ''),
        coalesce(next_attempt_at <= now(), false), coalesce(report, ''),
        coalesce(to_char(lease_until, 'HH24:MI:SS'), ''),
        (SELECT count(*) FROM outpost.queue q WHERE q.domain = r.domain AND q.state = 'leased')
    FROM outpost.recipients r WHERE message_id = $1 ORDER BY number
)"};
const Statement find_attempts{"story_attempts", R"(
    SELECT attempt, to_char(started_at, 'YYYY-MM-DD HH24:MI:SS.MS'), duration, node, route_reason,
        transport, remote_host, remote_ip, remote_port, tls_version, tls_cipher, tls_verified,
        outcome, stage, reply, transcript, config_version, tls_requirement, tls_policy, tls_result
    FROM outpost.attempts WHERE message_id = $1 AND number = $2
    ORDER BY attempt, started_at
)"};

const Statement find_bounces{"story_bounces", R"(
    SELECT to_char(received_at, 'YYYY-MM-DD HH24:MI:SS'), action, status, diagnostic, remote_mta,
        reporting_mta, times,
        coalesce(to_char(reported_at, 'YYYY-MM-DD HH24:MI:SS'), '')
    FROM outpost.bounces WHERE message_id = $1 AND number = $2 ORDER BY first_received_at
)"};

std::string or_else(std::string_view text, std::string_view other) {
    return std::string(text.empty() ? other : text);
}

std::string accepted(std::int64_t id, const db::Row& row) {
    std::string text = fmt::format(
        "message {}\n  accepted  {} by {}, {}{}{}, {} octets\n", id, row.text(0), row.text(1),
        or_else(row.view(2), "no client"), row.view(3).empty() ? "" : ", account ", row.text(3),
        row.text(5)
    );
    text += fmt::format(
        "            from {}, {}\n", or_else(row.view(4), "<>"),
        or_else(row.view(6), "without Message-ID")
    );
    if (!row.view(7).empty()) text += fmt::format("            tag {}\n", row.text(7));
    if (!row.view(8).empty()) text += fmt::format("            {}\n", row.text(8));
    text += fmt::format("            {}\n", row.text(9));
    return text;
}

std::string indented(std::string_view lines) {
    std::string text;
    while (!lines.empty()) {
        const auto end = lines.find('\n');
        text += "              " + std::string(lines.substr(0, end)) + "\n";
        if (end == lines.npos) break;
        lines.remove_prefix(end + 1);
    }
    return text;
}

std::string attempt(const db::Row& row) {
    std::string text = fmt::format(
        "  attempt {} {} on {}, {:.3f} s, configuration {}\n", row.text(0), row.text(1),
        row.text(3), row.real(2), or_else(row.view(16), "unknown")
    );
    if (!row.view(4).empty()) text += fmt::format("    route     {}\n", row.text(4));
    if (!row.view(5).empty()) text += fmt::format("    transport {}\n", row.text(5));
    if (!row.view(7).empty()) {
        text += fmt::format(
            "    remote    {} [{}]:{}, {}\n", row.text(6), row.text(7), row.text(8),
            row.view(9).empty() ? "in clear"
                                : fmt::format(
                                      "{} with {}, certificate {}", row.text(9), row.text(10),
                                      row.flag(11) ? "verified" : "not verified"
                                  )
        );
    }
    if (!row.view(18).empty())
        text += fmt::format("    TLS asked {}, by {}\n", row.text(17), row.text(18));
    if (!row.view(19).empty()) text += fmt::format("    TLS came  {}\n", row.text(19));
    text += fmt::format("    outcome   {} at {}: {}\n", row.text(12), row.text(13), row.text(14));
    if (!row.view(15).empty()) text += "    dialogue\n" + indented(row.view(15));
    return text;
}

/// What came back to the recipient's return path.
std::string bounce(const db::Row& row) {
    std::string text = fmt::format(
        "  came back {}, {}, by {}: {}", row.text(0), row.text(1),
        or_else(row.view(5), "an unnamed server"), or_else(row.view(3), "without words")
    );
    if (!row.view(2).empty()) text += fmt::format(" (status {})", row.text(2));
    if (row.number(6) > 1) text += fmt::format("; {} times", row.text(6));
    if (!row.view(7).empty()) text += fmt::format("; the sender was told at {}", row.text(7));
    return text + "\n";
}

std::string waiting(const db::Row& row) {
    const std::string state = row.text(2);
    const std::string override =
        row.view(13).empty() ? "" : fmt::format(" (an operator set transport {})", row.text(13));
    if (state == "held")
        return fmt::format(
            "held since {} by {}: {}; release it with outpost queue release", row.text(8),
            or_else(row.view(7), "unknown"), or_else(row.view(6), "no reason given")
        );
    if (state == "leased")
        return fmt::format(
            "in flight on node {} since {}, stage {}; if that node dies, others take over after {}",
            row.text(9), row.text(10), or_else(row.view(11), "leased"), row.text(17)
        );
    if (state == "queued" && row.flag(15))
        return fmt::format(
            "due since {}: waits for its turn; {} deliveries to its domain are in flight{}",
            row.text(4), row.text(18), override
        );
    if (state == "queued" && row.flag(12))
        return fmt::format(
            "uncertain (the last final reply was lost): tried again at {}{}", row.text(4), override
        );
    if (state == "queued" && row.number(3) == 0)
        return fmt::format("not before {}{}", row.text(4), override);
    if (state == "queued")
        return fmt::format(
            "waits for its next attempt at {}, after: {}{}", row.text(4), row.text(5), override
        );
    return fmt::format(
        "{} at {}{}", state, row.text(14),
        row.view(16).empty()
            ? ""
            : fmt::format("; a report ({}) to the sender is about to be written", row.text(16))
    );
}

}  // namespace

std::string tell_story(db::Session& session, std::int64_t message) {
    const db::Rows found = session.exec(find_message, message);
    if (found.empty()) return {};
    std::string text = accepted(message, found.at(0));
    for (const db::Row row : session.exec(find_recipients, message)) {
        text += fmt::format("recipient {} {}\n", row.text(0), row.text(1));
        for (const db::Row one : session.exec(find_attempts, message, row.number(0)))
            text += attempt(one);
        for (const db::Row one : session.exec(find_bounces, message, row.number(0)))
            text += bounce(one);
        text += "  now       " + waiting(row) + "\n";
    }
    return text;
}

bool is_over(db::Session& session, std::int64_t message) {
    const db::Rows rows = session.exec(find_recipients, message);
    for (const db::Row row : rows) {
        if (row.view(14).empty()) return false;
    }
    return !rows.empty();
}

}  // namespace outpost::cli
