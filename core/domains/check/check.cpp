// SPDX-License-Identifier: Apache-2.0
#include "core/domains/check/check.hpp"

#include <asio/co_spawn.hpp>
#include <asio/use_future.hpp>

#include <future>
#include <iterator>
#include <map>

#include "core/domains/check/dkim.hpp"
#include "core/domains/check/dmarc.hpp"
#include "core/domains/check/mta_sts.hpp"
#include "core/domains/check/mx.hpp"
#include "core/domains/check/names.hpp"
#include "core/domains/check/omissions.hpp"
#include "core/domains/check/open_session.hpp"
#include "core/domains/check/resolver.hpp"
#include "core/domains/check/spf.hpp"
#include "core/domains/check/tls_reports.hpp"
#include "core/domains/check/tlsa.hpp"
#include "core/domains/records/wanted.hpp"
#include "core/foundation/async/event_loops.hpp"
#include "core/foundation/base/sequence.hpp"
#include "policies/mta_sts/fetcher.hpp"

namespace outpost::domain_check {
namespace {

constexpr std::chrono::seconds look_up_time{30}, fetch_time{20};

/// An address that mail leaves from, and the name in its EHLO.
struct Outgoing {
    net::IpAddress address;
    std::string ehlo;
};

void append(Findings& all, Findings more) {
    all.insert(
        all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end())
    );
}

void add_all_once(std::vector<std::string>& all, const std::vector<std::string>& more) {
    for (const auto& one : more)
        add_once(all, one);
}

Findings by_topic(Findings findings) {
    std::map<Topic, Findings> topics;
    for (auto& finding : findings)
        topics[finding.about.topic].push_back(std::move(finding));
    Findings sorted;
    for (auto& [topic, of_topic] : topics)
        append(sorted, std::move(of_topic));
    return sorted;
}

/// One check of one domain. Each public member asks for one thing and has it judged; they run at
/// the same time, on one thread.
class Check {
  public:
    Check(const Question& question, Tools tools)
        : host_(question.host),
          sender_(question.sender),
          own_addresses_(question.own_addresses),
          security_(question.security),
          tools_(std::move(tools)) {}

    /// To be awaited before all others: where the configuration does not say what addresses the
    /// host sends from, those of its name are taken.
    awaitable<Findings> prepare() {
        auto findings = judge_omissions(host_);
        if (sender_) append(findings, judge_omissions(*sender_));
        auto& own = host_.ehlo.front();
        if (own.addresses.empty()) {
            const auto found = co_await addresses_of(host_.name);
            own.addresses = found.addresses();
        }
        note_outgoing();
        // After the addresses are known: records to be published name them.
        wanted_ = sender_ ? domain_records::all_records(*sender_, host_)
                          : domain_records::records_of(host_);
        co_return findings;
    }

    /// What is to be awaited after it, in the order of the report.
    std::vector<awaitable<Findings>> parts() {
        std::vector<awaitable<Findings>> parts;
        parts.push_back(resolver());
        add_receiving(parts);
        add_spf(parts);
        if (sender_) add_of_sender(parts);
        add_tls_of_hosts(parts);
        for (const auto& ehlo : host_.ehlo)
            parts.push_back(ehlo_name(ehlo.name));
        for (const auto& outgoing : outgoing_)
            parts.push_back(pointer(outgoing));
        return parts;
    }

  private:
    // -- what parts there are

    void add_receiving(std::vector<awaitable<Findings>>& parts) {
        if (sender_ && !sender_->mx.empty()) parts.push_back(mx(sender_->domain, sender_->mx));
        if (!host_.bounce_domain.empty() && !is_sender(host_.bounce_domain))
            parts.push_back(mx(host_.bounce_domain, bounce_hosts()));
        for (const auto& name : mail_hosts())
            parts.push_back(mx_host(name));
    }

    void add_spf(std::vector<awaitable<Findings>>& parts) {
        if (sender_) parts.push_back(spf_of_domain(sender_->domain));
        if (!host_.bounce_domain.empty() && !is_sender(host_.bounce_domain))
            parts.push_back(spf_of_domain(host_.bounce_domain));
        for (const auto& ehlo : host_.ehlo) {
            if (!is_sender(ehlo.name) && ehlo.name != host_.bounce_domain)
                parts.push_back(spf_of_ehlo(ehlo.name));
        }
    }

    void add_of_sender(std::vector<awaitable<Findings>>& parts) {
        for (const auto& [selector, key] : sender_->dkim)
            parts.push_back(dkim(selector));
        parts.push_back(dmarc());
        if (const auto name = domain_records::consent_name(*sender_); !name.empty())
            parts.push_back(consent(name));
        if (sender_->mta_sts) {
            parts.push_back(sts_record());
            if (tools_.https) parts.push_back(sts_policy());
        }
        if (!sender_->tls_reports.is_null())
            parts.push_back(tls_reports(sender_->domain, sender_->tls_reports));
    }

