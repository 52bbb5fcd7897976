// SPDX-License-Identifier: Apache-2.0
#include "core/domains/check/resolver.hpp"

namespace outpost::domain_check {

Finding judge_resolver(const Lookup& root, dns::SecurityMode mode) {
    if (!root) return no_answer(Topic::resolver, ".", root.error());
    auto about = subject(Topic::resolver, ".", *root);
    if (root->security == dns::Security::secure)
        return ok(std::move(about), "what is signed is known to be");
    if (mode == dns::SecurityMode::none) {
        return problem(
            Grade::warning, std::move(about),
            "DNSSEC is switched off: mail is sent without DANE, and nothing below is known to be "
            "signed",
            "take 'security: none' out of 'dns'"
        );
    }
    return problem(
        Grade::wrong, std::move(about),
        "not even the root, which is signed, is known to be: mail is sent without DANE, and "
        "nothing below is known to be signed",
        "run a validating resolver on this machine (unbound), or set 'dns: {security: validate}'"
    );
}

}  // namespace outpost::domain_check
