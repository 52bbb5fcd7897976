// SPDX-License-Identifier: Apache-2.0
#include "core/server/node/tlsa_watch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "core/domains/check/tlsa.hpp"
#include "core/foundation/base/log.hpp"
#include "core/foundation/base/sequence.hpp"
#include "core/net/tls/tlsa.hpp"
#include "core/net/tls/tlsa_match.hpp"
#include "core/server/settings/publication.hpp"

namespace outpost::server {
namespace {

using namespace std::chrono_literals;

constexpr std::uint16_t smtp_port = 25;
constexpr auto look_interval = 1h, repeat_interval = 24h;
constexpr auto look_up_time = 30s;

/// Empty when it cannot be read: whoever serves it has complained.
std::vector<std::string> chain_in(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return tls::certificates_in(std::string(std::istreambuf_iterator<char>(in), {}));
}

}  // namespace

std::vector<MxCertificate> mx_certificates(const Settings& settings) {
    const auto receiving = receiving_names(settings);
    std::vector<MxCertificate> certificates;
    for (const auto& [name, listener] : settings.listeners) {
        const auto& file = listener.certificate.certificate;
        const auto host = receiving_name(settings, listener);
        const bool is_mx = contains(receiving, host);
        const bool from_strangers = listener.receive || (is_mx && listener.port == smtp_port);
        if (from_strangers && !file.empty()) certificates.push_back({host, file});
    }
    return certificates;
}

std::string tlsa_warning(
    const std::string& host, const std::vector<std::string>& chain,
    const domain_check::Lookup& answer
) {
    const bool counts = answer && answer->security == dns::Security::secure;
    if (!counts || chain.empty()) return {};
    const auto records = domain_check::usable_records(*answer);
    const bool matched = std::any_of(records.begin(), records.end(), [&](const auto& record) {
        return tls::matches(record, chain);
    });
    if (matched) return {};
    return fmt::format(
        "{}; publish: _25._tcp.{}. IN TLSA {}",
        records.empty() ? "no TLSA record is published for its key: senders verify nobody"
                        : "no TLSA record matches it: senders that use DANE refuse this host",
        host, tls::text(tls::tlsa_of_certificate(chain.front()))
    );
}

TlsaWatch::TlsaWatch(
    const Settings& settings, std::shared_ptr<dns::Resolver> resolver, const Executor& executor
)
    : resolver_(std::move(resolver)),
      rounds_("comparing TLSA records", executor, look_interval, [this] { return round(); }),
      certificates_(mx_certificates(settings)) {}

void TlsaWatch::use(const Settings& settings) {
    {
        const std::lock_guard lock(mutex_);
        certificates_ = mx_certificates(settings);
    }
    look();
}

awaitable<bool> TlsaWatch::round() {
    std::vector<MxCertificate> certificates;
    {
        const std::lock_guard lock(mutex_);
        certificates = certificates_;
    }
    for (const auto& certificate : certificates)
        co_await look_at(certificate);
    co_return false;
}

awaitable<void> TlsaWatch::look_at(MxCertificate certificate) {
    dns::Question question{"_25._tcp." + certificate.host, dns::Type::tlsa};
    const auto answer = co_await resolver_->query(std::move(question), Deadline::in(look_up_time));
    if (!answer) {
        log::info(
            "tls", "the TLSA records of {} could not be looked up: {}", certificate.host,
            answer.error().text
        );
        co_return;
    }
    const auto words = tlsa_warning(certificate.host, chain_in(certificate.file), answer);
    if (words.empty())
        said_.erase(certificate);
    else
        warn(certificate, words);
}

void TlsaWatch::warn(const MxCertificate& certificate, const std::string& words) {
    const auto now = SteadyClock::now();
    const auto said = said_.find(certificate);
    const bool is_news = said == said_.end() || said->second.words != words;
    if (!is_news && now - said->second.at < repeat_interval) return;
    log::warning("tls", "{} of {}: {}", certificate.file.string(), certificate.host, words);
    said_.insert_or_assign(certificate, Said{words, now});
}

}  // namespace outpost::server
