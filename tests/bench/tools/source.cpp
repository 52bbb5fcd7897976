// SPDX-License-Identifier: Apache-2.0
// Sends messages into a server over parallel SMTP sessions, as fast as it takes them.
//
//   smtp_source --port 2525 --messages 10000 --sessions 20 --size 10240 [--domains 1000] …
//
// Message N goes to "r<N>.0@d<N modulo domains>.bench.test" and carries what the sink checks: its
// number and the checksum of its body. A message that is not acknowledged counts as failed and is
// not sent again. What was measured is written as JSON.
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <string>
#include <vector>

#include "tests/bench/tools/bodies.hpp"
#include "tests/bench/tools/support.hpp"

namespace outpost::bench {
namespace {

struct Options {
    std::string address = "127.0.0.1", suffix = "bench.test", json, acknowledged;
    int port = 2525, sessions = 20, size = 10240, domains = 1, max_seconds = 600;
    long messages = 10000, first = 0;
};

enum class State { greeting, hello, envelope, content, quit, closed };

struct Session {
    int descriptor = -1;
    State state = State::closed;
    std::string input, output;
    long number = -1;     ///< of the message under way
    int replies_due = 0;  ///< to the pipelined envelope
    double begun = 0;
    std::uint32_t watched = EPOLLIN;
};

class Source {
  public:
    explicit Source(const Options& options)
        : options_(options),
          bodies_(make_bodies(options.size)),
          sessions_(static_cast<std::size_t>(options.sessions)) {
        if (!options.acknowledged.empty())
            acknowledged_ = std::fopen(options.acknowledged.c_str(), "w");
    }

    /// True when every message was acknowledged.
    bool run() {
        started_ = now();
        for (Session& session : sessions_)
            open(session);
        std::array<epoll_event, 256> events{};
        while (live_ > 0 && !is_over()) {
            const int count = epoll_wait(poll_, events.data(), events.size(), 100);
            for (int i = 0; i < count; ++i)
                handle(*static_cast<Session*>(events[static_cast<std::size_t>(i)].data.ptr));
        }
        report();
        return accepted_ == options_.messages;
    }

  private:
    bool is_over() const {
        // Sessions that the server never greeted must not keep us when all is said.
        const bool all_answered = accepted_ + failed_ >= options_.messages;
        return now() - started_ > options_.max_seconds || (all_answered && now() > last_ + 1);
    }

    void open(Session& session) {
        constexpr long hopeless = 1000;
        if (next_ >= options_.messages || broken_ > hopeless) return;
        session = Session{};
        session.descriptor = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        set_no_delay(session.descriptor);
        const auto address = loopback_address(options_.address, options_.port);
        connect(session.descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address);
        session.state = State::greeting;
        watch(session, EPOLLIN, EPOLL_CTL_ADD);
        ++live_;
    }

    void watch(Session& session, std::uint32_t events, int operation) const {
        session.watched = events;
        epoll_event event{};
        event.events = events;
        event.data.ptr = &session;
        epoll_ctl(poll_, operation, session.descriptor, &event);
    }

    void close(Session& session) {
        ::close(session.descriptor);
        --live_;
        const bool in_order = session.state == State::quit;
        if (!in_order) ++broken_;
        if (session.state == State::envelope || session.state == State::content) ++failed_;
        session.state = State::closed;
        if (!in_order) open(session);
    }

    void handle(Session& session) {
        if (session.state == State::closed) return;
        const auto count = read(session.descriptor, buffer_.data(), buffer_.size());
        if (count == 0 || (count < 0 && errno != EAGAIN)) return close(session);
        if (count > 0) session.input.append(buffer_.data(), static_cast<std::size_t>(count));
        take_replies(session);
        if (session.state != State::closed) flush(session);
    }

    void take_replies(Session& session) {
        std::size_t begin = 0, end;
        while ((end = session.input.find('\n', begin)) != std::string::npos) {
            const auto line = std::string_view(session.input).substr(begin, end - begin);
            begin = end + 1;
            const bool continued = line.size() > 3 && line[3] == '-';
            if (!continued) on_reply(session, line);
            if (session.state == State::closed) return;
        }
        session.input.erase(0, begin);
    }

    void on_reply(Session& session, std::string_view line) {
        int code = 0;
        std::from_chars(line.data(), line.data() + std::min<std::size_t>(3, line.size()), code);
        if (code >= 400) last_refusal_ = line.substr(0, line.find('\r'));
        switch (session.state) {
            case State::greeting:
                session.output += "EHLO source.bench.test\r\n";
                session.state = State::hello;
                return;
            case State::hello:
                return next_message(session);
            case State::envelope:  // of the replies to MAIL, RCPT and DATA the last one decides
                if (--session.replies_due > 0) return;
                if (code == 354) return send_content(session);
                ++failed_;
                return next_message(session);
            case State::content:
                ++(code == 250 ? accepted_ : failed_);
                if (code == 250) note_acceptance(session);
                return next_message(session);
            case State::quit:
            case State::closed:
                return close(session);
        }
    }

