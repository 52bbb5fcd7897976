// SPDX-License-Identifier: Apache-2.0
#include <curl/curl.h>
#include <fmt/format.h>

#include <cstdlib>
#include <memory>
#include <stdexcept>

#include "core/foundation/base/encoding.hpp"
#include "core/mail/sasl/token_source.hpp"

namespace outpost::sasl {
namespace {

constexpr std::size_t max_answer = 64 * 1024;
constexpr long timeout_seconds = 30;

struct CurlEnd {
    void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
    void operator()(CURLU* url) const { curl_url_cleanup(url); }
    void operator()(char* text) const { curl_free(text); }
};
using Curl = std::unique_ptr<CURL, CurlEnd>;

void start_curl() {
    static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (started != CURLE_OK) throw std::runtime_error("libcurl cannot start");
}

/// Called by libcurl: taking less than was offered ends the transfer.
std::size_t take(char* data, std::size_t size, std::size_t count, void* into) {
    auto& answer = *static_cast<std::string*>(into);
    if (answer.size() + size * count > max_answer) return 0;
    answer.append(data, size * count);
    return size * count;
}

std::string url_encode(CURL* curl, std::string_view text) {
    const std::unique_ptr<char, CurlEnd> encoded(
        curl_easy_escape(curl, text.data(), static_cast<int>(text.size()))
    );
    return encoded ? encoded.get() : "";
}

std::string form(CURL* curl, const TokenEndpoint& settings) {
    std::string body = "grant_type=client_credentials";
    std::string scopes;
    for (const auto& scope : settings.scopes)
        scopes += (scopes.empty() ? "" : " ") + scope;
    if (!scopes.empty()) body += "&scope=" + url_encode(curl, scopes);
    return body;
}

/// RFC 6749 section 2.3.1: both parts are form-encoded before they are joined.
std::string authorization(CURL* curl, const TokenEndpoint& settings) {
    const std::string pair = url_encode(curl, settings.client_id) + ":" +
                             url_encode(curl, settings.client_secret.reveal());
    return "Authorization: Basic " + base64_encode(pair);
}

std::string url_part(CURLU* url, CURLUPart which) {
    char* text = nullptr;
    if (curl_url_get(url, which, &text, 0) != CURLUE_OK) return {};
    const std::unique_ptr<char, CurlEnd> owned(text);
    return text;
}

}  // namespace

bool is_safe_token_url(std::string_view text) {
    const std::unique_ptr<CURLU, CurlEnd> url(curl_url());
    if (!url || curl_url_set(url.get(), CURLUPART_URL, std::string(text).c_str(), 0) != CURLUE_OK)
        return false;
    const std::string scheme = url_part(url.get(), CURLUPART_SCHEME);
    const std::string host = url_part(url.get(), CURLUPART_HOST);
    if (scheme == "https") return !host.empty();
    return scheme == "http" && (host == "127.0.0.1" || host == "[::1]" || host == "localhost");
}

Result<TokenSource::Fetched> fetch_from_endpoint(const TokenEndpoint& settings) {
    if (!is_safe_token_url(settings.url)) return Err{"a token endpoint is asked over https only"};
    start_curl();
    const Curl curl(curl_easy_init());
    if (!curl) return Err{"libcurl cannot start a request"};

    const std::string body = form(curl.get(), settings);
    const std::string credentials = authorization(curl.get(), settings);
    const std::unique_ptr<curl_slist, CurlEnd> headers(curl_slist_append(
        curl_slist_append(nullptr, credentials.c_str()), "Accept: application/json"
    ));
    std::string answer;
    curl_easy_setopt(curl.get(), CURLOPT_URL, settings.url.c_str());
    curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, body.c_str());
    curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, "https,http");  // http was checked above
    curl_easy_setopt(curl.get(), CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT, timeout_seconds);
    curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);  // we have threads
    curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &answer);

    const CURLcode code = curl_easy_perform(curl.get());
    if (code != CURLE_OK)
        return Err{fmt::format("the token endpoint: {}", curl_easy_strerror(code))};
    long status = 0;
    curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
    if (status != 200)
        return Err{fmt::format("the token endpoint answered with HTTP status {}", status)};
    return parse_token_response(answer);
}

}  // namespace outpost::sasl
