// SPDX-License-Identifier: Apache-2.0
// RDATA of TLSA records, each behind two octets of its length: what counts as usable is what
// OpenSSL takes, and whatever there is, it asks for TLS.
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "core/net/tls/context.hpp"
#include "core/net/tls/dane.hpp"
#include "core/net/tls/tlsa.hpp"
#include "policies/dane/dane.hpp"

using namespace outpost;

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

std::vector<std::string_view> records_in(std::string_view input) {
    std::vector<std::string_view> all;
    while (input.size() >= 2) {
        const auto octet = [&](std::size_t at) { return static_cast<unsigned char>(input[at]); };
        const std::size_t length = octet(0) << 8 | octet(1);
        all.push_back(input.substr(2, length));
        input.remove_prefix(std::min(input.size(), 2 + length));
    }
    return all;
}

void check_text(const tls::TlsaRecord& record) {
    const std::string text = tls::text(record);
    require(std::count(text.begin(), text.end(), ' ') == 3);
    require(text.find_first_not_of("0123456789abcdef ") == text.npos);
    require(text.size() - text.rfind(' ') - 1 == 2 * record.data.size());
}

bool is_taken_by_openssl(SSL* ssl, const tls::TlsaRecord& record) {
    const auto* const data = reinterpret_cast<const unsigned char*>(record.data.data());
    const int added = SSL_dane_tlsa_add(
        ssl, record.usage, record.selector, record.matching, data, record.data.size()
    );
    ERR_clear_error();
    return added > 0;
}

/// The records in the hands of OpenSSL, as before a handshake.
class Session {
  public:
    explicit Session(const tls::DaneRequirement& requirement)
        : ssl_(SSL_new(context().native_handle())) {
        tls::enable_dane(ssl_, requirement);
        require(ERR_peek_error() == 0);
        require(!tls::dane_verdict(ssl_).matched);
    }
    ~Session() { SSL_free(ssl_); }
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    SSL* native() const { return ssl_; }

  private:
    static asio::ssl::context& context() {
        static const tls::ContextPtr made = tls::make_client_context({});
        return *made;
    }
    SSL* ssl_;
};

void check_demand(const dane::Finding& finding) {
    const tls::TlsRequirement asked = dane::requirement(finding);
    require(asked.must_use_tls && !asked.plaintext_allowed());
    require(asked.needs_verification() == !finding.usable.empty());
    require(asked.stricter(asked) == asked);
    const auto watched = dane::demand(delivery::PolicyMode::watch, finding);
    require(watched.enforced.plaintext_allowed() && watched.watched == asked);
    const auto report = dane::report(finding, "mx.test");
    require(report.policy.strings.size() == finding.usable.size());
    require(report.details.empty() == !finding.usable.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    dane::Finding finding{"mx.test", {}, {}, {"mx.test", "rcpt.test"}};
    std::vector<tls::TlsaRecord> all;
    for (const std::string_view rdata : records_in(input)) {
        const auto record = tls::parse_tlsa(rdata);
        require(record.has_value() == (rdata.size() >= 3));
        if (!record) continue;
        require(record->data == rdata.substr(3));
        check_text(*record);
        if (tls::is_usable(*record)) finding.usable.push_back(*record);
        require(ERR_peek_error() == 0);
        all.push_back(*record);
    }
    check_demand(finding);
    // Whatever was let through by mistake must do no harm, either.
    const Session careless({"mx.test", all, finding.names});
    const Session session({"mx.test", {}, finding.names});
    for (const tls::TlsaRecord& record : finding.usable)
        require(is_taken_by_openssl(session.native(), record));
    return 0;
}
