// SPDX-License-Identifier: Apache-2.0
#include "tests/support/fake_dns.hpp"

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/ip/udp.hpp>
#include <asio/read.hpp>
#include <asio/write.hpp>

#include <array>
#include <atomic>
#include <map>
#include <set>
#include <sstream>
#include <thread>
#include <vector>

namespace outpost::test {
namespace {

using asio::ip::tcp;
using asio::ip::udp;

std::string u16(unsigned value) {
    return {static_cast<char>(value >> 8), static_cast<char>(value & 0xff)};
}

std::string wire_name(std::string name) {
    std::string out;
    std::istringstream labels(name);
    for (std::string label; std::getline(labels, label, '.');) {
        if (!label.empty()) out += static_cast<char>(label.size()) + label;
    }
    return out + '\0';
}

unsigned type_number(const std::string& type) {
    static const std::map<std::string, unsigned> numbers{
        {"A", 1}, {"CNAME", 5}, {"MX", 15}, {"TXT", 16}, {"AAAA", 28}
    };
    const auto found = numbers.find(type);
    return found == numbers.end() ? 0 : found->second;
}

std::string wire_data(unsigned type, std::istringstream& rest) {
    std::string first, second;
    if (type == 16) {
        std::getline(rest >> std::ws, first);
        return static_cast<char>(first.size()) + first;
    }
    rest >> first >> second;
    if (type == 15) return u16(static_cast<unsigned>(std::stoi(first))) + wire_name(second);
    if (type == 5) return wire_name(first);
    const auto address = asio::ip::make_address(first);
    if (type == 1) {
        const auto raw = address.to_v4().to_bytes();
        return {raw.begin(), raw.end()};
    }
    const auto raw = address.to_v6().to_bytes();
    return {raw.begin(), raw.end()};
}

struct Zone {
    struct Entry {
        unsigned type;
        std::string data;
    };
    std::map<std::string, std::vector<Entry>> records;
    std::map<std::string, std::set<std::string>> marks;

    explicit Zone(std::string_view text) {
        std::istringstream lines{std::string(text)};
        for (std::string line; std::getline(lines, line);) {
            std::istringstream words(line);
            std::string name, type;
            if (!(words >> name >> type)) continue;
            records[name];
            if (const unsigned number = type_number(type)) {
                records[name].push_back({number, wire_data(number, words)});
            } else {
                marks[name].insert(type);
            }
        }
    }
    bool marked(const std::string& name, const char* mark) const {
        const auto found = marks.find(name);
        return found != marks.end() && found->second.count(mark) != 0;
    }
};

/// A query taken apart; the question section is repeated octet by octet.
struct Query {
    std::string id, question, name;
    unsigned type = 0;
    bool edns = false;

    explicit Query(std::string_view packet) {
        id = packet.substr(0, 2);
        edns = packet.at(11) != 0;
        std::size_t at = 12;
        while (packet.at(at) != 0) {
            const auto length = static_cast<unsigned char>(packet[at]);
            name += (name.empty() ? "" : ".") + std::string(packet.substr(at + 1, length));
            at += 1u + length;
        }
        type = static_cast<unsigned char>(packet.at(at + 1)) << 8 |
               static_cast<unsigned char>(packet.at(at + 2));
        question = packet.substr(12, at + 5 - 12);
    }
};

std::string response(
    const Query& query, unsigned code, bool truncated, const std::vector<std::string>& answers,
    const std::string& authority
) {
    std::string out = query.id + u16(0x8180u | (truncated ? 0x0200u : 0u) | code);
    out += u16(1) + u16(static_cast<unsigned>(answers.size())) + u16(authority.empty() ? 0 : 1) +
           u16(0) + query.question;
    for (const auto& answer : answers)
        out += answer;
    return out + authority;
}

std::string record(unsigned type, const std::string& data) {
    // The owner is the question's name: a pointer to octet 12.
    return u16(0xc00c) + u16(type) + u16(1) + u16(0) + u16(300) +
           u16(static_cast<unsigned>(data.size())) + data;
}

std::string soa() {
    const std::string numbers = u16(0) + u16(1) + std::string(12, '\0') + u16(0) + u16(60);
    return record(6, wire_name("ns.test") + wire_name("admin.test") + numbers);
}

/// Empty: no answer at all.
std::string answer_to(const Zone& zone, std::string_view packet, bool by_udp) {
    const Query query(packet);
    const auto found = zone.records.find(query.name);
    if (found == zone.records.end()) return response(query, 3, false, {}, soa());
    if (zone.marked(query.name, "DROP")) return {};
    if (zone.marked(query.name, "SERVFAIL")) return response(query, 2, false, {}, {});
    if (zone.marked(query.name, "NOEDNS") && query.edns) return response(query, 1, false, {}, {});
    if (zone.marked(query.name, "TRUNCATE") && by_udp) return response(query, 0, true, {}, {});
    std::vector<std::string> answers;
    bool alias = false;
    for (const auto& [type, data] : found->second) {
        if (type == query.type || type == 5) answers.push_back(record(type, data));
        alias = alias || type == 5;
    }
    return response(query, 0, false, answers, answers.empty() && !alias ? soa() : std::string());
}

}  // namespace

struct FakeDns::Server {
    explicit Server(std::string_view text)
        : zone(text),
          acceptor(loop, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
          socket(
              loop,
              udp::endpoint(asio::ip::address_v4::loopback(), acceptor.local_endpoint().port())
          ) {
        receive();
        accept();
        thread = std::thread([this] { loop.run(); });
    }
    ~Server() {
        loop.stop();
        thread.join();
    }

    void receive() {
        socket.async_receive_from(
            asio::buffer(packet), from,
            [this](const asio::error_code& error, std::size_t size) {
                if (!error && size > 12) {
                    ++queries;
                    const std::string reply = answer_to(zone, {packet.data(), size}, true);
                    asio::error_code ignored;
                    if (!reply.empty()) socket.send_to(asio::buffer(reply), from, 0, ignored);
                }
                receive();
            }
        );
    }

    void accept() {
        acceptor.async_accept([this](const asio::error_code& error, tcp::socket client) {
            if (!error) serve(client);
            accept();
        });
    }

    // One query a connection, blocking: our resolver asks no more.
    void serve(tcp::socket& client) {
        asio::error_code error;
        std::array<unsigned char, 2> length{};
        asio::read(client, asio::buffer(length), error);
        std::string query(static_cast<std::size_t>(length[0] << 8 | length[1]), '\0');
        asio::read(client, asio::buffer(query), error);
        if (error || query.size() <= 12) return;
        ++queries;
        std::string reply = answer_to(zone, query, false);
        if (reply.empty()) return;
        reply.insert(0, u16(static_cast<unsigned>(reply.size())));
        asio::write(client, asio::buffer(reply), error);
    }

    Zone zone;
    asio::io_context loop;
    tcp::acceptor acceptor;
    udp::socket socket;
    std::array<char, 4096> packet{};
    udp::endpoint from;
    std::atomic<int> queries{0};
    std::thread thread;
};

FakeDns::FakeDns(std::string_view zone) : server_(std::make_unique<Server>(zone)) {}
FakeDns::~FakeDns() = default;
net::Endpoint FakeDns::endpoint() const {
    return {asio::ip::address_v4::loopback(), server_->acceptor.local_endpoint().port()};
}
int FakeDns::queries() const {
    return server_->queries;
}

}  // namespace outpost::test
