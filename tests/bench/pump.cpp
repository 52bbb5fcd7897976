// SPDX-License-Identifier: Apache-2.0
// Pumps messages into a running server over parallel SMTP sessions and takes them back in as the
// receiving server; then reports rates, and what the server and its database cost.
//
//   pump --to 127.0.0.1:2525 --sink 127.0.0.2:25 --messages 10000 --sessions 20 --size 10240
//        --domains 1000 --pid SERVER --pid POSTMASTER [--delay-ms 0] [--max-seconds 300]
#include <sys/resource.h>
#include <unistd.h>
#include <asio.hpp>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <random>
#include <set>
#include <sstream>

using asio::awaitable;
using asio::use_awaitable;
using asio::ip::tcp;
using Clock = std::chrono::steady_clock;

namespace {

struct Options {
    std::string to = "127.0.0.1:2525", sink = "127.0.0.2:25", json;
    long messages = 10000;
    int sessions = 20, size = 10240, domains = 1, delay_ms = 0, max_seconds = 300;
    std::vector<int> pids;
};

double seconds(Clock::duration d) {
    return std::chrono::duration<double>(d).count();
}

tcp::endpoint endpoint(const std::string& text) {
    const auto colon = text.rfind(':');
    return {
        asio::ip::make_address(text.substr(0, colon)),
        static_cast<std::uint16_t>(std::stoi(text.substr(colon + 1)))
    };
}

struct Counts {
    long sent = 0, accepted = 0, refused = 0, delivered = 0, duplicates = 0, connections = 0,
         open = 0, peak = 0;
    std::vector<bool> seen;
    std::vector<double> latency_ms;  // of acceptance: last octet to 250
    Clock::time_point start = Clock::now(), last_accept = start, last_delivery = start;
};

// ---- the receiving side -------------------------------------------------------------------------

void count_delivery(Counts& counts, std::string_view content) {
    const auto at = content.find("X-Pump: ");
    if (at == std::string_view::npos) return;
    const auto number = static_cast<std::size_t>(std::strtol(content.data() + at + 8, nullptr, 10));
    if (number >= counts.seen.size()) return;
    if (counts.seen[number]) {
        ++counts.duplicates;
    } else {
        counts.seen[number] = true;
        ++counts.delivered;
        counts.last_delivery = Clock::now();
    }
}

class SinkSession {
  public:
    SinkSession(tcp::socket socket, Counts& counts, int delay_ms)
        : socket_(std::move(socket)),
          timer_(socket_.get_executor()),
          counts_(counts),
          delay_ms_(delay_ms) {}

    awaitable<void> run() {
        co_await say("220 sink.test ESMTP\r\n");
        for (;;) {
            const std::string line = co_await read_until("\r\n");
            const std::string verb = line.substr(0, 4);
            if (verb == "EHLO") {
                co_await say("250-sink.test\r\n250-PIPELINING\r\n250 8BITMIME\r\n");
            } else if (verb == "DATA") {
                co_await say("354 go\r\n");
                const std::string content = co_await read_until("\r\n.\r\n");
                count_delivery(counts_, content);
                co_await say("250 2.0.0 kept\r\n");
            } else if (verb == "QUIT") {
                co_await say("221 bye\r\n");
                co_return;
            } else {
                co_await say("250 ok\r\n");
            }
        }
    }

  private:
    awaitable<std::string> read_until(const char* end) {
        const std::size_t length = co_await asio::async_read_until(
            socket_, asio::dynamic_buffer(buffer_), end, use_awaitable
        );
        std::string taken = buffer_.substr(0, length);
        buffer_.erase(0, length);
        co_return taken;
    }
    // Replies to pipelined commands go out together, as a real server's would.
    awaitable<void> say(std::string text) {
        pending_ += text;
        if (delay_ms_ > 0) {
            timer_.expires_after(std::chrono::milliseconds(delay_ms_));
            co_await timer_.async_wait(use_awaitable);
        }
        if (buffer_.find('\n') != std::string::npos && text.substr(0, 3) != "354") co_return;
        co_await asio::async_write(socket_, asio::buffer(pending_), use_awaitable);
        pending_.clear();
    }

