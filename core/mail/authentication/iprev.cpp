// SPDX-License-Identifier: Apache-2.0
#include "core/mail/authentication/iprev.hpp"

#include "core/net/dns/reverse.hpp"
#include "core/net/dns/watched_resolver.hpp"

namespace outpost::authentication {
namespace {

void judge(const dns::ConfirmedNames& found, IprevResult& result) {
    if (!found.names.empty()) {
        result.status = IprevStatus::pass;
        result.name = found.names.front();
    } else if (found.failure) {
        result.status = IprevStatus::temperror;
        result.reason = "a look-up had no answer: " + found.failure->text;
    } else if (found.claimed) {
        result.status = IprevStatus::fail;
        result.reason = "its names do not lead back";
    } else {
        result.status = IprevStatus::permerror;
        result.reason = "it has no name";
    }
}

}  // namespace

std::string_view text(IprevStatus status) noexcept {
    switch (status) {
        case IprevStatus::pass:
            return "pass";
        case IprevStatus::fail:
            return "fail";
        case IprevStatus::temperror:
            return "temperror";
        case IprevStatus::permerror:
            return "permerror";
    }
    return "";
}

awaitable<IprevResult> check_iprev(
    net::IpAddress address, dns::Resolver& resolver, Deadline deadline
) {
    dns::WatchedResolver watched(resolver);
    IprevResult result;
    result.address = net::without_mapping(address);
    const auto found = co_await dns::confirmed_names(result.address, watched, deadline);
    judge(found, result);
    result.security = watched.weakest();
    co_return result;
}

}  // namespace outpost::authentication
