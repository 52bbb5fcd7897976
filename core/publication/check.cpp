// SPDX-License-Identifier: Apache-2.0
#include "core/publication/check.hpp"

#include <iterator>

namespace outpost::publication {

awaitable<std::vector<Finding>> check(Records records, dns::Resolver& resolver, Deadline deadline) {
    std::vector<Finding> findings;
    for (const Wanted& wanted : questions(records)) {
        dns::Question question{wanted.name, wanted.type};
        const auto outcome = co_await resolver.query(std::move(question), deadline);
        auto of_set = compare(wanted, outcome);
        findings.insert(
            findings.end(), std::make_move_iterator(of_set.begin()),
            std::make_move_iterator(of_set.end())
        );
    }
    co_return findings;
}

}  // namespace outpost::publication
