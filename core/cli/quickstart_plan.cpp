// SPDX-License-Identifier: Apache-2.0
#include "core/cli/quickstart_plan.hpp"

#include <fmt/format.h>

#include <map>
#include <stdexcept>

#include "core/foundation/base/crypto.hpp"
#include "core/foundation/base/encoding.hpp"
#include "core/mail/authentication/dkim/key.hpp"
#include "core/mail/sasl/mechanism.hpp"

namespace outpost::cli {
namespace {

using Access = NewFile::Access;

/// Until an ACME client has been run; those who go by TLSA records do not look at the dates.
constexpr long self_signed_days = 365;

constexpr std::string_view local_database = "postgresql:///outpost?host=/run/postgresql";

/// Letters and digits that nobody takes for others: 32, so that 5 bits choose one.
Secret make_password() {
    constexpr std::string_view letters = "abcdefghijkmnpqrstuvwxyz23456789";
    static_assert(letters.size() == 32);
    std::string password;
    for (const char octet : crypto::random_bytes(20))
        password += letters[static_cast<unsigned char>(octet) % letters.size()];
    return Secret(std::move(password));
}

/// "202611": whoever sees the selector knows how old the key is.
std::string selector(const std::chrono::year_month_day& today, const char* algorithm) {
    return fmt::format(
        "{:04}{:02}-{}", static_cast<int>(today.year()), static_cast<unsigned>(today.month()),
        algorithm
    );
}

/// Where all files are, from the configuration's directory.
struct Names {
    explicit Names(const QuickstartAnswers& answers)
        : ecdsa("tls/" + answers.hostname.ascii() + "-ecdsa"),
          rsa("tls/" + answers.hostname.ascii() + "-rsa"),
          rsa_selector(selector(answers.today, "rsa")),
          ed25519_selector(selector(answers.today, "ed25519")),
          dkim_rsa(dkim_file(rsa_selector, answers.domain)),
          dkim_ed25519(dkim_file(ed25519_selector, answers.domain)),
          verifier("secrets/" + answers.account + ".verifier") {}

    static std::string dkim_file(const std::string& selector, const dns::Domain& domain) {
        return "dkim/" + selector + "._domainkey." + domain.ascii() + ".pem";
    }

    std::string ecdsa, rsa;  ///< without .key, .csr, .crt
    std::string rsa_selector, ed25519_selector, dkim_rsa, dkim_ed25519;
    std::string verifier, bounces = "secrets/bounces", database = "secrets/database";
};

std::string joined(const std::vector<std::string>& items) {
    std::string out;
    for (const auto& item : items)
        out += (out.empty() ? "" : ", ") + item;
    return out;
}

std::string quoted(const std::vector<std::string>& items) {
    std::vector<std::string> all;
    for (const auto& item : items)
        all.push_back('"' + item + '"');
    return joined(all);
}

std::vector<std::string> texts(const std::vector<net::IpAddress>& addresses) {
    std::vector<std::string> all;
    for (const auto& address : addresses)
        all.push_back(net::without_mapping(address).to_string());
    return all;
}

/// What {{name}} and {{?name}} stand for.
struct Values {
    std::map<std::string, std::string> of;

    void set(const std::string& name, const std::string& value) { of[name] = value; }
    /// With an example for those who have none.
    void offer(const std::string& name, const std::string& value, const std::string& example) {
        of[name] = value.empty() ? example : value;
        of["?" + name] = value.empty() ? "# " : "";
    }
};

Values values(const QuickstartAnswers& answers) {
    const Names names(answers);
    const auto& host = answers.hostname.ascii();
    Values values;
    values.set("domain", answers.domain.ascii());
    values.set("hostname", host);
    values.set("account", answers.account);
    values.set("ecdsa", names.ecdsa);
    values.set("rsa", names.rsa);
    values.set("rsa_selector", names.rsa_selector);
    values.set("ed25519_selector", names.ed25519_selector);
    values.set("dkim_rsa", names.dkim_rsa);
    values.set("dkim_ed25519", names.dkim_ed25519);
    values.set(
        "database",
        answers.database.empty() ? std::string(local_database) : "{file: " + names.database + "}"
    );
    values.offer("addresses", quoted(texts(answers.addresses)), R"("192.0.2.1", "2001:db8::1")");
    values.offer("mx", joined(answers.mx), host);
    values.offer(
        "mechanisms", quoted(answers.spf.mechanisms), R"("include:_spf.provider.example")"
    );
    values.set("fail_others", answers.spf.fail_others ? "true" : "false");
    values.set("dmarc", std::string(authentication::text(answers.dmarc)));
    values.offer("mta_sts", answers.mta_sts ? "on" : "", "");
    return values;
}

std::string fill(std::string_view text, const Values& values) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const auto open = text.find("{{", at);
        out += text.substr(at, open - at);
        if (open == std::string_view::npos) break;
        const auto close = text.find("}}", open);
        if (close == std::string_view::npos) throw std::logic_error("{{ without }}");
        const std::string name(text.substr(open + 2, close - open - 2));
        const auto value = values.of.find(name);
        if (value == values.of.end()) throw std::logic_error("nothing is called " + name);
        out += value->second;
        at = close + 2;
    }
    return out;
}

/// An argument that the shell takes as it is.
std::string for_shell(const std::filesystem::path& path) {
    constexpr std::string_view plain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-";
    const std::string text = path.string();
    if (text.find_first_not_of(plain) == std::string::npos) return text;
    std::string out = "'";
    for (const char c : text)
        out += c == '\'' ? std::string(R"('\'')") : std::string(1, c);
    return out + "'";
}

