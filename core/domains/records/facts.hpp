// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/domains/records/mta_sts.hpp"
#include "core/mail/authentication/dmarc_record.hpp"
#include "core/mail/message/address.hpp"
#include "core/net/sockets/endpoint.hpp"
#include "core/net/tls/requirement.hpp"

/// What the records follow from. Names are A-labels without trailing dot.
namespace outpost::domain_records {

/// A name that our servers say EHLO with, and what leaves under it.
struct EhloName {
    std::string name;
    std::vector<net::IpAddress> addresses;  ///< of hosts themselves; none: not known, or the host's
    std::vector<net::IpAddress> proxies;    ///< of SOCKS proxies, as receivers see them
};

/// What may send for a domain besides our own addresses (RFC 7208).
struct Spf {
    std::vector<std::string> mechanisms;  ///< such as "include:_spf.relay.example"
    bool fail_others = false;             ///< "-all", not "~all"
};

/// What receivers are to do with mail that is not shown to be the domain's (RFC 7489 section 6.3).
struct Dmarc {
    authentication::DmarcPolicy policy = authentication::DmarcPolicy::reject;
    mail::Address reports;  ///< rua; null: no reports are asked for
};

/// One key that signs for a domain.
struct DkimKey {
    std::string record;  ///< the text of its TXT record
    bool signs = true;   ///< false: published before or after its use
};

/// This host, and what serves all domains.
struct Host {
    std::string name;                   ///< the node's host name
    std::vector<EhloName> ehlo;         ///< the host name is the first; each name once
    std::vector<std::string> receives;  ///< names of this host that take mail from strangers
    std::vector<tls::TlsaRecord> keys;  ///< of the certificates that it receives with
    mail::Address tls_reports;          ///< where reports about it go; null: nowhere
    std::string bounce_domain;          ///< of return paths; empty: senders' own
    Spf bounce_spf;
};

/// A domain that we send for.
struct Sender {
    std::string domain;
    std::vector<std::string> mx;  ///< the most wanted one first; empty: it receives nothing here
    Spf spf;
    Dmarc dmarc;
    std::map<std::string, DkimKey> dkim;  ///< by selector
    std::optional<MtaStsPolicy> mta_sts;
    mail::Address tls_reports;  ///< null: nowhere
};

}  // namespace outpost::domain_records
