// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/tools/support.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <zlib.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>

namespace outpost::bench {

double now() {
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration<double>(since_epoch).count();
}

double own_cpu() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec;
    const auto microseconds = usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
    return static_cast<double>(seconds) + static_cast<double>(microseconds) / 1e6;
}

void raise_descriptor_limit() {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

sockaddr_in loopback_address(const std::string& text, int port, bool any) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    const bool valid = inet_pton(AF_INET, text.c_str(), &address.sin_addr) == 1;
    const auto number = ntohl(address.sin_addr.s_addr);
    if (valid && (number >> 24 == 127 || (any && number == 0))) return address;
    std::fprintf(stderr, "%s is no IPv4 address on loopback\n", text.c_str());
    std::exit(2);
}

void set_no_delay(int descriptor) {
    const int on = 1;
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

std::string checksum(std::string_view octets) {
    const auto* data = reinterpret_cast<const Bytef*>(octets.data());
    std::array<char, 9> digits{};
    std::snprintf(
        digits.data(), digits.size(), "%08lx", crc32(0, data, static_cast<uInt>(octets.size()))
    );
    return digits.data();
}

}  // namespace outpost::bench