    void add_tls_of_hosts(std::vector<awaitable<Findings>>& parts) {
        for (const auto& name : host_.receives) {
            // A name that is the domain's and the host's has one record: the domain's.
            const bool told = is_sender(name) && !sender_->tls_reports.is_null();
            if (!host_.tls_reports.is_null() && !told)
                parts.push_back(tls_reports(name, host_.tls_reports));
        }
        if (sender_ && !sender_->mx.empty()) parts.push_back(path_to_tlsa());
        for (const auto& name : host_.receives)
            parts.push_back(tlsa(name));
        if (!tools_.dialer) return;
        for (const auto& name : mail_hosts())
            parts.push_back(sessions(name));
    }

    // -- the parts

    awaitable<Findings> resolver() {
        const auto root = co_await ask(".", dns::Type::soa);
        Findings findings{judge_resolver(root, security_)};
        co_return findings;
    }

    awaitable<Findings> mx(std::string domain, std::vector<std::string> hosts) {
        const auto answer = co_await ask(domain, dns::Type::mx);
        co_return judge_mx(domain, hosts, answer);
    }

    awaitable<Findings> mx_host(std::string name) {
        const auto found = co_await addresses_of(name);
        if (!contains(host_.receives, name)) co_return judge_mx_host(name, found);
        auto ours = own_addresses_;
        for (const auto& ehlo : host_.ehlo)
            ours.insert(ours.end(), ehlo.addresses.begin(), ehlo.addresses.end());
        co_return judge_own_mx_host(name, found, ours);
    }

    awaitable<Findings> spf_of_domain(std::string domain) {
        const auto answer = co_await ask(domain, dns::Type::txt);
        const auto from = mail::Address::parse("postmaster@" + domain).value_or({});
        std::vector<SpfRun> runs;
        for (const auto& [address, ehlo] : outgoing_) {
            auto outcome = co_await mail_from(address, ehlo, from);
            runs.push_back({address, std::move(outcome)});
        }
        const auto stranger = co_await mail_from(nobodys_address(), host_.name, from);
        co_return judge_spf(domain, answer, stranger, runs, wanted(domain, "v=spf1"));
    }

    awaitable<Findings> spf_of_ehlo(std::string name) {
        const auto answer = co_await ask(name, dns::Type::txt);
        std::vector<SpfRun> runs;
        for (const auto& [address, ehlo] : outgoing_) {
            if (ehlo != name) continue;
            auto outcome = co_await helo(address, name);
            runs.push_back({address, std::move(outcome)});
        }
        const auto stranger = co_await helo(nobodys_address(), name);
        co_return judge_spf(name, answer, stranger, runs, wanted(name, "v=spf1"));
    }

    awaitable<Findings> dkim(std::string selector) {
        const auto answer =
            co_await ask(selector + "._domainkey." + sender_->domain, dns::Type::txt);
        co_return judge_dkim(selector, sender_->domain, sender_->dkim.at(selector), answer);
    }

    awaitable<Findings> dmarc() {
        const auto name = "_dmarc." + sender_->domain;
        const auto answer = co_await ask(name, dns::Type::txt);
        co_return judge_dmarc(*sender_, answer, wanted(name, "v=DMARC1"));
    }

    awaitable<Findings> consent(std::string name) {
        const auto answer = co_await ask(name, dns::Type::txt);
        Findings findings{judge_consent(name, answer)};
        co_return findings;
    }

    awaitable<Findings> sts_record() {
        const auto name = "_mta-sts." + sender_->domain;
        const auto answer = co_await ask(name, dns::Type::txt);
        Findings findings{judge_sts_record(sender_->domain, answer, wanted(name, "v=STSv1"))};
        co_return findings;
    }

    awaitable<Findings> sts_policy() {
        const auto mx = co_await ask(sender_->domain, dns::Type::mx);
        auto request = mta_sts::request_of(sender_->domain);
        const auto served =
            co_await tools_.https->send(std::move(request), Deadline::in(fetch_time));
        co_return judge_sts_policy(sender_->domain, *sender_->mta_sts, served, mx);
    }

    awaitable<Findings> tls_reports(std::string domain, mail::Address address) {
        const auto name = "_smtp._tls." + domain;
        const auto answer = co_await ask(name, dns::Type::txt);
        Findings findings{judge_tls_reports(domain, address, answer, wanted(name, "v=TLSRPT"))};
        co_return findings;
    }

    awaitable<Findings> path_to_tlsa() {
        const auto mx = co_await ask(sender_->domain, dns::Type::mx);
        co_return judge_path_to_tlsa(sender_->domain, mx);
    }

    awaitable<Findings> tlsa(std::string name) {
        const auto answer = co_await ask("_25._tcp." + name, dns::Type::tlsa);
        co_return judge_tlsa(name, host_.keys, answer);
    }

    awaitable<Findings> sessions(std::string name) {
        const auto found = co_await addresses_of(name);
        const auto tlsa = co_await ask("_25._tcp." + name, dns::Type::tlsa);
        const auto demands = demands_on(name, tlsa);
        const auto records = demands.dane ? usable_records(*tlsa) : std::vector<tls::TlsaRecord>();
        Findings findings;
        for (const auto& address : found.addresses()) {
            const auto session =
                co_await open_session(*tools_.dialer, address, name, host_.name, records);
            append(findings, judge_session(name, session, demands));
        }
        co_return findings;
    }

