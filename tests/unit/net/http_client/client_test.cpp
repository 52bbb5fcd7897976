// SPDX-License-Identifier: Apache-2.0
#include "core/net/http_client/client.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/read_until.hpp>
#include <asio/ssl/stream.hpp>
#include <asio/streambuf.hpp>
#include <asio/write.hpp>

#include <filesystem>
#include <mutex>
#include <thread>

#include "tests/support/run.hpp"

using namespace outpost;
using namespace outpost::http_client;
using namespace std::chrono_literals;
using Kind = Failure::Kind;

namespace {

/// A CA with a certificate for policy.test, made once.
const std::filesystem::path& certificates() {
    static const auto made = [] {
        auto folder =
            std::filesystem::temp_directory_path() / ("outpost-https-" + std::to_string(getpid()));
        std::filesystem::create_directories(folder);
        tls::mint_certificates(folder, {"policy.test"});
        return folder;
    }();
    return made;
}

/// Gives one answer to each request, on a thread of its own, and keeps the requests. With no answer
/// it is silent.
class HttpsServer {
  public:
    explicit HttpsServer(std::string answer, long most_tls = 0)
        : answer_(std::move(answer)),
          context_(
              tls::make_server_context({certificates() / "cert.pem", certificates() / "key.pem"})
          ),
          acceptor_(loop_, {asio::ip::address_v4::loopback(), 0}) {
        // Browsers and libcurl say "http/1.1"; a mail server's context would refuse that.
        SSL_CTX_set_alpn_select_cb(context_->native_handle(), nullptr, nullptr);
        if (most_tls != 0) {
            SSL_CTX_set_min_proto_version(context_->native_handle(), 0);
            SSL_CTX_set_max_proto_version(context_->native_handle(), int(most_tls));
            SSL_CTX_set_security_level(context_->native_handle(), 0);
            SSL_CTX_set_cipher_list(context_->native_handle(), "ALL:@SECLEVEL=0");
        }
        thread_ = std::thread([this] { serve(); });
    }
    ~HttpsServer() {
        asio::error_code ignored;
        ending_ = true;
        asio::ip::tcp::socket(loop_).connect(acceptor_.local_endpoint(), ignored);
        thread_.join();
    }
    std::string url(const std::string& path = "/x", const std::string& host = "policy.test") const {
        return "https://" + host + ":" + std::to_string(acceptor_.local_endpoint().port()) + path;
    }
    std::vector<std::string> requests() const {
        const std::lock_guard lock(mutex_);
        return requests_;
    }

  private:
    void serve() {
        while (!ending_) {
            asio::ssl::stream<asio::ip::tcp::socket> stream(loop_, *context_);
            asio::error_code error;
            acceptor_.accept(stream.next_layer(), error);
            if (!ending_) serve_one(stream);
        }
    }
    void serve_one(asio::ssl::stream<asio::ip::tcp::socket>& stream) {
        asio::error_code error;
        stream.handshake(asio::ssl::stream_base::server, error);
        if (error) return;
        asio::streambuf input;
        asio::read_until(stream, input, "\r\n\r\n", error);
        if (error) return;
        note({asio::buffers_begin(input.data()), asio::buffers_end(input.data())});
        if (answer_.empty()) {
            asio::read_until(stream, input, "never", error);  // until the client goes
            return;
        }
        asio::write(stream, asio::buffer(answer_), error);
        stream.shutdown(error);
    }

    void note(std::string request) {
        const std::lock_guard lock(mutex_);
        requests_.push_back(std::move(request));
    }

