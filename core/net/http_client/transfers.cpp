// SPDX-License-Identifier: Apache-2.0
#include "core/net/http_client/transfers.hpp"

#include <stdexcept>

namespace outpost::http_client {
namespace {

constexpr long most_connections = 256;
constexpr int longest_sleep_ms = 10'000;

CURLM* make_multi() {
    static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
    CURLM* multi = started == CURLE_OK ? curl_multi_init() : nullptr;
    if (multi == nullptr) throw std::runtime_error("libcurl cannot start");
    curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, most_connections);
    return multi;
}

}  // namespace

Transfers::Transfers() : multi_(make_multi()), thread_([this] { run(); }) {}

Transfers::~Transfers() {
    stop();
    thread_.join();
    curl_multi_cleanup(multi_);
}

void Transfers::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    curl_multi_wakeup(multi_);
}

void Transfers::add(std::unique_ptr<Transfer> transfer) {
    {
        const std::lock_guard lock(mutex_);
        if (!stopping_) new_.push_back(std::move(transfer));
    }
    if (transfer) return transfer->stop();
    curl_multi_wakeup(multi_);
}

void Transfers::run() {
    while (auto batch = take_new()) {
        for (auto& transfer : *batch)
            begin(std::move(transfer));
        int unfinished = 0;
        curl_multi_perform(multi_, &unfinished);
        end_finished();
        curl_multi_poll(multi_, nullptr, 0, longest_sleep_ms, nullptr);
    }
    stop_all();
}

std::optional<Transfers::Batch> Transfers::take_new() {
    const std::lock_guard lock(mutex_);
    if (stopping_) return std::nullopt;
    return std::exchange(new_, {});
}

void Transfers::begin(std::unique_ptr<Transfer> transfer) {
    CURL* easy = transfer->begin();
    curl_multi_add_handle(multi_, easy);
    running_.emplace(easy, std::move(transfer));
}

void Transfers::end_finished() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
        if (message->msg != CURLMSG_DONE) continue;
        const CURLcode code = message->data.result;  // gone with the handle
        const auto found = running_.find(message->easy_handle);
        curl_multi_remove_handle(multi_, found->first);
        found->second->end(code);
        running_.erase(found);
    }
}

void Transfers::stop_all() {
    for (auto& [easy, transfer] : running_) {
        curl_multi_remove_handle(multi_, easy);
        transfer->stop();
    }
    running_.clear();
    for (auto& transfer : new_)
        transfer->stop();
    new_.clear();
}

}  // namespace outpost::http_client
