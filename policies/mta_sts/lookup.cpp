// SPDX-License-Identifier: Apache-2.0
#include "policies/mta_sts/lookup.hpp"

#include <utility>

namespace outpost::mta_sts {
namespace {

constexpr std::chrono::seconds lookup_time{30};
constexpr std::size_t longest_name = 253;

}  // namespace

awaitable<Lookup> look_up(std::string domain, dns::Resolver& resolver, Deadline deadline) {
    dns::Question question{"_mta-sts." + domain, dns::Type::txt};
    // No such name can exist: that is not a failure of the DNS, which would stop mail.
    if (question.name.size() > longest_name) {
        Trouble absent{Trouble::Kind::no_record, "its name would be too long"};
        co_return Err{std::move(absent)};
    }
    const auto answer =
        co_await resolver.query(std::move(question), deadline.narrowed(lookup_time));
    co_return read_lookup(answer);
}

}  // namespace outpost::mta_sts
