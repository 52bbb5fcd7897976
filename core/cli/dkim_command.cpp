// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iostream>
#include <iterator>
#include <system_error>

#include "core/cli/commands.hpp"
#include "core/foundation/async/run_to_end.hpp"
#include "core/foundation/base/log.hpp"
#include "core/mail/authentication/dkim/key_record.hpp"
#include "core/mail/authentication/dkim/signature.hpp"
#include "core/mail/authentication/dkim/verify.hpp"
#include "core/mail/message/submission.hpp"
#include "core/net/dns/stub_resolver.hpp"
#include "core/net/dns/zone_line.hpp"

namespace outpost::cli {
namespace {

constexpr std::chrono::seconds look_up_time{30};

/// A new file that only its owner reads; one that exists is never touched: it may hold a key in
/// use. Throws std::system_error.
void write_new(const std::filesystem::path& file, const Secret& content) {
    const auto fail = [&] {
        throw std::system_error(errno, std::generic_category(), file.string());
    };
    const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) fail();
    const auto text = content.reveal();
    const bool written = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    if (::close(fd) != 0 || !written) fail();
}

std::optional<std::string> read_message(const std::string& file) {
    if (file.empty() || file == "-")
        return std::string(std::istreambuf_iterator<char>(std::cin), {});
    std::ifstream in(file, std::ios::binary);
    if (!in) return std::nullopt;
    return std::string(std::istreambuf_iterator<char>(in), {});
}

std::vector<dkim::SignatureResult> verify(
    const server::Settings& settings, const mail::Content& content
) {
    asio::io_context loop;
    const auto resolver = dns::make_resolver(settings.dns);
    dkim::VerifyOptions options;
    options.deadline = Deadline::in(look_up_time);
    return run_to_end(loop, dkim::verify(content, *resolver, std::move(options)));
}

void print(const dkim::SignatureResult& result) {
    std::cout << dkim::text(result.status);
    if (result.signature) {
        std::cout << fmt::format(
            " d={} s={} a={}", result.signature->domain.ascii(), result.signature->selector,
            dkim::text(result.signature->algorithm)
        );
    }
    if (result.key_bits > 0) {
        std::cout << fmt::format(
            " key={} bits, {}", result.key_bits, dns::text(result.key_security)
        );
    }
    if (result.testing) std::cout << "; the domain only tests";
    if (!result.whole_body) std::cout << "; only the beginning of the body is signed";
    if (!result.reason.empty()) std::cout << ": " << log::printable(result.reason);
    std::cout << "\n";
}

}  // namespace

int dkim_generate(const DkimKeyOptions& options) {
    const auto complain = [](const std::string& what) {
        std::cerr << "outpost dkim generate: " << what << "\n";
        return static_cast<int>(usage);
    };
    const auto domain = dns::Domain::parse(options.domain);
    if (!domain) return complain("'" + options.domain + "' is no domain: " + domain.error());
    const auto selector = dkim::parse_selector(options.selector, *domain);
    if (!selector) return complain("'" + options.selector + "' " + selector.error());
    const auto key = options.algorithm == "ed25519" ? dkim::PrivateKey::make_ed25519()
                                                    : dkim::PrivateKey::make_rsa(options.bits);
    const auto name = *selector + "._domainkey." + domain->ascii();
    const std::filesystem::path file = options.file.empty() ? name + ".pem" : options.file;
    try {
        write_new(file, key.pem());
    } catch (const std::system_error& error) {
        std::cerr << "outpost dkim generate: " << error.what() << "\n";
        return failed;
    }
    std::cout << dns::zone_line(name, dns::Type::txt, dkim::key_record(key)) << "\n";
    std::cerr << fmt::format(
        "The private key is in {0}. Publish the record above, then configure:\n"
        "domains:\n  {1}:\n    dkim:\n      keys:\n        {2}: {{file: {0}}}\n",
        std::filesystem::absolute(file).string(), domain->ascii(), *selector
    );
    return ok;
}

int dkim_verify(const server::Loaded& loaded, const std::string& file) {
    const auto text = read_message(file);
    if (!text) {
        std::cerr << "outpost dkim verify: cannot read " << file << "\n";
        return data_error;
    }
    auto lines = mail::normalise_line_ends(*text);
    if (!lines) {
        std::cerr << "outpost dkim verify: " << lines.error() << "\n";
        return data_error;
    }
    auto parts = mail::split_message({std::move(*lines)});
    const mail::Content content(std::move(parts.header), std::move(parts.body));
    const auto results = verify(loaded.settings, content);
    bool passed = false;
    for (const auto& result : results) {
        print(result);
        passed = passed || result.passed();
    }
    if (results.empty()) std::cout << "none: the message has no signature\n";
    return passed ? ok : failed;
}

}  // namespace outpost::cli
