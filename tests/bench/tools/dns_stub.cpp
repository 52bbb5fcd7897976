// SPDX-License-Identifier: Apache-2.0
// A name server for measurements: every "d<N>.…" has "MX 10 mx.d<N>.…", and that host has an
// address on loopback of its own, 127.0.0.0 + 65536 + N. Any other name has A 127.0.0.2. No zone to
// load, and next to no CPU time.
//
//   dns_stub [ADDRESS [PORT]]
#include <arpa/inet.h>
#include <poll.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "tests/bench/tools/support.hpp"

namespace outpost::bench {
namespace {

constexpr unsigned type_a = 1, type_soa = 6, type_ptr = 12, type_mx = 15;

void put16(std::string& out, unsigned value) {
    out += static_cast<char>(value >> 8);
    out += static_cast<char>(value);
}
void put32(std::string& out, unsigned value) {
    put16(out, value >> 16);
    put16(out, value & 0xffff);
}

struct Question {
    std::string octets;              ///< as asked, to be repeated in the answer
    std::optional<unsigned> number;  ///< of the first label "d<number>"
    bool of_mx_host = false;
    unsigned type = 0;
};

std::optional<unsigned> number_of(std::string_view label) {
    if (label.size() < 2 || (label[0] | 0x20) != 'd') return std::nullopt;
    const auto digits = label.substr(1);
    if (digits.find_first_not_of("0123456789") != digits.npos) return std::nullopt;
    return static_cast<unsigned>(std::strtoul(std::string(digits).c_str(), nullptr, 10));
}

std::optional<Question> read_question(std::string_view query) {
    constexpr std::size_t header_size = 12, max_label = 63;
    Question question;
    std::size_t at = header_size;
    while (at < query.size() && query[at] != 0) {
        const auto length = static_cast<unsigned char>(query[at]);
        if (length > max_label || at + 1 + length >= query.size()) return std::nullopt;
        const auto label = query.substr(at + 1, length);
        if (at == header_size)
            question.of_mx_host = label.size() == 2 && strncasecmp(label.data(), "mx", 2) == 0;
        if (!question.number) question.number = number_of(label);
        at += 1 + length;
    }
    if (at + 5 > query.size()) return std::nullopt;
    question.type = static_cast<unsigned char>(query[at + 2]);
    question.octets = query.substr(header_size, at + 5 - header_size);
    return question;
}

/// A record for the name that was asked for.
std::string record(unsigned type, unsigned lifetime, std::string_view data) {
    constexpr unsigned name_of_question = 0xc00c, internet = 1;
    std::string out;
    put16(out, name_of_question);
    put16(out, type);
    put16(out, internet);
    put32(out, lifetime);
    put16(out, static_cast<unsigned>(data.size()));
    return out.append(data);
}

std::string answer_record(const Question& question) {
    constexpr unsigned lifetime = 3600, shared_host = 0x7f000002, first_host = 0x7f010000;
    if (question.type == type_a) {
        std::string address;
        put32(address, question.number ? first_host + *question.number : shared_host);
        return record(type_a, lifetime, address);
    }
    if (question.type == type_mx && question.number && !question.of_mx_host)
        return record(type_mx, lifetime, std::string_view("\0\x0a\2mx\xc0\x0c", 7));
    return {};
}

/// For what does not exist: how long that may be remembered.
std::string soa_record() {
    std::string data("\0\0", 2);
    for (const unsigned value : {1U, 3600U, 600U, 86400U, 60U})
        put32(data, value);
    return record(type_soa, 60, data);
}

std::string answer(std::string_view query) {
    const auto question = read_question(query);
    if (!question) return {};
    constexpr unsigned response = 0x8180, no_such_name = 3;
    const auto found = answer_record(*question);
    std::string out(query.substr(0, 2));
    put16(out, response | (question->type == type_ptr ? no_such_name : 0));
    put16(out, 1);
    put16(out, found.empty() ? 0 : 1);
    put16(out, found.empty() ? 1 : 0);
    put16(out, 0);
    return out + question->octets + (found.empty() ? soa_record() : found);
}

void answer_datagram(int udp) {
    std::array<char, 4096> buffer{};
    sockaddr_in from{};
    socklen_t length = sizeof from;
    auto* peer = reinterpret_cast<sockaddr*>(&from);
    const auto count = recvfrom(udp, buffer.data(), buffer.size(), 0, peer, &length);
    if (count <= 0) return;
    const auto out = answer({buffer.data(), static_cast<std::size_t>(count)});
    if (!out.empty()) sendto(udp, out.data(), out.size(), 0, peer, length);
}

/// One question a connection.
void answer_connection(int tcp) {
    const int connection = accept(tcp, nullptr, nullptr);
    std::array<char, 4096> buffer{};
    const auto count = read(connection, buffer.data(), buffer.size());
    if (count > 2) {
        const auto out = answer({buffer.data() + 2, static_cast<std::size_t>(count) - 2});
        std::string framed;
        put16(framed, static_cast<unsigned>(out.size()));
        framed += out;
        if (write(connection, framed.data(), framed.size()) < 0) std::perror("dns_stub");
    }
    close(connection);
}

int serve(const sockaddr_in& address) {
    const int udp = socket(AF_INET, SOCK_DGRAM, 0), tcp = socket(AF_INET, SOCK_STREAM, 0);
    const int on = 1, room = 4 << 20;
    setsockopt(tcp, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(udp, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    const auto* where = reinterpret_cast<const sockaddr*>(&address);
    if (bind(udp, where, sizeof address) != 0 || bind(tcp, where, sizeof address) != 0 ||
        listen(tcp, 128) != 0) {
        std::perror("dns_stub");
        return 1;
    }
    std::array<pollfd, 2> sockets{pollfd{udp, POLLIN, 0}, pollfd{tcp, POLLIN, 0}};
    while (poll(sockets.data(), sockets.size(), -1) >= 0) {
        if (sockets[0].revents != 0) answer_datagram(udp);
        if (sockets[1].revents != 0) answer_connection(tcp);
    }
    return 0;
}

}  // namespace
}  // namespace outpost::bench

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    const std::string address = argc > 1 ? argv[1] : "127.0.0.1";
    const int port = argc > 2 ? std::atoi(argv[2]) : 53;
    return outpost::bench::serve(outpost::bench::loopback_address(address, port));
}
