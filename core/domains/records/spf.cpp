// SPDX-License-Identifier: Apache-2.0
#include "core/domains/records/spf.hpp"

#include <algorithm>

namespace outpost::domain_records {
namespace {

std::string mechanism(const net::IpAddress& address) {
    const auto plain = net::without_mapping(address);
    return (plain.is_v4() ? "ip4:" : "ip6:") + plain.to_string();
}

/// Each once, in the order of their coming.
class Mechanisms {
  public:
    void add(const std::string& one) {
        if (std::find(all_.begin(), all_.end(), one) == all_.end()) all_.push_back(one);
    }
    void add(const std::vector<net::IpAddress>& addresses) {
        for (const auto& address : addresses)
            add(mechanism(address));
    }
    std::string record(const char* all) const {
        std::string text = "v=spf1";
        for (const auto& one : all_)
            text += " " + one;
        return text + " " + all;
    }

  private:
    std::vector<std::string> all_;
};

}  // namespace

std::string spf_of_domain(const Spf& spf, const Host& host) {
    Mechanisms mechanisms;
    for (const auto& ehlo : host.ehlo) {
        const bool unknown = ehlo.addresses.empty() && ehlo.name == host.name;
        if (unknown) mechanisms.add("a:" + ehlo.name);
        mechanisms.add(ehlo.addresses);
        mechanisms.add(ehlo.proxies);
    }
    for (const auto& one : spf.mechanisms)
        mechanisms.add(one);
    return mechanisms.record(spf.fail_others ? "-all" : "~all");
}

std::string spf_of_ehlo(const EhloName& ehlo, const Host& host) {
    Mechanisms mechanisms;
    const bool of_host = ehlo.addresses.empty() && ehlo.proxies.empty() && ehlo.name != host.name;
    if (of_host) {
        mechanisms.add("a:" + host.name);
    } else {
        mechanisms.add("a");
        mechanisms.add(ehlo.proxies);
    }
    return mechanisms.record("-all");
}

}  // namespace outpost::domain_records
