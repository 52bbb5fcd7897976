// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/tools/bodies.hpp"

#include <random>
#include <string_view>

#include "tests/bench/tools/support.hpp"

namespace outpost::bench {
namespace {

std::string random_line(std::mt19937& random) {
    constexpr std::string_view letters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    constexpr int line_length = 76;
    std::string line;
    for (int i = 0; i < line_length; ++i)
        line += letters[random() % letters.size()];
    return line + "\r\n";
}

}  // namespace

std::vector<Body> make_bodies(int size) {
    constexpr int count = 64;
    std::mt19937 random(7);
    std::vector<Body> bodies;
    for (int i = 0; i < count; ++i) {
        std::string text;
        while (static_cast<int>(text.size()) < size)
            text += random_line(random);
        std::string sum = checksum(text);
        bodies.push_back({std::move(text), std::move(sum)});
    }
    return bodies;
}

}  // namespace outpost::bench
