// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/dispatch/late_content.hpp"

#include <algorithm>

#include "core/foundation/base/log.hpp"
#include "core/mail/tlsrpt/tls_report.hpp"

namespace outpost::dispatch {

bool may_read_late(const Parcel& parcel) {
    const auto& message = *parcel.claims.front().envelope;
    if (message.smtputf8 || message.size >= ContentMemory::large_content) return false;
    const auto& names = parcel.decision->transports;
    return std::all_of(names.begin(), names.end(), [&](const std::string& name) {
        const auto* entry = parcel.snapshot->transport(name);
        return entry == nullptr || entry->transport->reads_content_late();
    });
}

awaitable<ContentMemory::SharePtr> wait_for_room(ContentMemory& memory, std::uint64_t size) {
    constexpr std::chrono::seconds patience{60};
    return memory.reserve(size, Deadline::in(patience));
}

std::optional<bool> LateContent::is_tls_report() const {
    if (is_tls_report_) return is_tls_report_;
    const auto content = held();
    if (!content) return std::nullopt;
    return tlsrpt::is_tls_report(content->header());
}

awaitable<mail::ContentPtr> LateContent::read() {
    auto content = held();
    if (!content) content = co_await load();
    if (content) is_tls_report_ = tlsrpt::is_tls_report(content->header());
    co_return content;
}

awaitable<mail::ContentPtr> LateContent::load() {
    try {
        auto share = co_await wait_for_room(memory_, message_->size);
        if (share) {
            const auto loaded = co_await store_.load(message_->id);
            if (loaded && loaded->content)
                co_return ContentMemory::charged(loaded->content, std::move(share));
        }
    } catch (const std::exception& error) {
        log::warning(
            "dispatch", "message={} could not be read: {}", to_number(message_->id), error.what()
        );
    }
    failed_ = true;
    co_return nullptr;
}

}  // namespace outpost::dispatch
