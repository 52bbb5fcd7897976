// SPDX-License-Identifier: Apache-2.0
// The sections about what our domains publish in the DNS.
#include "core/app/settings_types.hpp"

namespace outpost::app {
namespace {

using config::list_of;
using config::Node;
using config::Reader;
using config::Spec;
using config::words;
using namespace std::chrono_literals;

config::Type<MtaStsPublication::Mode> published_mode() {
    using Mode = MtaStsPublication::Mode;
    return config::one_of<Mode>(
        {{"enforce", Mode::enforce, "nobody delivers to a host that fails it"},
         {"testing", Mode::testing, "failures are only reported"},
         {"none", Mode::none, "there is no policy any more"}}
    );
}

config::Type<DmarcPublication::Policy> dmarc_policy() {
    using Policy = DmarcPublication::Policy;
    return config::one_of<Policy>(
        {{"none", Policy::none, "only reports are wanted"},
         {"quarantine", Policy::quarantine, "what fails is suspicious"},
         {"reject", Policy::reject, "what fails is to be refused"}}
    );
}

}  // namespace

config::Type<MtaStsPublication> mta_sts_publication_type() {
    return Spec<MtaStsPublication>(
               "published mta_sts", "The MTA-STS policy that the domain publishes (RFC 8461)."
    )
        .key("mode", &MtaStsPublication::mode, published_mode(), "What senders are to do.")
        .key(
            "mx", &MtaStsPublication::mx, list_of(words({.longest = 253})),
            "Hosts that may receive its mail: `mx.example.com`, `*.example.com`. Without it: those "
            "of `mx`."
        )
        .key(
            "max_age", &MtaStsPublication::max_age,
            config::duration<std::chrono::seconds>(1h, 365 * 24h),
            "How long senders remember it (at most a year)."
        )
        .type();
}

config::Type<DmarcPublication> dmarc_type() {
    return Spec<DmarcPublication>("dmarc", "The DMARC policy that the domain publishes (RFC 7489).")
        .key("policy", &DmarcPublication::policy, dmarc_policy(), "What receivers are to do.")
        .key(
            "reports", &DmarcPublication::reports, address(),
            "Where they are to send aggregate reports. Without it: nowhere."
        )
        .type();
}

config::Type<SpfPublication> spf_type() {
    return Spec<SpfPublication>(
               "spf",
               "The SPF record of the domain (RFC 7208). Addresses that our mail leaves from are "
               "in "
               "it by themselves."
    )
        .key(
            "mechanisms", &SpfPublication::mechanisms, list_of(words({.longest = 400})),
            "What else may send for the domain: `include:_spf.relay.example`, `ip4:192.0.2.0/24`."
        )
        .key(
            "fail_others", &SpfPublication::fail_others, config::boolean(),
            "Whether mail from elsewhere fails (`-all`) or is only suspicious (`~all`)."
        )
        .type();
}

}  // namespace outpost::app
