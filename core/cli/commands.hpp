// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/cli/exit_codes.hpp"
#include "core/server/settings/load.hpp"

/// The commands of the program, one file each. Each returns the exit code and has printed what
/// there was to say: results on standard output, problems on standard error.
namespace outpost::cli {

/// The configuration file that a command works with: the one named, else $OUTPOST_CONFIG, else
/// /etc/outpost/outpost.yaml.
std::filesystem::path config_file(const std::string& named);
/// Loads it; on failure prints all problems and returns nothing.
std::optional<server::Loaded> load_or_complain(const std::filesystem::path& file);

/// The A-labels of a domain that limits what a command shows; empty for none. When it is no domain,
/// says so in the command's name and returns nothing.
std::optional<std::string> domain_or_complain(const char* command, const std::string& text);

/// `localserve`'s directory: the one named, else one in the user's home.
std::filesystem::path local_directory(const std::string& named);

int config_check(
    const std::filesystem::path& file, bool elsewhere, const std::filesystem::path& old
);
int config_show(const std::filesystem::path& file);

struct PasswordOptions {
    unsigned iterations = 10'000;
};
/// Reads a password from the terminal (unseen) or standard input, prints its verifier.
int password(const PasswordOptions& options);

/// Replaces this process with psql on the configured database.
int psql(const server::Settings& settings, const std::vector<std::string>& arguments);
int migrate(const server::Loaded& loaded);

struct ExplainOptions {
    std::string from, to, account, tag, last_error, last_status;
    std::vector<std::string> headers, mx_hosts;
    int attempt = 1;  ///< counting the one that is asked about
    std::uint64_t size = 0;
    std::int64_t message = 0;  ///< a queued message instead of the facts above
};
int route_explain(const server::Loaded& loaded, const ExplainOptions& options);

/// What a message is waiting for and until when, and its story so far.
int why(const server::Loaded& loaded, std::int64_t message);

struct QueueAction {
    std::string name;  ///< hold, release, retry, fail, drop, transport
    std::int64_t message = 0;
    std::string recipient, argument;
};
int queue_list(const server::Loaded& loaded);
int queue_act(const server::Loaded& loaded, const QueueAction& action);

/// Which messages are to change their wish for TLS: those that all that is given holds for.
struct TlsAction {
    std::string choice;  ///< yes, no or default
    std::vector<std::int64_t> messages;
    std::string domain, account, tag, sender;
};
int queue_tls(const server::Loaded& loaded, const TlsAction& action);

/// Addresses that get no more mail for a time.
int suppress_list(const server::Loaded& loaded);
struct SuppressAction {
    std::string address;
    std::string span;  ///< for how long: "30d"; empty: until it is taken out
    std::string reason;
};
int suppress_add(const server::Loaded& loaded, const SuppressAction& action);
int suppress_remove(const server::Loaded& loaded, const SuppressAction& action);

/// What is known of the MTA-STS policies of recipient domains.
int mta_sts_list(const server::Loaded& loaded);
struct PolicyAction {
    std::string name;    ///< show, refresh
    std::string domain;  ///< A-labels or U-labels
};
/// `refresh` waits until a node has done it.
int mta_sts_act(const server::Loaded& loaded, const PolicyAction& action);

struct LookupOptions {
    std::string name, type = "A";
    bool as_json = false;
};
/// One question to the DNS, asked as deliveries ask: records, security, extended error. The exit
/// code is `failed` when there is no answer.
int dns_lookup(const server::Loaded& loaded, const LookupOptions& options);

struct RecordsOptions {
    std::string domain;  ///< one that we send for, or the host name
    bool as_table = false, as_json = false;
};
/// All that should be published of a domain and of this host. Asks nobody.
int dns_records(const server::Loaded& loaded, const RecordsOptions& options);

struct CheckOptions {
    std::string domain;   ///< one that we send for, or the host name
    bool connect = true;  ///< fetch the MTA-STS policy, and open sessions with the MX hosts
    bool as_json = false;
};
/// Whether what is published does what it is for. The exit code is `failed` when anything is
/// missing or wrong, else `temp_fail` when something could not be found out.
int dns_check(const server::Loaded& loaded, const CheckOptions& options);

struct TlsExplainOptions {
    std::string domain;
    bool probe = false;  ///< open a real session with each host, too
    bool as_json = false;
};
/// Where mail for a domain would go, what TLS each host must reach, and why. The exit code is
/// `failed` when no host may be used, or none that was probed reached what it must.
int tls_explain(const server::Loaded& loaded, const TlsExplainOptions& options);

struct AbilitiesQuestion {
    std::vector<std::string> recipients;
    std::string account;  ///< empty: the only one that there is
    bool as_json = false;
};
/// What the recipients' domains have shown to an account of TLS, and whether REQUIRETLS is safe.
int tls_abilities(const server::Loaded& loaded, const AbilitiesQuestion& question);

struct ResultsQuestion {
    std::string day, domain;  ///< empty: all
    bool as_json = false;
};
/// The results of TLS that reports are made of (RFC 8460).
int tls_results(const server::Loaded& loaded, const ResultsQuestion& question);

struct SendReportsOptions {
    std::string day, domain;  ///< empty: all that are due
    bool dry_run = false;     ///< show what would be sent, and change nothing
};
/// Makes the nodes send TLS reports that are due now, and tells what became of them.
int tlsrpt_send(const server::Loaded& loaded, const SendReportsOptions& options);

struct PlaceAction {
    std::string name;   ///< list, add, remove
    std::string place;  ///< address or https URI
    int days = 30;
    std::string reason;
};
/// Places that get no TLS reports.
int tlsrpt_suppress(const server::Loaded& loaded, const PlaceAction& action);
struct ReceivedQuestion {
    std::string domain;  ///< one of our domains or hosts; empty: all
    int days = 30;       ///< that far back
    bool as_json = false;
    std::int64_t report = 0;  ///< not zero: this one alone, as its sender wrote it
};
/// What others' TLS reports say of sessions with us, by domain and day (RFC 8460).
int tlsrpt_received(const server::Loaded& loaded, const ReceivedQuestion& question);

struct DkimKeyOptions {
    std::string selector, domain;
    std::string algorithm = "rsa";  ///< or "ed25519"
    unsigned bits = 2048;           ///< of RSA
    std::string file;               ///< for the private key; empty: named like its record
};
/// Makes a DKIM key, and prints the record to publish.
int dkim_generate(const DkimKeyOptions& options);
/// What the DKIM signatures of a message are worth. The exit code is `failed` when none passes.
int dkim_verify(const server::Loaded& loaded, const std::string& file);

struct QuickstartOptions {
    std::string domain;
    std::string hostname;  ///< empty: found out
    std::filesystem::path directory = "/etc/outpost";
    std::string database;  ///< connection string; empty: PostgreSQL on this machine
    std::string account = "app";
    bool mta_sts = false;  ///< serve a policy for the domain
    std::string dial;      ///< a domain whose MX is to be reached; empty: nobody is called
};
/// Writes a configuration with all that it needs, and says what is to be done next. Changes nothing
/// that is there: the exit code is then `cannot_create`.
int quickstart(const QuickstartOptions& options);

int serve(server::Loaded loaded, const std::filesystem::path& file);

struct LocalOptions {
    std::filesystem::path directory;
    std::optional<int> port_base;
    bool send_sample = false;
};
int localserve(const LocalOptions& options);

/// sendmail(1): the arguments as they came.
int sendmail(const std::vector<std::string>& arguments);

}  // namespace outpost::cli
