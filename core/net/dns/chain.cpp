// SPDX-License-Identifier: Apache-2.0
#include "core/net/dns/chain.hpp"

#include <algorithm>

namespace outpost::dns {
namespace {

constexpr std::size_t most_cnames = 16;

}  // namespace

Chain::Chain(Question question) : type_(question.type) {
    answer_.canonical_name = canonical(question.name);
    seen_.insert(answer_.canonical_name);
}

void Chain::limit_ttl(std::chrono::seconds ttl) {
    answer_.ttl = ttl_known_ ? std::min(answer_.ttl, ttl) : ttl;
    ttl_known_ = true;
}

void Chain::weaken(const Response& response, Security security) {
    // The last enumerator is the weakest: nothing is known of what was not checked.
    answer_.security = security_known_ ? std::max(answer_.security, security) : security;
    security_known_ = true;
    if (answer_.extended_error >= 0 || response.extended_error < 0) return;
    answer_.extended_error = response.extended_error;
    answer_.extended_text = response.extended_text;
}

/// Follows one CNAME if the response has one for the current name; false if not.
bool Chain::step(const Response& response, State& state) {
    const auto alias = std::find_if(
        response.answers.begin(), response.answers.end(),
        [&](const OwnedRecord& each) {
            return each.record.type == Type::cname && each.owner == answer_.canonical_name;
        }
    );
    if (alias == response.answers.end()) return false;
    answer_.canonical_name = alias->record.text;
    answer_.followed_cname = true;
    limit_ttl(alias->ttl);
    const bool is_new = seen_.insert(answer_.canonical_name).second;
    if (!is_new || seen_.size() > most_cnames + 1) state = State::broken;
    return state != State::broken;
}

Chain::State Chain::take(const Response& response, Security security) {
    State state = State::done;
    weaken(response, security);
    const std::string asked = answer_.canonical_name;
    while (type_ != Type::cname && step(response, state)) {
    }
    if (state == State::broken) return state;
    for (const OwnedRecord& each : response.answers) {
        if (each.owner != answer_.canonical_name || each.record.type != type_) continue;
        answer_.records.push_back(each.record);
        limit_ttl(each.ttl);
    }
    if (!answer_.records.empty()) return State::done;
    // RFC 6604 section 2.1: the code is about the last name of the chain.
    answer_.nxdomain = response.code == ReplyCode::nxdomain;
    const bool led_away = answer_.canonical_name != asked;
    if (led_away && !answer_.nxdomain && !response.negative_ttl) return State::ask_next;
    limit_ttl(response.negative_ttl.value_or(std::chrono::seconds(0)));
    return State::done;
}

}  // namespace outpost::dns
