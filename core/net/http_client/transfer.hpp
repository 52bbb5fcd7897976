// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <curl/curl.h>

#include <memory>
#include <vector>

#include "core/foundation/async/promise.hpp"
#include "core/net/http_client/client.hpp"
#include "core/net/http_client/url.hpp"

namespace outpost::http_client {

using Outcome = Result<Response, Failure>;

/// One request on its way, as libcurl sees it. Belongs to one thread at a time.
class Transfer {
  public:
    /// `addresses`: where it may connect to, and nowhere else.
    Transfer(
        Request request, Url url, std::vector<net::IpAddress> addresses, tls::ContextPtr roots,
        const std::string& user_agent, Deadline deadline
    );
    Transfer(const Transfer&) = delete;
    Transfer& operator=(const Transfer&) = delete;

    /// Sets the time that is left. To be called right before libcurl gets the handle.
    CURL* begin();
    /// To be called once, when libcurl says that it is over.
    void end(CURLcode code);
    void stop();
    const Promise<Outcome>& promise() const noexcept { return promise_; }

  private:
    struct Free {
        void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
        void operator()(curl_slist* list) const { curl_slist_free_all(list); }
    };

    void configure(const std::string& user_agent);
    void configure_upload();
    Outcome outcome(CURLcode code);
    Failure failure(CURLcode code);

    // What libcurl calls; `self` is this object.
    static std::size_t take_header(char* data, std::size_t size, std::size_t count, void* self);
    static std::size_t take_body(char* data, std::size_t size, std::size_t count, void* self);
    static curl_socket_t open_socket(void* self, curlsocktype purpose, curl_sockaddr* address);
    static CURLcode prepare_tls(CURL* easy, void* context, void* self);

    const Request request_;
    const Url url_;
    const std::vector<net::IpAddress> addresses_;
    const tls::ContextPtr roots_;
    const Deadline deadline_;
    const Promise<Outcome> promise_;
    std::unique_ptr<CURL, Free> easy_;
    std::unique_ptr<curl_slist, Free> headers_, resolved_;
    std::size_t header_octets_ = 0;
    std::string body_, error_ = std::string(CURL_ERROR_SIZE, '\0');
    std::optional<Failure> refused_;  ///< why we ended it ourselves
};

}  // namespace outpost::http_client
