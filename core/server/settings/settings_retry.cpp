// SPDX-License-Identifier: Apache-2.0
#include "core/server/settings/settings_types.hpp"

namespace outpost::server {

using delivery::RetryPolicy;
using std::chrono::seconds;
using namespace std::chrono_literals;

namespace {

void check_order(config::Reader& reader, const config::Node& node, const RetryPolicy& retry) {
    const auto place = [&](const char* key) {
        const config::Node* value = node.find(key);
        return value ? value->at : node.at;
    };
    if (retry.first > retry.longest) {
        reader.error(
            place("first"), "the first delay is longer than the longest one",
            "longest is " + config::format_duration(retry.longest)
        );
    }
    if (retry.give_up_after <= retry.first) {
        reader.error(
            place("give_up_after"), "gives up before the first retry",
            "first is " + config::format_duration(retry.first)
        );
    }
    if (retry.warn_after > 0s && retry.warn_after >= retry.give_up_after) {
        reader.warning(
            place("warn_after"), "no delay notice will ever be sent: delivery is given up before"
        );
    }
}

}  // namespace

config::Type<RetryPolicy> retry_type() {
    return config::Spec<RetryPolicy>(
               "retry",
               "When to try again, when to tell the sender of a delay, when to give up. Delays "
               "grow by `factor` from `first` to `longest`."
    )
        .key(
            "first", &RetryPolicy::first, config::duration<seconds>(1s, 24h),
            "Delay after the first failed attempt."
        )
        .key(
            "factor", &RetryPolicy::factor, config::number(1, 10),
            "Growth of the delay from attempt to attempt."
        )
        .key(
            "longest", &RetryPolicy::longest, config::duration<seconds>(1s, 7 * 24h),
            "No delay is longer."
        )
        .key(
            "jitter", &RetryPolicy::jitter, config::number(0, 0.9),
            "Each delay is varied by up to this part of it, both ways, so that retries do not come "
            "in waves."
        )
        .key(
            "give_up_after", &RetryPolicy::give_up_after, config::duration<seconds>(1s, 60 * 24h),
            "Time since submission after which a temporary failure becomes final."
        )
        .key(
            "warn_after", &RetryPolicy::warn_after, config::duration<seconds>(0s, 60 * 24h),
            "Time since submission after which the sender is told of the delay; 0: never."
        )
        .key(
            "uncertain", &RetryPolicy::uncertain, config::duration<seconds>(1s, 24h),
            "Delay after an attempt whose final reply did not come (RFC 5321 section 4.5.3.2.6): "
            "the message may have arrived."
        )
        .check(check_order)
        .type();
}

}  // namespace outpost::server