/// Numbered steps, each a sentence with the commands below it.
class Steps {
  public:
    void add(const std::string& purpose, const std::vector<std::string>& commands) {
        text_ += fmt::format("\n{}. {}\n", ++count_, purpose);
        for (const auto& command : commands)
            text_ += "     " + command + "\n";
    }
    std::string text() const { return "Next, in this order:\n" + text_; }

  private:
    int count_ = 0;
    std::string text_;
};

}  // namespace

std::vector<std::string> QuickstartAnswers::certificate_names() const {
    std::vector<std::string> names = {hostname.ascii()};
    if (mta_sts) names.push_back("mta-sts." + domain.ascii());
    return names;
}

QuickstartSecrets QuickstartSecrets::make() {
    return {
        tls::HostKey::make_ecdsa(),
        tls::HostKey::make_rsa(),
        dkim::PrivateKey::make_rsa().pem(),
        dkim::PrivateKey::make_ed25519().pem(),
        make_password(),
        Secret(hex_encode(crypto::random_bytes(32))),
    };
}

QuickstartPaths::QuickstartPaths(const QuickstartAnswers& answers) {
    const Names names(answers);
    config = answers.directory / "outpost.yaml";
    request = answers.directory / (names.ecdsa + ".csr");
    certificate = answers.directory / (names.ecdsa + ".crt");
}

std::vector<NewFile> quickstart_files(
    const QuickstartAnswers& answers, const QuickstartSecrets& secrets
) {
    const Names names(answers);
    const auto hosts = answers.certificate_names();
    std::vector<NewFile> files;
    const auto add = [&](const std::string& name, Secret content, Access access) {
        files.push_back({answers.directory / name, std::move(content), access});
    };
    add("outpost.yaml", Secret(fill(quickstart_template(), values(answers))), Access::server);
    add(names.ecdsa + ".key", secrets.ecdsa.pem(), Access::secret);
    add(names.ecdsa + ".csr", Secret(secrets.ecdsa.request(hosts)), Access::everyone);
    add(names.ecdsa + ".crt", Secret(secrets.ecdsa.self_signed(hosts, self_signed_days)),
        Access::everyone);
    add(names.rsa + ".key", secrets.rsa.pem(), Access::secret);
    add(names.rsa + ".csr", Secret(secrets.rsa.request(hosts)), Access::everyone);
    add(names.dkim_rsa, secrets.dkim_rsa, Access::secret);
    add(names.dkim_ed25519, secrets.dkim_ed25519, Access::secret);
    add(names.verifier, Secret(sasl::StoredCredential::make(secrets.password).text() + "\n"),
        Access::secret);
    add(names.bounces, Secret(std::string(secrets.bounces.reveal()) + "\n"), Access::secret);
    if (!answers.database.empty()) {
        add(names.database, Secret(std::string(answers.database.reveal()) + "\n"), Access::secret);
    }
    return files;
}

std::string quickstart_steps(
    const QuickstartAnswers& answers, const QuickstartSecrets& secrets, const ServerUser& user
) {
    const Names names(answers);
    const QuickstartPaths paths(answers);
    const auto& domain = answers.domain.ascii();
    const auto& host = answers.hostname.ascii();
    const bool usual_place = paths.config == "/etc/outpost/outpost.yaml";
    const std::string config = usual_place ? "" : " --config " + for_shell(paths.config);
    const auto request = for_shell(paths.request), certificate = for_shell(paths.certificate);
    const auto folder = for_shell(answers.directory);
    Steps steps;
    const auto login = for_shell(user.name);
    if (!user.exists) {
        steps.add(
            "Make the user that the server runs as, and give the files to it.",
            {"useradd --system --home-dir /var/spool/outpost --shell /usr/sbin/nologin " + login,
             fmt::format("chown -R {0}:{0} {1}", login, folder)}
        );
    }
    if (answers.database.empty()) {
        steps.add(
            "Make the database, on a PostgreSQL of this machine.",
            {"runuser -u postgres -- createuser " + login,
             fmt::format("runuser -u postgres -- createdb -O {} outpost", login)}
        );
    }
    steps.add(
        "Publish the records above; whoever runs the network publishes PTR. They come again by:",
        {fmt::format("outpost dns records {}{}", domain, config)}
    );
    steps.add(
        "Get a certificate for the request, with lego or with certbot; port 80 must be reachable.\n"
        "   The key stays, so the TLSA records do. For renewal see deploy/certificates.md.",
        {fmt::format("cd {} && lego --path acme --email postmaster@{} \\", folder, domain),
         fmt::format("  --accept-tos --http --csr {}.csr run --run-hook \\", names.ecdsa),
         fmt::format("  \"install -m 644 acme/certificates/{}.crt {}.crt\"", host, names.ecdsa),
         "# or", "cd \"$(mktemp -d)\" && certbot certonly --standalone --csr " + request + " \\",
         "  --fullchain-path new.crt && install -m 644 new.crt " + certificate}
    );
    steps.add(
        "Start the server; for systemd there is deploy/outpost.service.",
        {usual_place ? "systemctl enable --now outpost" : "outpost serve" + config}
    );
    steps.add(
        "See whether all that is published has arrived.",
        {fmt::format("outpost dns check {}{}", domain, config)}
    );
    steps.add(
        "Send a first message. The password is shown this once; `outpost password` makes another.",
        {fmt::format(
             "swaks --server {} --port 587 --tls --auth-user {} --auth-password {} \\", host,
             answers.account, secrets.password.reveal()
         ),
         fmt::format("  --from {}@{} --to YOU@ELSEWHERE", answers.account, domain)}
    );
    return steps.text();
}

}  // namespace outpost::cli