    tcp::socket socket_;
    asio::steady_timer timer_;
    Counts& counts_;
    int delay_ms_;
    std::string buffer_, pending_;
};

awaitable<void> serve(tcp::socket socket, Counts& counts, int delay_ms) {
    ++counts.connections;
    counts.peak = std::max(counts.peak, ++counts.open);
    SinkSession session(std::move(socket), counts, delay_ms);
    try {
        co_await session.run();
    } catch (const std::exception&) {  // the peer went away
    }
    --counts.open;
}

awaitable<void> listen(tcp::acceptor& acceptor, Counts& counts, int delay_ms) {
    const auto executor = co_await asio::this_coro::executor;
    for (;;) {
        tcp::socket socket = co_await acceptor.async_accept(use_awaitable);
        socket.set_option(tcp::no_delay(true));
        asio::co_spawn(executor, serve(std::move(socket), counts, delay_ms), asio::detached);
    }
}

// ---- the sending side ---------------------------------------------------------------------------

std::string make_body(int size) {
    std::mt19937 random(7);
    constexpr std::string_view letters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string body;
    while (static_cast<int>(body.size()) < size) {
        for (int i = 0; i < 76; ++i)
            body += letters[random() % letters.size()];
        body += "\r\n";
    }
    return body;
}

awaitable<std::string> read_reply(tcp::socket& socket, std::string& buffer) {
    for (;;) {
        const std::size_t length = co_await asio::async_read_until(
            socket, asio::dynamic_buffer(buffer), "\r\n", use_awaitable
        );
        std::string line = buffer.substr(0, length);
        buffer.erase(0, length);
        if (line.size() < 4 || line[3] != '-') co_return line;
    }
}

awaitable<void> send_session(const Options& options, const std::string& body, Counts& counts) {
    const auto executor = co_await asio::this_coro::executor;
    tcp::socket socket(executor);
    co_await socket.async_connect(endpoint(options.to), use_awaitable);
    socket.set_option(tcp::no_delay(true));
    std::string buffer;
    co_await read_reply(socket, buffer);
    const std::string hello = "EHLO pump.test\r\n";
    co_await asio::async_write(socket, asio::buffer(hello), use_awaitable);
    co_await read_reply(socket, buffer);
    while (counts.sent < options.messages) {
        const long number = counts.sent++;
        const std::string envelope =
            "MAIL FROM:<pump@origin.test>\r\nRCPT TO:<r" + std::to_string(number) + "@d" +
            std::to_string(number % options.domains) + ".bench.test>\r\nDATA\r\n";
        co_await asio::async_write(socket, asio::buffer(envelope), use_awaitable);
        for (int i = 0; i < 3; ++i)
            co_await read_reply(socket, buffer);
        const std::string header =
            "From: pump@origin.test\r\nDate: Mon, 23 Nov 2026 12:00:00 +0000\r\nMessage-ID: <" +
            std::to_string(number) + "@pump.test>\r\nX-Pump: " + std::to_string(number) +
            "\r\nSubject: load\r\n\r\n";
        const std::array<asio::const_buffer, 3> parts{
            asio::buffer(header), asio::buffer(body), asio::buffer(".\r\n", 3)
        };
        const auto begun = Clock::now();
        co_await asio::async_write(socket, parts, use_awaitable);
        const std::string reply = co_await read_reply(socket, buffer);
        counts.latency_ms.push_back(seconds(Clock::now() - begun) * 1000);
        ++(reply[0] == '2' ? counts.accepted : counts.refused);
        counts.last_accept = Clock::now();
    }
    const std::string quit = "QUIT\r\n";
    co_await asio::async_write(socket, asio::buffer(quit), use_awaitable);
    co_await read_reply(socket, buffer);
}

// ---- what it cost -------------------------------------------------------------------------------

struct Usage {
    double cpu_seconds = 0;
    double memory_mb = 0;  // proportional set size
};

std::set<int> with_descendants(const std::vector<int>& roots) {
    std::multimap<int, int> children;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
        const std::string name = entry.path().filename();
        if (name.find_first_not_of("0123456789") != std::string::npos) continue;
        std::ifstream file(entry.path() / "stat");
        std::string stat;
        std::getline(file, stat);
        std::istringstream rest(stat.substr(std::min(stat.size(), stat.rfind(')') + 2)));
        char state;
        int parent = 0;
        rest >> state >> parent;
        children.emplace(parent, std::stoi(name));
    }
    std::set<int> all;
    std::vector<int> queue = roots;
    while (!queue.empty()) {
        const int pid = queue.back();
        queue.pop_back();
        if (!all.insert(pid).second) continue;
        const auto [begin, end] = children.equal_range(pid);
        for (auto it = begin; it != end; ++it)
            queue.push_back(it->second);
    }
    return all;
}

// CPU of the processes and of their ended children; memory as proportional set size.
Usage usage_of(const std::vector<int>& roots) {
    Usage usage;
    for (const int pid : with_descendants(roots)) {
        std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
        std::string stat;
        std::getline(file, stat);
        if (stat.empty()) continue;
        std::istringstream rest(stat.substr(stat.rfind(')') + 2));
        std::vector<std::string> fields{std::istream_iterator<std::string>(rest), {}};
        for (const std::size_t index : {11u, 12u, 13u, 14u})
            usage.cpu_seconds +=
                std::stod(fields[index]) / static_cast<double>(sysconf(_SC_CLK_TCK));
        std::ifstream smaps("/proc/" + std::to_string(pid) + "/smaps_rollup");
        for (std::string line; std::getline(smaps, line);) {
            if (line.starts_with("Pss:")) usage.memory_mb += std::stod(line.substr(4)) / 1024;
        }
    }
    return usage;
}

