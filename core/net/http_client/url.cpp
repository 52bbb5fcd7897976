// SPDX-License-Identifier: Apache-2.0
#include "core/net/http_client/url.hpp"

#include <curl/curl.h>

#include <charconv>
#include <memory>

#include "core/net/dns/domain.hpp"

namespace outpost::http_client {
namespace {

struct UrlEnd {
    void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using Handle = std::unique_ptr<CURLU, UrlEnd>;

std::optional<std::string> part(const Handle& url, CURLUPart which, unsigned flags = 0) {
    char* text = nullptr;
    if (curl_url_get(url.get(), which, &text, flags) != CURLUE_OK) return std::nullopt;
    const std::unique_ptr<char, void (*)(void*)> owned(text, curl_free);
    return std::string(text);
}

}  // namespace

std::optional<Url> parse_https_url(const std::string& text) {
    const Handle url(curl_url());
    if (!url || curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK)
        return std::nullopt;
    if (part(url, CURLUPART_SCHEME) != "https") return std::nullopt;
    if (part(url, CURLUPART_USER) || part(url, CURLUPART_PASSWORD)) return std::nullopt;
    const auto host = dns::Domain::parse(part(url, CURLUPART_HOST).value_or(""));
    const auto port = part(url, CURLUPART_PORT, CURLU_DEFAULT_PORT);
    if (!host || !port) return std::nullopt;
    Url parsed{host->ascii()};
    std::from_chars(port->data(), port->data() + port->size(), parsed.port);
    return parsed;
}

}  // namespace outpost::http_client