    void note_acceptance(const Session& session) {
        last_ = now();
        latencies_.push_back(last_ - session.begun);
        if (acknowledged_ != nullptr)
            std::fprintf(acknowledged_, "%s\n", recipient_of(session.number).c_str());
    }

    std::string recipient_of(long number) const {
        return "r" + std::to_string(number) + ".0@d" + std::to_string(number % options_.domains) +
               "." + options_.suffix;
    }

    void next_message(Session& session) {
        if (next_ >= options_.messages) {
            session.output += "QUIT\r\n";
            session.state = State::quit;
            return;
        }
        session.number = options_.first + next_++;
        session.begun = now();
        session.output += "MAIL FROM:<sender@origin.test>\r\nRCPT TO:<" +
                          recipient_of(session.number) + ">\r\nDATA\r\n";
        session.state = State::envelope;
        session.replies_due = 3;
    }

    void send_content(Session& session) {
        const auto number = std::to_string(session.number);
        const Body& body = bodies_[static_cast<std::size_t>(session.number) % bodies_.size()];
        session.output += "From: Sender <sender@origin.test>\r\nTo: <" +
                          recipient_of(session.number) + ">\r\nSubject: load " + number +
                          "\r\nDate: Mon, 23 Nov 2026 12:00:00 +0000\r\nMessage-ID: <" + number +
                          "@origin.test>\r\nX-Bench-Number: " + number +
                          "\r\nX-Bench-Sum: " + body.sum +
                          "\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n";
        session.output += body.text;
        session.output += ".\r\n";
        session.state = State::content;
    }

    void flush(Session& session) {
        while (!session.output.empty()) {
            const auto sent = send(
                session.descriptor, session.output.data(), session.output.size(), MSG_NOSIGNAL
            );
            if (sent <= 0) break;
            session.output.erase(0, static_cast<std::size_t>(sent));
        }
        const std::uint32_t wanted = session.output.empty() ? EPOLLIN : EPOLLIN | EPOLLOUT;
        if (wanted != session.watched) watch(session, wanted, EPOLL_CTL_MOD);
    }

    double latency_ms(double share) const {
        if (latencies_.empty()) return 0;
        const auto last = static_cast<double>(latencies_.size() - 1);
        return latencies_[static_cast<std::size_t>(share * last)] * 1000;
    }

    void report() {
        std::sort(latencies_.begin(), latencies_.end());
        if (acknowledged_ != nullptr) std::fclose(acknowledged_);
        std::FILE* file = options_.json.empty() ? stdout : std::fopen(options_.json.c_str(), "w");
        if (file == nullptr) return std::perror(options_.json.c_str());
        const double seconds = std::max(last_ - started_, 1e-6);
        // The words of a server under test: no character that JSON would want escaped.
        std::erase_if(last_refusal_, [](char c) { return c == '"' || c == '\\' || c < ' '; });
        std::fprintf(
            file,
            "{\"accepted\":%ld,\"failed\":%ld,\"seconds\":%.3f,\"per_second\":%.1f,\"p50_ms\":%.2f,"
            "\"p99_ms\":%.2f,\"broken_sessions\":%ld,\"start\":%.6f,\"cpu_seconds\":%.3f,"
            "\"last_refusal\":\"%s\"}\n",
            accepted_, failed_, seconds, static_cast<double>(accepted_) / seconds, latency_ms(.5),
            latency_ms(.99), broken_, started_, own_cpu(), last_refusal_.c_str()
        );
        if (file != stdout) std::fclose(file);
    }

    const Options& options_;
    const std::vector<Body> bodies_;
    std::vector<Session> sessions_;
    int poll_ = epoll_create1(0), live_ = 0;
    long next_ = 0, accepted_ = 0, failed_ = 0, broken_ = 0;
    double started_ = 0, last_ = 0;
    std::vector<double> latencies_;  ///< seconds from MAIL to 250
    std::string last_refusal_;
    std::array<char, 16384> buffer_{};
    std::FILE* acknowledged_ = nullptr;
};

}  // namespace
}  // namespace outpost::bench

int main(int argc, char** argv) {
    using namespace outpost::bench;
    Options options;
    CLI::App app{"Sends messages as fast as a server takes them"};
    app.add_option("--address", options.address);
    app.add_option("--port", options.port);
    app.add_option("--messages", options.messages);
    app.add_option("--first", options.first, "number of the first message");
    app.add_option("--sessions", options.sessions);
    app.add_option("--size", options.size, "octets of a body");
    app.add_option("--domains", options.domains);
    app.add_option("--suffix", options.suffix, "what recipient domains end with");
    app.add_option("--max-seconds", options.max_seconds);
    app.add_option("--json", options.json);
    app.add_option(
        "--acknowledged", options.acknowledged, "file for the recipients of accepted messages"
    );
    CLI11_PARSE(app, argc, argv);
    std::signal(SIGPIPE, SIG_IGN);
    raise_descriptor_limit();
    return Source(options).run() ? 0 : 1;
}