double own_cpu() {
    rusage r{};
    getrusage(RUSAGE_SELF, &r);
    return static_cast<double>(r.ru_utime.tv_sec + r.ru_stime.tv_sec) +
           static_cast<double>(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}

void report(const Options& options, Counts& counts, const Usage& before, const Usage& after) {
    std::sort(counts.latency_ms.begin(), counts.latency_ms.end());
    const auto percentile = [&](double p) {
        return counts.latency_ms.empty() ? 0.0
                                         : counts.latency_ms[static_cast<std::size_t>(
                                               p * static_cast<double>(counts.latency_ms.size() - 1)
                                           )];
    };
    const double accept_seconds = seconds(counts.last_accept - counts.start),
                 whole = seconds(counts.last_delivery - counts.start);
    const double cpu = after.cpu_seconds - before.cpu_seconds;
    std::cout << "accepted " << counts.accepted << " ("
              << static_cast<long>(static_cast<double>(counts.accepted) / accept_seconds)
              << "/s, p50 " << percentile(.5) << " ms, p99 " << percentile(.99) << " ms), refused "
              << counts.refused << "\n"
              << "delivered " << counts.delivered << " ("
              << static_cast<long>(static_cast<double>(counts.delivered) / whole)
              << "/s end to end), missing " << counts.accepted - counts.delivered << ", duplicates "
              << counts.duplicates << ", connections " << counts.connections << " (peak "
              << counts.peak << ")\n"
              << "cpu " << cpu * 1000 / static_cast<double>(std::max(1L, counts.delivered))
              << " ms a message (server and database), memory " << after.memory_mb
              << " MB; this program: "
              << own_cpu() * 1000 / static_cast<double>(std::max(1L, counts.delivered)) << " ms\n";
    if (options.json.empty()) return;
    std::ofstream(options.json) << "{\"accepted\":" << counts.accepted << ",\"accepted_per_s\":"
                                << static_cast<double>(counts.accepted) / accept_seconds
                                << ",\"delivered\":" << counts.delivered << ",\"delivered_per_s\":"
                                << static_cast<double>(counts.delivered) / whole
                                << ",\"duplicates\":" << counts.duplicates
                                << ",\"cpu_ms_per_message\":"
                                << cpu * 1000 / static_cast<double>(std::max(1L, counts.delivered))
                                << ",\"memory_mb\":" << after.memory_mb << "}\n";
}

awaitable<void> finish(const Options& options, Counts& counts, asio::io_context& context) {
    asio::steady_timer timer(context);
    const auto end = counts.start + std::chrono::seconds(options.max_seconds);
    while (Clock::now() < end && (counts.accepted + counts.refused < options.messages ||
                                  counts.delivered < counts.accepted)) {
        timer.expires_after(std::chrono::milliseconds(5));
        co_await timer.async_wait(use_awaitable);
    }
    timer.expires_after(std::chrono::milliseconds(300 + options.delay_ms)
    );  // duplicates that come late
    co_await timer.async_wait(use_awaitable);
    context.stop();
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    CLI::App app{"Load generator and receiving server in one"};
    app.add_option("--to", options.to);
    app.add_option("--sink", options.sink);
    app.add_option("--messages", options.messages);
    app.add_option("--sessions", options.sessions);
    app.add_option("--size", options.size);
    app.add_option("--domains", options.domains);
    app.add_option("--delay-ms", options.delay_ms);
    app.add_option("--max-seconds", options.max_seconds);
    app.add_option("--pid", options.pids);
    app.add_option("--json", options.json);
    CLI11_PARSE(app, argc, argv);

    asio::io_context context(1);
    Counts counts;
    counts.seen.resize(static_cast<std::size_t>(options.messages));
    tcp::acceptor acceptor(context, endpoint(options.sink));
    const std::string body = make_body(options.size);
    const Usage before = usage_of(options.pids);
    counts.start = Clock::now();
    asio::co_spawn(context, listen(acceptor, counts, options.delay_ms), asio::detached);
    for (int i = 0; i < options.sessions; ++i) {
        asio::co_spawn(context, send_session(options, body, counts), [](std::exception_ptr error) {
            if (!error) return;
            try {
                std::rethrow_exception(error);
            } catch (const std::exception& e) {
                std::cerr << "a sending session ended: " << e.what() << "\n";
            }
        });
    }
    asio::co_spawn(context, finish(options, counts, context), asio::detached);
    context.run();
    report(options, counts, before, usage_of(options.pids));
    return counts.delivered == options.messages && counts.duplicates == 0 ? 0 : 1;
}
