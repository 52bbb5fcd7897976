// SPDX-License-Identifier: Apache-2.0
// The sections about what strangers see of us: what our domains publish, and where they may call.
#include "core/server/settings/settings_types.hpp"

namespace outpost::server {
namespace {

using config::list_of;
using config::Node;
using config::Reader;
using config::Spec;
using config::words;
using domain_records::Dmarc;
using domain_records::MtaStsPolicy;
using domain_records::Spf;
using namespace std::chrono_literals;

config::Type<MtaStsPolicy::Mode> published_mode() {
    using Mode = MtaStsPolicy::Mode;
    return config::one_of<Mode>(
        {{"enforce", Mode::enforce, "nobody delivers to a host that fails it"},
         {"testing", Mode::testing, "failures are only reported"},
         {"none", Mode::none, "there is no policy any more"}}
    );
}

config::Type<authentication::DmarcPolicy> dmarc_policy() {
    using Policy = authentication::DmarcPolicy;
    return config::one_of<Policy>(
        {{"none", Policy::none, "only reports are wanted"},
         {"quarantine", Policy::quarantine, "what fails is suspicious"},
         {"reject", Policy::reject, "what fails is to be refused"}}
    );
}

void check_certificate(Reader& reader, const Node& node, const HttpsSettings&) {
    if ((node.find("certificate") == nullptr) != (node.find("key") == nullptr)) {
        reader.error(node.at, "certificate and key belong together, one of them is missing");
    }
}

void check_report_path(Reader& reader, const Node& node, const HttpsSettings& https) {
    if (!https.tls_report_path.empty() && !https.tls_report_path.starts_with('/')) {
        reader.error(node.find("tls_report_path")->at, "a path begins with '/'");
    }
}

}  // namespace

config::Type<MtaStsPolicy> mta_sts_policy_type() {
    return Spec<MtaStsPolicy>(
               "published mta_sts", "The MTA-STS policy that the domain publishes (RFC 8461)."
    )
        .key("mode", &MtaStsPolicy::mode, published_mode(), "What senders are to do.")
        .key(
            "mx", &MtaStsPolicy::mx, list_of(words({.longest = 253})),
            "Hosts that may receive its mail: `mx.example.com`, `*.example.com`. Without it: those "
            "of `mx`."
        )
        .key(
            "max_age", &MtaStsPolicy::max_age,
            config::duration<std::chrono::seconds>(1h, 365 * 24h),
            "How long senders remember it (at most a year)."
        )
        .type();
}

config::Type<Dmarc> dmarc_type() {
    return Spec<Dmarc>("dmarc", "The DMARC policy that the domain publishes (RFC 7489).")
        .key("policy", &Dmarc::policy, dmarc_policy(), "What receivers are to do.")
        .key(
            "reports", &Dmarc::reports, address(),
            "Where they are to send aggregate reports. Without it: nowhere."
        )
        .type();
}

config::Type<Spf> spf_type() {
    return Spec<Spf>(
               "spf",
               "The SPF record of the domain (RFC 7208). Addresses that our mail leaves from are "
               "in "
               "it by themselves."
    )
        .key(
            "mechanisms", &Spf::mechanisms, list_of(words({.longest = 400})),
            "What else may send for the domain: `include:_spf.relay.example`, `ip4:192.0.2.0/24`."
        )
        .key(
            "fail_others", &Spf::fail_others, config::boolean(),
            "Whether mail from elsewhere fails (`-all`) or is only suspicious (`~all`)."
        )
        .type();
}

config::Type<HttpsSettings> https_type() {
    return Spec<HttpsSettings>(
               "https",
               "A web server for strangers: MTA-STS policies of our domains (RFC 8461 section "
               "3.2), "
               "and TLS reports that are posted to us (RFC 8460 section 3)."
    )
        .required("listen", &HttpsSettings::listen, list_of(endpoint(443)), "Addresses with ports.")
        .restart()
        .key(
            "certificate", [](auto& h) -> auto& { return h.certificate.certificate; },
            config::path(config::PathRule::readable_file),
            "Its certificate with its chain, leaf first (PEM); it must name `mta-sts.DOMAIN` of "
            "each "
            "domain. Without it: plain HTTP, for a web server in front."
        )
        .key(
            "key", [](auto& h) -> auto& { return h.certificate.key; },
            config::path(config::PathRule::readable_file), "Its private key (PEM)."
        )
        .key(
            "tls_report_path", &HttpsSettings::tls_report_path,
            words({.longest = 200, .may_be_empty = true}),
            "Where reports are taken by POST; empty: nowhere."
        )
        .check(check_certificate)
        .check(check_report_path)
        .type();
}

config::Type<BounceSettings> bounces_type() {
    return Spec<BounceSettings>(
               "bounces",
               "Mail leaves with a return path of its own for each recipient (VERP), so that a "
               "bounce "
               "that comes back later tells whom it is about."
    )
        .required(
            "domain", &BounceSettings::domain, domain_name(),
            "Domain of the return paths. Its MX must lead to a listener with `receive`."
        )
        .required(
            "secret", &BounceSettings::secret, config::secret(),
            "The same for all nodes. Who does not know it cannot make up return paths."
        )
        .key(
            "suppress", &BounceSettings::suppress, config::boolean(),
            "Whether addresses that turn out not to exist get no more mail for a time."
        )
        .key(
            "suppress_for", &BounceSettings::suppress_for,
            config::duration<std::chrono::seconds>(1h, 3650 * 24h), "For how long."
        )
        .type();
}

}  // namespace outpost::server
