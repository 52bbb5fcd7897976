// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <netinet/in.h>

#include <cstdint>
#include <string>
#include <string_view>

/// What the tools of the benchmark share. They are made to cost little: all figures are taken on
/// one machine, and what the tools use, the servers under test lack.
namespace outpost::bench {

/// Seconds since the epoch, comparable between the processes of one machine.
double now();
/// CPU seconds that this process has used.
double own_cpu();
/// As many descriptors as the system allows.
void raise_descriptor_limit();
/// An IPv4 address on loopback; exits with a message for any other, since tools for load must never
/// reach a network by mistake. `any`: 0.0.0.0 is allowed too (bound to the loopback device).
sockaddr_in loopback_address(const std::string& text, int port, bool any = false);
/// A socket that does not block, without Nagle's delay.
void set_no_delay(int descriptor);
/// Eight hexadecimal digits that tell content from damaged content (CRC-32).
std::string checksum(std::string_view octets);

}  // namespace outpost::bench
