// SPDX-License-Identifier: Apache-2.0
#include "core/net/http_server/public_server.hpp"

#include <fmt/format.h>
#include <asio/ip/network_v6.hpp>

#include <map>
#include <mutex>
#include <optional>
#include <system_error>
#include <utility>

#include "core/foundation/base/log.hpp"
#include "core/net/sockets/line_reader.hpp"
#include "core/net/sockets/tcp_stream.hpp"
#include "core/net/sockets/tls_error.hpp"

namespace outpost::http_server {
namespace {

constexpr std::size_t longest_line = 4096, most_lines = 100;

Response plain(int status, std::string body) {
    return {status, "text/plain; charset=utf-8", std::move(body)};
}

std::string_view reason(int status) {
    switch (status) {
        case 200:
            return "OK";
        case 201:
            return "Created";
        case 400:
            return "Bad Request";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 411:
            return "Length Required";
        case 413:
            return "Content Too Large";
        case 415:
            return "Unsupported Media Type";
        case 422:
            return "Unprocessable Content";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 503:
            return "Service Unavailable";
        default:
            return status < 500 ? "Refused" : "Internal Server Error";
    }
}

std::string wire(const Response& response, bool with_body) {
    auto text = fmt::format(
        "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n", response.status,
        reason(response.status), response.content_type, response.body.size()
    );
    if (!response.allow.empty()) text += fmt::format("Allow: {}\r\n", response.allow);
    if (response.status == 503) text += "Retry-After: 600\r\n";
    text += "Connection: close\r\n\r\n";
    if (with_body) text += response.body;
    return text;
}

/// Holds a part of a limited resource for its lifetime.
class Share {
  public:
    Share() = default;
    explicit Share(std::function<void()> give_back) : give_back_(std::move(give_back)) {}
    Share(Share&& other) noexcept : give_back_(std::exchange(other.give_back_, nullptr)) {}
    Share& operator=(Share&& other) noexcept {
        std::swap(give_back_, other.give_back_);
        return *this;
    }
    ~Share() {
        if (give_back_) give_back_();
    }

  private:
    std::function<void()> give_back_;
};

/// What connections are counted by: an IPv6 host has as many addresses as it likes.
std::string whom(const std::string& client) {
    asio::error_code fault;
    const auto address = asio::ip::make_address(client, fault);
    if (fault || address.is_v4()) return client;
    return asio::ip::make_network_v6(address.to_v6(), 64).canonical().to_string();
}

}  // namespace

/// What all connections share. Outlives them all.
struct PublicServer::State : std::enable_shared_from_this<State> {
    explicit State(PublicBounds given) : bounds(given) {}

    std::optional<Share> take_place(const std::string& client) {
        const std::lock_guard lock(mutex);
        if (connections >= bounds.connections || closing) return std::nullopt;
        auto& of_client = clients[client];
        if (of_client >= bounds.connections_of_client) return std::nullopt;
        ++connections;
        ++of_client;
        return Share([self = shared_from_this(), client] {
            const std::lock_guard give_back(self->mutex);
            --self->connections;
            if (--self->clients[client] == 0) self->clients.erase(client);
        });
    }
    std::optional<Share> take_memory(std::size_t octets) {
        const std::lock_guard lock(mutex);
        if (octets > bounds.body_memory - memory) return std::nullopt;
        memory += octets;
        return Share([self = shared_from_this(), octets] {
            const std::lock_guard give_back(self->mutex);
            self->memory -= octets;
        });
    }
    std::pair<std::shared_ptr<Site>, tls::ContextPtr> served() {
        const std::lock_guard lock(mutex);
        return {site, tls};
    }

    const PublicBounds bounds;
    std::mutex mutex;
    std::shared_ptr<Site> site;
    tls::ContextPtr tls;
    std::size_t connections = 0, memory = 0;
    std::map<std::string, std::size_t> clients;
    bool closing = false;
};

namespace {

/// One connection: one request and its answer.
template <class State>
class Exchange {
  public:
    Exchange(std::shared_ptr<State> state, std::unique_ptr<net::ServerStream> stream, Share place)
        : state_(std::move(state)),
          stream_(std::move(stream)),
          place_(std::move(place)),
          deadline_(Deadline::in(state_->bounds.request_time)) {}

    awaitable<void> run() {
        const auto [site, tls] = state_->served();
        const auto head_deadline = deadline_.narrowed(state_->bounds.head_time);
        if (tls) co_await stream_->accept_tls(tls, head_deadline);
        const auto response = co_await respond(*site, head_deadline);
        if (!response) co_return;
        const std::string octets = wire(*response, method_ != "HEAD");
        co_await stream_->write(octets, deadline_);
        if (!heard_all_) co_await hear_out();
    }

