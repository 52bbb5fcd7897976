// SPDX-License-Identifier: Apache-2.0
#include "tests/support/scripted_server.hpp"

#include <stdlib.h>
#include <sys/socket.h>

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/ssl/context.hpp>
#include <asio/ssl/stream.hpp>
#include <asio/write.hpp>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>

#include "core/net/tls/context.hpp"

namespace outpost::test {
namespace {

using asio::ip::tcp;

const std::string silence = "\n";  // no line begins so: waits until the client closes

/// One connection and the octets that wait in it.
class Peer {
  public:
    Peer(tcp::socket socket, asio::ssl::context& tls) : stream_(std::move(socket), tls) {
        stream_.next_layer().set_option(tcp::no_delay(true));
    }

    void play(const Script& script) {
        for (const Step& step : script) {
            if (!step.expect.empty() && !await_line(step.expect)) return;
            std::this_thread::sleep_for(step.delay);
            if (!say(step.answer ? step.answer(last_line_) : step.say)) return;
            if (!act(step.then)) return;
        }
    }
    /// Ends the connection, from whichever thread, without closing the descriptor.
    void interrupt() { ::shutdown(stream_.next_layer().native_handle(), SHUT_RDWR); }
    void close() {
        asio::error_code ignored;
        stream_.next_layer().close(ignored);
    }
    const std::string& seen() const noexcept { return seen_; }

  private:
    bool await_line(const std::string& beginning) {
        for (;;) {
            const auto line = read_line();
            if (!line) return false;
            seen_ += *line + "\r\n";
            if (line->starts_with("BDAT ")) take_octets(std::stoul(line->substr(5)));
            last_line_ = *line;
            if (beginning == "." ? *line == "." : line->starts_with(beginning)) return true;
            if (*line == "*" && beginning != silence)
                say("501 5.7.0 login given up\r\n");  // RFC 4954 section 4
            if (*line == "QUIT" && beginning != silence) {
                say("221 bye\r\n");
                return false;
            }
        }
    }
    std::optional<std::string> read_line() {
        std::size_t end;
        while ((end = buffer_.find("\r\n")) == buffer_.npos) {
            if (!fill()) return std::nullopt;
        }
        std::string line = buffer_.substr(0, end);
        buffer_.erase(0, end + 2);
        return line;
    }
    void take_octets(std::size_t count) {
        while (buffer_.size() < count && fill()) {
        }
        seen_ += buffer_.substr(0, count);
        buffer_.erase(0, count);
    }
    bool fill() {
        char octets[16 * 1024];
        asio::error_code error;
        const auto got = tls_ ? stream_.read_some(asio::buffer(octets), error)
                              : stream_.next_layer().read_some(asio::buffer(octets), error);
        buffer_.append(octets, got);
        return !error;
    }
    /// False when nobody hears it any more.
    bool say(const std::string& octets) {
        asio::error_code error;
        if (tls_)
            asio::write(stream_, asio::buffer(octets), error);
        else
            asio::write(stream_.next_layer(), asio::buffer(octets), error);
        return !error;
    }
    bool act(Step::Then then) {
        asio::error_code error;
        switch (then) {
            case Step::Then::go_on:
                return true;
            case Step::Then::start_tls:
                stream_.handshake(asio::ssl::stream_base::server, error);
                tls_ = !error;
                return tls_;
            case Step::Then::stall:
                await_line(silence);
                return false;
            case Step::Then::hang_up:
                return false;
            case Step::Then::reset:
                stream_.next_layer().set_option(asio::socket_base::linger(true, 0), error);
                return false;
        }
        return false;
    }

    asio::ssl::stream<tcp::socket> stream_;
    bool tls_ = false;
    std::string buffer_, seen_, last_line_;
};

}  // namespace

struct ScriptedServer::State {
    State(std::vector<Script> all, const Options& options)
        : scripts(std::move(all)),
          acceptor(io, {asio::ip::make_address(options.address), options.port}) {
        if (options.certificates.empty()) return;
        tls = tls::make_server_context(
            {options.certificates / "cert.pem", options.certificates / "key.pem"}
        );
    }

    void accept_all() {
        for (;;) {
            asio::error_code error;
            tcp::socket socket(io);
            acceptor.accept(socket, error);
            const std::lock_guard lock(mutex);
            if (error || stopping) return;
            const std::size_t number = peers.size();
            peers.push_back(std::make_unique<Peer>(std::move(socket), *tls));
            seen.emplace_back();
            threads.emplace_back([this, number, peer = peers.back().get()] { serve(number, *peer); }
            );
        }
    }
    void serve(std::size_t number, Peer& peer) {
        if (number < scripts.size()) peer.play(scripts[number]);
        const std::lock_guard lock(mutex);
        peer.close();
        seen[number] = peer.seen();
        ended.notify_all();
    }
    void stop() {
        {
            const std::lock_guard lock(mutex);
            stopping = true;
            ::shutdown(acceptor.native_handle(), SHUT_RDWR);
            for (std::size_t i = 0; i < peers.size(); ++i) {
                if (!seen[i]) peers[i]->interrupt();
            }
        }
        accepting.join();
        for (std::thread& thread : threads)
            thread.join();
    }

    std::vector<Script> scripts;
    asio::io_context io;
    tcp::acceptor acceptor;
    std::shared_ptr<asio::ssl::context> tls =
        std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
    std::mutex mutex;
    std::condition_variable ended;
    std::vector<std::unique_ptr<Peer>> peers;
    std::vector<std::optional<std::string>> seen;
    std::vector<std::thread> threads;
    std::thread accepting;
    bool stopping = false;
};

ScriptedServer::ScriptedServer(std::vector<Script> scripts)
    : ScriptedServer(std::move(scripts), Options()) {}

ScriptedServer::ScriptedServer(std::vector<Script> scripts, Options options)
    : state_(std::make_shared<State>(std::move(scripts), options)) {
    state_->accepting = std::thread([state = state_.get()] { state->accept_all(); });
}

ScriptedServer::~ScriptedServer() {
    state_->stop();
}

std::uint16_t ScriptedServer::port() const {
    return state_->acceptor.local_endpoint().port();
}

std::string ScriptedServer::seen(std::size_t connection) {
    std::unique_lock lock(state_->mutex);
    const auto over = [&] { return state_->seen.size() > connection && state_->seen[connection]; };
    if (!state_->ended.wait_for(lock, std::chrono::seconds(10), over)) {
        throw std::runtime_error("connection " + std::to_string(connection) + " has not ended");
    }
    return *state_->seen[connection];
}

std::size_t ScriptedServer::connections() const {
    const std::lock_guard lock(state_->mutex);
    return state_->peers.size();
}

TestCertificates::TestCertificates() {
    std::string name = (std::filesystem::temp_directory_path() / "outpost-certs-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary directory");
    directory_ = name;
    tls::mint_certificates(directory_, {"mx.test", "127.0.0.1"});
}

TestCertificates::~TestCertificates() {
    std::filesystem::remove_all(directory_);
}

}  // namespace outpost::test
