// SPDX-License-Identifier: Apache-2.0
// An SMTP server that takes all mail, counts it, and finds copies, mix-ups and damage.
//
//   smtp_sink --port 25 --expect 10000 [--address 0.0.0.0] [--delay-ms 0] [--json FILE] …
//
// It ends when `--expect` deliveries came (and lingers for copies), when nothing came for
// `--idle-seconds`, after `--max-seconds`, or on SIGTERM; then it writes what it counted as JSON.
// `--delay-ms`: each reply is held back so long, the greeting too, and no further command is looked
// at before; thousands of connections can wait so at once.
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <deque>
#include <memory>
#include <unordered_map>
#include <vector>

#include "tests/bench/tools/sink_dialogue.hpp"
#include "tests/bench/tools/support.hpp"

namespace outpost::bench {
namespace {

struct Options {
    std::string address = "0.0.0.0", json;
    int port = 25, delay_ms = 0, linger_ms = 300, idle_seconds = 60, max_seconds = 600;
    std::uint64_t expect = 0;
};

volatile std::sig_atomic_t stop_requested = 0;

struct Connection {
    Connection(int descriptor, Ledger& ledger) : descriptor(descriptor), dialogue(ledger) {}

    int descriptor;
    SinkDialogue dialogue;
    std::string output;
    std::string_view delayed;  ///< the reply that waits for its time
    bool waiting = false, reset = false, closed = false;
    std::uint32_t watched = EPOLLIN;
};

class Sink {
  public:
    explicit Sink(const Options& options) : options_(options) { listen(); }

    void run() {
        std::array<epoll_event, 512> events{};
        const double end = now() + options_.max_seconds;
        while (stop_requested == 0 && now() < end && !is_done()) {
            const int count = epoll_wait(poll_, events.data(), events.size(), wait_ms());
            for (int i = 0; i < count; ++i) {
                const auto& event = events[static_cast<std::size_t>(i)];
                if (event.data.ptr == nullptr)
                    accept_all();
                else
                    handle(*static_cast<Connection*>(event.data.ptr));
            }
            send_delayed();
            closed_.clear();
        }
    }

    void report() const {
        std::FILE* file = options_.json.empty() ? stdout : std::fopen(options_.json.c_str(), "w");
        if (file == nullptr) return std::perror(options_.json.c_str());
        const auto missing =
            static_cast<long>(options_.expect) - static_cast<long>(ledger_.distinct());
        std::fprintf(
            file,
            "{\"messages\":%lu,\"distinct\":%lu,\"missing\":%ld,\"duplicates\":%lu,\"mixed_up\":%"
            "lu,"
            "\"damaged\":%lu,\"octets\":%lu,\"connections\":%lu,\"peak_connections\":%lu,"
            "\"first\":%.6f,\"last\":%.6f,\"cpu_seconds\":%.3f}\n",
            ledger_.messages, ledger_.distinct(), missing, ledger_.duplicates, ledger_.mixed_up,
            ledger_.damaged, ledger_.octets, connections_, peak_, ledger_.first, ledger_.last,
            own_cpu()
        );
        if (file != stdout) std::fclose(file);
    }

  private:
    void listen() {
        listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        const int on = 1;
        setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        const auto address = loopback_address(options_.address, options_.port, true);
        const bool bound =
            setsockopt(listener_, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3) == 0 &&
            bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
            ::listen(listener_, 65535) == 0;
        if (!bound) {
            std::perror("smtp_sink: listen");
            std::exit(1);
        }
        watch(listener_, nullptr, EPOLLIN, EPOLL_CTL_ADD);
    }

    bool is_done() {
        const double time = now();
        if (options_.expect > 0 && ledger_.distinct() >= options_.expect) {
            if (done_at_ == 0) done_at_ = time;
            return time > done_at_ + (options_.linger_ms + 2 * options_.delay_ms) / 1000.0;
        }
        return time > active_at_ + options_.idle_seconds;
    }

    int wait_ms() const {
        constexpr int regular = 50;
        if (delayed_.empty()) return regular;
        const auto left = static_cast<int>((delayed_.front().first - now()) * 1000) + 1;
        return std::clamp(left, 0, regular);
    }

    void watch(int descriptor, Connection* connection, std::uint32_t events, int operation) const {
        epoll_event event{};
        event.events = events;
        event.data.ptr = connection;
        epoll_ctl(poll_, operation, descriptor, &event);
    }

    void accept_all() {
        int descriptor;
        while ((descriptor = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK)) >= 0) {
            set_no_delay(descriptor);
            auto connection = std::make_unique<Connection>(descriptor, ledger_);
            Connection& one = *connection;
            open_.emplace(&one, std::move(connection));
            ++connections_;
            peak_ = std::max(peak_, open_.size());
            watch(descriptor, &one, EPOLLIN, EPOLL_CTL_ADD);
            say(one, SinkDialogue::greeting);
            flush(one);
        }
    }

