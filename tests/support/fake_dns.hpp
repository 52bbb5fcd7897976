// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "core/net/sockets/endpoint.hpp"

namespace outpost::test {

/// A DNS server on 127.0.0.1 (UDP and TCP, one port), on a thread of its own. Its zone is text, one
/// record a line, names in full, TTL 300:
///
///     example.test    MX     10 mx.example.test
///     mx.example.test A      127.0.0.1
///     alias.test      CNAME  example.test
///     null.test       MX     0 .
///     text.test       TXT    v=spf1 -all
///     broken.test     SERVFAIL
///     silent.test     DROP
///     big.test        TRUNCATE
///     old.test        NOEDNS
///
/// A name that no line begins with is NXDOMAIN. The last four are marks: the server fails, does not
/// answer, sends only the header by UDP (TCP has the records), or answers FORMERR to queries with
/// EDNS. A CNAME is answered alone: its target must be asked for.
class FakeDns {
  public:
    explicit FakeDns(std::string_view zone);
    ~FakeDns();
    net::Endpoint endpoint() const;
    /// Queries received so far, by UDP and TCP.
    int queries() const;

  private:
    struct Server;
    std::unique_ptr<Server> server_;
};

}  // namespace outpost::test