    const std::string answer_;
    asio::io_context loop_;
    tls::ContextPtr context_;
    asio::ip::tcp::acceptor acceptor_;
    mutable std::mutex mutex_;
    std::vector<std::string> requests_;
    std::atomic<bool> ending_{false};
    std::thread thread_;
};

/// Knows *.test as 127.0.0.1, but for some.
class Names final : public dns::Resolver {
  public:
    awaitable<Result<dns::Answer, dns::Failure>> query(dns::Question question, Deadline) override {
        dns::Answer answer;
        if (question.name == "failing.test")
            co_return Err{dns::Failure{dns::Failure::Kind::servfail, "SERVFAIL"}};
        answer.nxdomain = question.name == "nobody.test";
        if (!answer.nxdomain && question.type == dns::Type::a)
            answer.records.push_back({dns::Type::a, 0, "127.0.0.1"});
        co_return answer;
    }
};

std::shared_ptr<Client> make_client(bool trusting = true, bool loopback = true) {
    ClientSettings settings;
    tls::ClientSettings roots;
    if (trusting) roots.ca_files = {certificates() / "ca.pem"};
    settings.roots = tls::make_client_context(roots);
    settings.resolver = std::make_shared<Names>();
    if (loopback) settings.allow_networks = {net::Cidr::parse("127.0.0.0/8").value()};
    settings.user_agent = "Outpost-Test";
    return make_https_client(std::move(settings));
}

/// What co_spawn brings home must be default-constructible.
awaitable<std::optional<Result<Response, Failure>>> sent(
    Client& client, Request request, Deadline deadline
) {
    co_return co_await client.send(std::move(request), deadline);
}

Result<Response, Failure> send(
    Client& client, const std::string& url, std::chrono::milliseconds within = 20s,
    std::optional<Upload> upload = {}
) {
    static asio::io_context loop;  // outlives the clients, as in a server
    Request request;
    request.url = url;
    request.upload = std::move(upload);
    request.longest_body = 1000;
    return *test::run(loop, sent(client, std::move(request), Deadline::in(within)));
}
Kind failure(const std::string& answer) {
    const HttpsServer server(answer);
    const auto got = send(*make_client(), server.url());
    REQUIRE_FALSE(got);
    return got.error().kind;
}
std::string ok(const std::string& body, const std::string& fields = "") {
    return "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n" + fields +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace

TEST_CASE("a GET goes to the host that was named, over TLS, and its answer comes back") {
    const HttpsServer server(ok("hello"));
    const auto got = send(*make_client(), server.url("/.well-known/x"));
    REQUIRE(got);
    CHECK(got->status == 200);
    CHECK(got->content_type == "text/plain");
    CHECK(got->body == "hello");
    REQUIRE(server.requests().size() == 1);
    const std::string request = server.requests().front();
    CHECK(request.starts_with("GET /.well-known/x HTTP/1.1\r\nHost: policy.test:"));
    CHECK(request.find("User-Agent: Outpost-Test\r\n") != std::string::npos);
    CHECK(request.find("Accept-Encoding") == std::string::npos);
}

TEST_CASE("a POST carries its content") {
    const HttpsServer server("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
    const auto got =
        send(*make_client(), server.url(), 20s, Upload{"application/tlsrpt+gzip", "octets"});
    REQUIRE(got);
    CHECK(got->status == 201);
    const std::string request = server.requests().front();
    CHECK(request.starts_with("POST /x HTTP/1.1\r\n"));
    CHECK(request.find("Content-Type: application/tlsrpt+gzip\r\n") != std::string::npos);
    CHECK(request.find("Expect:") == std::string::npos);
}

TEST_CASE("a redirect is an answer, and nobody is asked further") {
    const HttpsServer server(
        "HTTP/1.1 302 Found\r\nLocation: https://policy.test:1/\r\nContent-Length: 0\r\n\r\n"
    );
    const auto got = send(*make_client(), server.url());
    REQUIRE(got);
    CHECK(got->status == 302);
    CHECK(server.requests().size() == 1);
}

TEST_CASE("the certificate must be of a root that we trust, and for the host") {
    const HttpsServer server(ok("hello"));
    const auto untrusted = send(*make_client(false), server.url());
    REQUIRE_FALSE(untrusted);
    CHECK(untrusted.error().kind == Kind::certificate);
    CHECK(untrusted.error().certificate_fault.starts_with("certificate-not-trusted"));

    const auto other = send(*make_client(), server.url("/x", "other.test"));
    REQUIRE_FALSE(other);
    CHECK(other.error().kind == Kind::certificate);
    CHECK(other.error().certificate_fault == "certificate-host-mismatch");
    CHECK(server.requests().empty());
}

TEST_CASE("TLS before 1.2 is none") {
    const HttpsServer server(ok("hello"), TLS1_1_VERSION);
    const auto got = send(*make_client(), server.url());
    REQUIRE_FALSE(got);
    CHECK(got.error().kind == Kind::tls);
}

TEST_CASE("an address that is not public is connected to only where that is allowed") {
    const HttpsServer server(ok("hello"));
    const auto got = send(*make_client(true, false), server.url());
    REQUIRE_FALSE(got);
    CHECK(got.error().kind == Kind::forbidden);
    CHECK(send(*make_client(), "https://127.0.0.1/").error().kind == Kind::url);
}

TEST_CASE("what the DNS says of the host is told apart") {
    const auto client = make_client();
    CHECK(send(*client, "https://nobody.test/").error().kind == Kind::no_address);
    const auto failing = send(*client, "https://failing.test/");
    CHECK(failing.error().kind == Kind::dns);
    CHECK(failing.error().lookup->text == "SERVFAIL");
}

TEST_CASE("an answer is bounded: its body, its header, and in time") {
    CHECK(failure(ok(std::string(1001, 'x'))) == Kind::too_large);
    CHECK(failure("HTTP/1.1 200 OK\r\n\r\n" + std::string(100'000, 'x')) == Kind::too_large);
    std::string fields;
    for (int n = 0; n < 300; ++n)
        fields += "X: " + std::string(80, 'x') + "\r\n";
    CHECK(failure(ok("hello", fields)) == Kind::too_large);

    const HttpsServer silent("");
    const auto got = send(*make_client(), silent.url(), 300ms);
    REQUIRE_FALSE(got);
    CHECK(got.error().kind == Kind::timeout);
}

TEST_CASE("what is no HTTP, or was packed without being asked to, is no answer") {
    CHECK(failure("220 mail.test ESMTP\r\n") == Kind::protocol);
    CHECK(failure(ok("hello", "Content-Encoding: gzip\r\n")) == Kind::protocol);
    CHECK(failure("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello") == Kind::connect);
    const auto nobody = send(*make_client(), "https://policy.test:1/");
    CHECK(nobody.error().kind == Kind::connect);
}

TEST_CASE("a stop ends what is under way, and what comes later") {
    const HttpsServer silent("");
    const auto client = make_client();
    std::thread stopper([&] {
        while (silent.requests().empty())
            std::this_thread::sleep_for(1ms);
        client->stop();
    });
    const auto got = send(*client, silent.url());
    stopper.join();
    REQUIRE_FALSE(got);
    CHECK(got.error().kind == Kind::stopped);
    CHECK(send(*client, silent.url()).error().kind == Kind::stopped);
}
