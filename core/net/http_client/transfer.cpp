// SPDX-License-Identifier: Apache-2.0
#include "core/net/http_client/transfer.hpp"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <asio/ip/tcp.hpp>

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "core/foundation/base/encoding.hpp"
#include "core/net/http_client/certificate_fault.hpp"

namespace outpost::http_client {
namespace {

constexpr std::size_t longest_header = 16 * 1024;

/// "policy.example:443:192.0.2.1,[2001:db8::1]": then libcurl does no look-ups.
std::string resolution(const Url& url, const std::vector<net::IpAddress>& addresses) {
    std::string list;
    for (const auto& address : addresses) {
        const std::string text = address.to_string();
        list += (list.empty() ? "" : ",") + (address.is_v6() ? "[" + text + "]" : text);
    }
    return url.host + ":" + std::to_string(url.port) + ":" + list;
}

net::IpAddress address_of(const curl_sockaddr& target) {
    asio::ip::tcp::endpoint endpoint;
    if (target.addrlen > endpoint.capacity()) return {};
    std::memcpy(endpoint.data(), &target.addr, target.addrlen);
    return endpoint.address();
}

/// A header line says that the body is encoded, which we did not ask for (decompression bombs come
/// this way).
bool is_encoded(std::string_view line) {
    constexpr std::string_view name = "content-encoding:";
    return line.size() > name.size() && iequals(line.substr(0, name.size()), name) &&
           !iequals(trim(line.substr(name.size())), "identity");
}

Failure::Kind kind_of(CURLcode code) {
    switch (code) {
        case CURLE_COULDNT_CONNECT:
        case CURLE_GOT_NOTHING:
        case CURLE_SEND_ERROR:
        case CURLE_RECV_ERROR:
        case CURLE_PARTIAL_FILE:
            return Failure::Kind::connect;
        case CURLE_OPERATION_TIMEDOUT:
            return Failure::Kind::timeout;
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_SSL_CIPHER:
            return Failure::Kind::tls;
        case CURLE_PEER_FAILED_VERIFICATION:
            return Failure::Kind::certificate;
        case CURLE_FILESIZE_EXCEEDED:
            return Failure::Kind::too_large;
        default:
            return Failure::Kind::protocol;
    }
}

}  // namespace

Transfer::Transfer(
    Request request, Url url, std::vector<net::IpAddress> addresses, tls::ContextPtr roots,
    const std::string& user_agent, Deadline deadline
)
    : request_(std::move(request)),
      url_(std::move(url)),
      addresses_(std::move(addresses)),
      roots_(std::move(roots)),
      deadline_(deadline),
      easy_(curl_easy_init()) {
    if (!easy_) throw std::runtime_error("libcurl cannot start a request");
    configure(user_agent);
    if (request_.upload) configure_upload();
}

void Transfer::configure(const std::string& user_agent) {
    CURL* easy = easy_.get();
    curl_easy_setopt(easy, CURLOPT_URL, request_.url.c_str());
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");  // also none from the environment
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, user_agent.c_str());
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);  // we have threads
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error_.data());
    curl_easy_setopt(easy, CURLOPT_PRIVATE, this);

    resolved_.reset(curl_slist_append(nullptr, resolution(url_, addresses_).c_str()));
    curl_easy_setopt(easy, CURLOPT_RESOLVE, resolved_.get());
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, this);

    curl_easy_setopt(easy, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_CAINFO, nullptr);  // the roots come with prepare_tls
    curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
    curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, prepare_tls);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, this);

    curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, curl_off_t(request_.longest_body));
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
}

void Transfer::configure_upload() {
    const Upload& upload = *request_.upload;
    curl_slist* headers =
        curl_slist_append(nullptr, ("Content-Type: " + upload.content_type).c_str());
    headers_.reset(curl_slist_append(headers, "Expect:"));  // no 100-continue
    curl_easy_setopt(easy_.get(), CURLOPT_HTTPHEADER, headers_.get());
    curl_easy_setopt(easy_.get(), CURLOPT_POST, 1L);
    curl_easy_setopt(easy_.get(), CURLOPT_POSTFIELDS, upload.octets.data());
    curl_easy_setopt(easy_.get(), CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(upload.octets.size()));
}

