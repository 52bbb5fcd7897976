// SPDX-License-Identifier: Apache-2.0
// What a signature costs a message of 10 KiB when it is accepted.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "core/mail/authentication/dkim/signer.hpp"

using namespace outpost;

namespace {

const std::string header =
    "From: Sender <sender@origin.example>\r\nTo: somebody@destination.example\r\n"
    "Subject: A message\r\nDate: Thu, 26 Nov 2026 02:00:00 +0000\r\n"
    "Message-ID: <1@origin.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n";

std::vector<std::string> body() {
    constexpr std::size_t wanted = 10240;
    std::string text;
    while (text.size() < wanted)
        text += "Words of a sentence, a comma or two, and the end of the line after some more.\r\n";
    return {text};
}

void sign(
    benchmark::State& state, const std::vector<dkim::PrivateKey>& keys,
    dkim::Canonicalization form = dkim::Canonicalization::relaxed
) {
    dkim::DomainSettings settings;
    settings.header = settings.body = form;
    for (const auto& key : keys)
        settings.keys["s" + std::to_string(settings.keys.size())] = key;
    const auto domain = dns::Domain::parse("origin.example").value();
    const auto content = body();
    for (auto _ : state)
        benchmark::DoNotOptimize(
            dkim::sign_as(domain, settings, mail::Header(header), content, WallTime{})
        );
}

void sign_rsa_2048(benchmark::State& state) {
    sign(state, {dkim::PrivateKey::make_rsa()});
}
BENCHMARK(sign_rsa_2048);
void sign_ed25519(benchmark::State& state) {
    sign(state, {dkim::PrivateKey::make_ed25519()});
}
BENCHMARK(sign_ed25519);
void sign_with_both(benchmark::State& state) {
    sign(state, {dkim::PrivateKey::make_rsa(), dkim::PrivateKey::make_ed25519()});
}
BENCHMARK(sign_with_both);
void sign_ed25519_simple(benchmark::State& state) {
    sign(state, {dkim::PrivateKey::make_ed25519()}, dkim::Canonicalization::simple);
}
BENCHMARK(sign_ed25519_simple);

}  // namespace