    void handle(Connection& one) {
        if (one.closed) return;
        if (one.waiting) return note_reset(one);
        if (!read_all(one)) return close(one);
        active_at_ = now();
        answer(one);
        flush(one);
    }

    /// While a reply waits only errors are reported, and would be again and again.
    void note_reset(Connection& one) {
        one.reset = true;
        epoll_ctl(poll_, EPOLL_CTL_DEL, one.descriptor, nullptr);
    }

    /// False when the client has gone.
    bool read_all(Connection& one) {
        for (;;) {
            const auto count = read(one.descriptor, buffer_.data(), buffer_.size());
            if (count > 0) one.dialogue.receive({buffer_.data(), static_cast<std::size_t>(count)});
            if (count == static_cast<ssize_t>(buffer_.size())) continue;
            return count > 0 || (count < 0 && errno == EAGAIN);
        }
    }

    void answer(Connection& one) {
        while (!one.waiting) {
            const auto reply = one.dialogue.next_reply();
            if (!reply) return;
            say(one, *reply);
        }
    }

    /// Now, or when its time has come: all delays are equal, so the queue is in order.
    void say(Connection& one, std::string_view reply) {
        if (options_.delay_ms == 0) {
            one.output += reply;
            return;
        }
        one.delayed = reply;
        one.waiting = true;
        delayed_.emplace_back(now() + options_.delay_ms / 1000.0, &one);
    }

    void send_delayed() {
        while (!delayed_.empty() && delayed_.front().first <= now()) {
            Connection& one = *delayed_.front().second;
            delayed_.pop_front();
            one.waiting = false;
            if (one.reset) {
                close(one);
                continue;
            }
            one.output += one.delayed;
            answer(one);
            flush(one);
        }
        if (!delayed_.empty()) active_at_ = now();
    }

    void flush(Connection& one) {
        while (!one.output.empty()) {
            const auto sent =
                send(one.descriptor, one.output.data(), one.output.size(), MSG_NOSIGNAL);
            if (sent < 0 && errno != EAGAIN) return close(one);
            if (sent <= 0) break;
            one.output.erase(0, static_cast<std::size_t>(sent));
        }
        if (one.dialogue.ended() && one.output.empty() && !one.waiting) return close(one);
        // While a reply waits nothing is read, so a client that goes away is noticed afterwards.
        const std::uint32_t wanted =
            (one.waiting ? 0U : EPOLLIN) | (one.output.empty() ? 0U : EPOLLOUT);
        if (wanted == one.watched) return;
        one.watched = wanted;
        watch(one.descriptor, &one, wanted, EPOLL_CTL_MOD);
    }

    /// The object lives until the events at hand, and its delayed reply, have been dealt with.
    void close(Connection& one) {
        if (one.closed || one.waiting) return;
        one.closed = true;
        ::close(one.descriptor);
        const auto node = open_.find(&one);
        closed_.push_back(std::move(node->second));
        open_.erase(node);
    }

    const Options& options_;
    Ledger ledger_;
    int poll_ = epoll_create1(0), listener_ = -1;
    std::array<char, 65536> buffer_{};
    std::unordered_map<Connection*, std::unique_ptr<Connection>> open_;
    std::vector<std::unique_ptr<Connection>> closed_;
    std::deque<std::pair<double, Connection*>> delayed_;
    std::uint64_t connections_ = 0;
    std::size_t peak_ = 0;
    double active_at_ = now(), done_at_ = 0;
};

}  // namespace
}  // namespace outpost::bench

int main(int argc, char** argv) {
    using namespace outpost::bench;
    Options options;
    CLI::App app{"An SMTP server that takes all mail and counts it"};
    app.add_option("--address", options.address);
    app.add_option("--port", options.port);
    app.add_option("--expect", options.expect, "deliveries after which it ends");
    app.add_option("--delay-ms", options.delay_ms, "before each reply");
    app.add_option("--linger-ms", options.linger_ms);
    app.add_option("--idle-seconds", options.idle_seconds);
    app.add_option("--max-seconds", options.max_seconds);
    app.add_option("--json", options.json);
    CLI11_PARSE(app, argc, argv);
    std::signal(SIGPIPE, SIG_IGN);
    for (const int signal : {SIGTERM, SIGINT})
        std::signal(signal, [](int) { stop_requested = 1; });
    raise_descriptor_limit();
    const auto sink = std::make_unique<Sink>(options);
    sink->run();
    sink->report();
}