  private:
    /// None: the client has gone.
    awaitable<std::optional<Response>> respond(Site& site, Deadline head_deadline) {
        std::vector<std::string> lines;
        for (std::size_t octets = 0;;) {
            const auto line = co_await reader_.read_line(longest_line, head_deadline);
            if (line.status == net::LineReader::Status::end) co_return std::nullopt;
            if (line.status == net::LineReader::Status::too_long)
                co_return plain(431, "too long\n");
            if (line.status == net::LineReader::Status::bare)
                co_return plain(400, "a bare CR or LF\n");
            octets += line.text.size();
            if (line.text.empty()) break;
            if (lines.size() == most_lines || octets > 4 * longest_line)
                co_return plain(431, "too many header fields\n");
            lines.push_back(line.text);
        }
        auto head = parse_head(lines);
        if (!head) co_return plain(400, head.error() + "\n");
        method_ = head->method;
        heard_all_ = head->content_length.value_or(0) == 0 && !head->has_coding;
        co_return co_await respond_to(site, std::move(*head));
    }

    awaitable<std::optional<Response>> respond_to(Site& site, RequestHead head) {
        const std::size_t most = site.longest_body(head);
        std::optional<Share> memory;
        std::string body;
        if (most > 0) {
            if (head.has_coding || !head.content_length)
                co_return plain(411, "Content-Length is wanted\n");
            if (*head.content_length > most) co_return plain(413, "too large\n");
            memory = state_->take_memory(*head.content_length);
            if (!memory) co_return plain(503, "too busy\n");
            if (head.waits_for_100)
                co_await stream_->write("HTTP/1.1 100 Continue\r\n\r\n", deadline_);
            body = co_await read_body(*head.content_length);
            if (body.size() < *head.content_length) co_return std::nullopt;
            heard_all_ = true;
        }
        asio::error_code ignored;
        Request request{
            std::move(head), asio::ip::make_address(stream_->remote_ip(), ignored), std::move(body)
        };
        co_return co_await answer(site, std::move(request));
    }

    awaitable<std::string> read_body(std::size_t length) {
        std::string body;
        while (body.size() < length) {
            const auto more = co_await reader_.peek(deadline_);
            if (more.empty()) break;
            const auto taken = more.substr(0, length - body.size());
            body += taken;
            reader_.consume(taken.size());
        }
        co_return body;
    }

    static awaitable<Response> answer(Site& site, Request request) {
        std::string fault;
        try {
            co_return co_await site.answer(std::move(request));
        } catch (const std::exception& error) {
            fault = error.what();
        }
        log::error("http", "a request could not be answered: {}", fault);
        co_return plain(500, "internal error\n");
    }

    /// Reads what a client still sends, for a moment: a connection that is closed with octets
    /// unread is reset, and the answer may be lost with it.
    awaitable<void> hear_out() {
        constexpr std::size_t most = 1024 * 1024;
        const auto soon = deadline_.narrowed(state_->bounds.parting_time);
        for (std::size_t heard = 0; heard < most;) {
            const auto more = co_await reader_.peek(soon);
            if (more.empty()) co_return;
            heard += more.size();
            reader_.consume(more.size());
        }
    }

    std::shared_ptr<State> state_;
    std::unique_ptr<net::ServerStream> stream_;
    Share place_;
    const Deadline deadline_;
    net::LineReader reader_{*stream_};
    std::string method_;
    bool heard_all_ = false;
};

/// A client that goes away, is too slow or speaks no TLS is not worth a log line.
template <class State>
awaitable<void> exchange(std::unique_ptr<Exchange<State>> one) {
    std::string why;
    try {
        co_await one->run();
        co_return;
    } catch (const std::system_error& error) {
        why = error.what();
    } catch (const net::TlsError& error) {
        why = error.what();
    }
    log::debug("http", "a connection has ended: {}", why);
}

}  // namespace

PublicServer::PublicServer(EventLoops& loops, PublicBounds bounds)
    : loops_(loops), state_(std::make_shared<State>(bounds)) {}

PublicServer::~PublicServer() = default;

void PublicServer::serve(std::shared_ptr<Site> site, tls::ContextPtr tls) {
    const std::lock_guard lock(state_->mutex);
    state_->site = std::move(site);
    state_->tls = std::move(tls);
}

void PublicServer::start(const net::Endpoint& at) {
    const auto accepted = [this, state = state_](net::Listener::Socket socket, std::size_t loop) {
        auto stream = net::make_server_stream(std::move(socket));
        auto place = state->take_place(whom(stream->remote_ip()));
        if (!place) return;
        auto one = std::make_unique<Exchange<State>>(state, std::move(stream), std::move(*place));
        tasks_.spawn("http", loops_.at(loop).get_executor(), exchange(std::move(one)));
    };
    auto& listener = listeners_.emplace_back(loops_, at, accepted);
    listener.start(tasks_);
    log::info("http", "serving strangers on {}", net::Endpoint{at.address, listener.port()}.text());
}

std::uint16_t PublicServer::port() const {
    return listeners_.empty() ? 0 : listeners_.front().port();
}

void PublicServer::stop() {
    for (auto& listener : listeners_)
        listener.stop();
    const std::lock_guard lock(state_->mutex);
    state_->closing = true;
}

awaitable<bool> PublicServer::join(Deadline deadline) {
    co_return co_await tasks_.join(deadline);
}

}  // namespace outpost::http_server