    awaitable<Findings> ehlo_name(std::string name) {
        const auto found = co_await addresses_of(name);
        std::vector<net::IpAddress> addresses;
        for (const auto& outgoing : outgoing_) {
            if (outgoing.ehlo == name) addresses.push_back(outgoing.address);
        }
        co_return judge_ehlo(name, addresses, found);
    }

    awaitable<Findings> pointer(Outgoing outgoing) {
        const auto [address, ehlo] = outgoing;
        const auto pointers = co_await ask(dns::reverse_name(address), dns::Type::ptr);
        const auto confirmed =
            co_await dns::confirmed_names(address, *tools_.resolver, Deadline::in(look_up_time));
        Findings findings{judge_pointer(address, ehlo, pointers, confirmed)};
        co_return findings;
    }

    // -- asking

    awaitable<Lookup> ask(std::string name, dns::Type type) {
        dns::Question question{std::move(name), type};
        co_return co_await tools_.resolver->query(std::move(question), Deadline::in(look_up_time));
    }

    awaitable<AddressLookup> addresses_of(std::string name) {
        auto v4 = co_await ask(name, dns::Type::a);
        auto v6 = co_await ask(name, dns::Type::aaaa);
        co_return AddressLookup{std::move(v4), std::move(v6)};
    }

    awaitable<spf::Outcome> mail_from(
        net::IpAddress address, std::string ehlo, mail::Address from
    ) {
        spf::Client client{address, std::move(ehlo)};
        co_return co_await spf::check_mail_from(
            std::move(client), std::move(from), *tools_.resolver, Deadline::in(look_up_time)
        );
    }

    awaitable<spf::Outcome> helo(net::IpAddress address, std::string name) {
        spf::Client client{address, std::move(name)};
        co_return co_await spf::check_helo(
            std::move(client), *tools_.resolver, Deadline::in(look_up_time)
        );
    }

    // -- what is known beforehand

    /// A name without addresses of its own is used from those of the host.
    void note_outgoing() {
        const auto& own = host_.ehlo.front().addresses;
        for (const auto& ehlo : host_.ehlo) {
            auto addresses = ehlo.addresses;
            addresses.insert(addresses.end(), ehlo.proxies.begin(), ehlo.proxies.end());
            for (const auto& address : addresses.empty() ? own : addresses)
                outgoing_.push_back({net::without_mapping(address), ehlo.name});
        }
    }

    bool is_sender(const std::string& name) const { return sender_ && sender_->domain == name; }

    std::vector<std::string> bounce_hosts() const {
        return host_.receives.empty() ? std::vector{host_.name} : host_.receives;
    }

    /// Those that receive for the domain, for our return paths, or at all.
    std::vector<std::string> mail_hosts() const {
        std::vector<std::string> names;
        if (sender_) add_all_once(names, sender_->mx);
        if (!host_.bounce_domain.empty()) add_all_once(names, bounce_hosts());
        add_all_once(names, host_.receives);
        return names;
    }

    Demands demands_on(const std::string& name, const Lookup& tlsa) const {
        Demands demands;
        if (contains(host_.receives, name)) demands.keys = host_.keys;
        demands.dane = binds_senders(tlsa);
        const bool has_policy = sender_ && sender_->mta_sts &&
                                sender_->mta_sts->mode != domain_records::MtaStsPolicy::Mode::none;
        demands.mta_sts = has_policy && contains(sender_->mx, name);
        return demands;
    }

    /// The text that should be there; its beginning tells it from others at the name.
    std::string wanted(const std::string& name, std::string_view begin) const {
        for (const auto& record : wanted_) {
            if (record.name == name && record.type == dns::Type::txt &&
                record.value.starts_with(begin))
                return record.value;
        }
        return {};
    }

    domain_records::Host host_;
    const std::optional<domain_records::Sender> sender_;
    const std::vector<net::IpAddress> own_addresses_;
    const dns::SecurityMode security_;
    const Tools tools_;
    std::vector<Outgoing> outgoing_;
    domain_records::Records wanted_;
};

}  // namespace

Findings check(const Question& question, Tools tools) {
    EventLoops loop(1);
    // Ends before the loop: threads of its tools hold on to executors until then.
    Check check(question, std::move(tools));
    const auto begin = [&](awaitable<Findings> part) {
        return asio::co_spawn(loop.at(0), std::move(part), asio::use_future);
    };
    loop.start();
    auto findings = begin(check.prepare()).get();
    std::vector<std::future<Findings>> running;
    for (auto& part : check.parts())
        running.push_back(begin(std::move(part)));
    for (auto& part : running)
        part.wait();  // all of them, before one that failed may throw
    for (auto& part : running)
        append(findings, part.get());
    return by_topic(std::move(findings));
}

}  // namespace outpost::domain_check