CURL* Transfer::begin() {
    using std::chrono::milliseconds;
    const auto left = std::chrono::duration_cast<milliseconds>(deadline_.left());
    const auto most = milliseconds(std::chrono::hours(1));
    // Zero would mean no limit.
    const auto bounded = std::clamp(left, milliseconds(1), most);
    curl_easy_setopt(easy_.get(), CURLOPT_TIMEOUT_MS, long(bounded.count()));
    return easy_.get();
}

void Transfer::end(CURLcode code) {
    promise_.set(outcome(code));
}

void Transfer::stop() {
    promise_.set(Err{Failure{Failure::Kind::stopped, "this server is stopping"}});
}

Outcome Transfer::outcome(CURLcode code) {
    if (refused_) return Err{*refused_};
    if (code != CURLE_OK) return Err{failure(code)};
    long status = 0;
    char* type = nullptr;
    curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(easy_.get(), CURLINFO_CONTENT_TYPE, &type);
    return Response{int(status), type != nullptr ? type : "", std::move(body_)};
}

Failure Transfer::failure(CURLcode code) {
    const char* said = error_.c_str();
    Failure failure{kind_of(code), *said != '\0' ? said : curl_easy_strerror(code)};
    if (failure.kind == Failure::Kind::certificate) {
        long verdict = 0;
        curl_easy_getinfo(easy_.get(), CURLINFO_SSL_VERIFYRESULT, &verdict);
        failure.certificate_fault = certificate_fault(verdict);
    }
    return failure;
}

// For both callbacks: taking less than was offered ends the transfer.
std::size_t Transfer::take_header(char* data, std::size_t size, std::size_t count, void* self) {
    auto& transfer = *static_cast<Transfer*>(self);
    const std::string_view line(data, size * count);
    transfer.header_octets_ += line.size();
    if (transfer.header_octets_ > longest_header) {
        transfer.refused_ = Failure{Failure::Kind::too_large, "the header section has no end"};
    } else if (is_encoded(line)) {
        transfer.refused_ =
            Failure{Failure::Kind::protocol, "the body is encoded, which nobody asked for"};
    }
    return transfer.refused_ ? 0 : line.size();
}

std::size_t Transfer::take_body(char* data, std::size_t size, std::size_t count, void* self) {
    auto& transfer = *static_cast<Transfer*>(self);
    const std::size_t octets = size * count;
    if (octets > transfer.request_.longest_body - transfer.body_.size()) {
        transfer.refused_ = Failure{
            Failure::Kind::too_large,
            "the body is larger than " + std::to_string(transfer.request_.longest_body) + " octets"
        };
        return 0;
    }
    transfer.body_.append(data, octets);
    return octets;
}

curl_socket_t Transfer::open_socket(void* self, curlsocktype, curl_sockaddr* target) {
    const auto& allowed = static_cast<Transfer*>(self)->addresses_;
    if (std::find(allowed.begin(), allowed.end(), address_of(*target)) == allowed.end())
        return CURL_SOCKET_BAD;
    return socket(target->family, target->socktype | SOCK_CLOEXEC, target->protocol);
}

CURLcode Transfer::prepare_tls(CURL*, void* context, void* self) {
    const auto& transfer = *static_cast<Transfer*>(self);
    auto* native = static_cast<SSL_CTX*>(context);
    SSL_CTX_set1_cert_store(native, SSL_CTX_get_cert_store(transfer.roots_->native_handle()));
    // RFC 9525: DNS names of the certificate only, and a wildcard stands for a whole label.
    X509_VERIFY_PARAM* rules = SSL_CTX_get0_param(native);
    X509_VERIFY_PARAM_set_hostflags(
        rules, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS
    );
    const auto& host = transfer.url_.host;
    const bool named = X509_VERIFY_PARAM_set1_host(rules, host.data(), host.size()) == 1;
    return named ? CURLE_OK : CURLE_ABORTED_BY_CALLBACK;
}

}  // namespace outpost::http_client
