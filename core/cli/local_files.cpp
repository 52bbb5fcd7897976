// SPDX-License-Identifier: Apache-2.0
#include "core/cli/local_files.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <fstream>
#include <stdexcept>

#include "core/foundation/base/crypto.hpp"
#include "core/foundation/base/encoding.hpp"
#include "core/foundation/base/secret.hpp"
#include "core/mail/sasl/mechanism.hpp"
#include "core/net/tls/context.hpp"

namespace outpost::cli {
namespace {

void write_file(const std::filesystem::path& path, const std::string& text) {
    std::ofstream file(path);
    file << text;
    file.close();
    if (!file) throw std::runtime_error("cannot write " + path.string());
}

std::string config_text(
    const LocalFiles& files, const std::string& connection, int base, const std::string& verifier
) {
    return fmt::format(
        R"(# Made by `outpost localserve`; yours to edit. All keys: deploy/config-reference.md
hostname: localhost

database:
  connection: "{connection}"

listeners:
  relay:             # takes mail from this machine without a login
    address: 127.0.0.1
    port: {relay}
    submission: false
    tls: starttls
    certificate: {tls}/cert.pem
    key: {tls}/key.pem
    auth: none
    allowed_networks: [127.0.0.0/8]
  submission:        # for mail programs: STARTTLS and a login
    address: 127.0.0.1
    port: {submission}
    tls: required
    certificate: {tls}/cert.pem
    key: {tls}/key.pem
    auth: required
  submissions:       # the same with TLS from the first octet
    address: 127.0.0.1
    port: {submissions}
    tls: implicit
    certificate: {tls}/cert.pem
    key: {tls}/key.pem
    auth: required

accounts:
  {account}:
    password: "{verifier}"
    any_sender: true

# A receiving server of our own that takes all mail: nothing leaves this machine. Addresses like
# user550@example.com, greylist@… and temperror@… show what happens when it does not.
sink:
  listen: 127.0.0.1:{sink}
  directory: {mail}

transports:
  sink:
    type: smtp
    host: 127.0.0.1
    port: {sink}
    tls: none
  refuse:
    type: fail
    code: 550
    message: this route refuses all mail

routes:
  - name: example of a route that refuses
    to: [refuse.example]
    transport: refuse
  - name: everything else stays here
    to: ["*"]
    transport: sink
)",
        fmt::arg("connection", connection), fmt::arg("relay", base + 25),
        fmt::arg("submission", base + 587), fmt::arg("submissions", base + 465),
        fmt::arg("sink", base + 26), fmt::arg("tls", files.tls().string()),
        fmt::arg("mail", files.mail().string()), fmt::arg("account", local_account),
        fmt::arg("verifier", verifier)
    );
}

}  // namespace

std::string LocalFiles::password() const {
    std::ifstream file(password_file());
    std::string line;
    std::getline(file, line);
    return line;
}

void LocalFiles::prepare(const std::string& connection, int port_base) const {
    if (!std::filesystem::exists(tls() / "cert.pem"))
        tls::mint_certificates(tls(), {"localhost", "127.0.0.1", "::1"});
    if (!std::filesystem::exists(mail())) std::filesystem::create_directories(mail());
    if (!std::filesystem::exists(password_file())) {
        const mode_t before = umask(077);
        write_file(password_file(), hex_encode(crypto::random_bytes(8)) + "\n");
        umask(before);
    }
    if (!std::filesystem::exists(config())) {
        const std::string verifier = sasl::StoredCredential::make(Secret(password())).text();
        write_file(config(), config_text(*this, connection, port_base, verifier));
    }
}

}  // namespace outpost::cli
