// SPDX-License-Identifier: Apache-2.0
#include "core/cli/cli.hpp"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <functional>
#include <iostream>

#include "core/cli/commands.hpp"
#include "core/delivery/plugin/process/serve.hpp"
#include "core/server/settings/load.hpp"

namespace outpost::cli {
namespace {

/// Builds the command line. Commands set `result`; parsing stays free of side effects.
class CommandLine {
  public:
    int run(int argc, char** argv) {
        app_.require_subcommand(1);
        add_quickstart();
        add_servers();
        add_config();
        add_database();
        add_routes();
        add_queue();
        add_suppress();
        add_mta_sts();
        add_dns();
        add_tls();
        add_tlsrpt();
        add_dkim();
        add_small();
        try {
            app_.parse(argc, argv);
        } catch (const CLI::ParseError& error) {
            const int code = app_.exit(error);
            return code == 0 ? ok : usage;
        }
        return command_();
    }

  private:
    using Command = std::function<int(const server::Loaded&)>;

    CLI::App* add(
        CLI::App& parent, const std::string& name, const std::string& help,
        std::function<int()> command
    ) {
        CLI::App* sub = parent.add_subcommand(name, help);
        sub->callback([this, command = std::move(command)] { command_ = command; });
        return sub;
    }
    /// A command that needs the configuration; has --config.
    CLI::App* add_configured(
        CLI::App& parent, const std::string& name, const std::string& help, Command command
    ) {
        CLI::App* sub = add(parent, name, help, [this, command = std::move(command)] {
            const auto loaded = load_or_complain(chosen_config());
            return loaded ? command(*loaded) : static_cast<int>(config_error);
        });
        return with_config(sub);
    }
    /// Without its short form where -c means something else.
    CLI::App* with_config(CLI::App* sub, const char* names = "-c,--config") {
        sub->add_option(
            "--dir", directory_, "Directory of a localserve, instead of a configuration file"
        );
        sub->add_option(
            names, config_,
            "Configuration file (default: $OUTPOST_CONFIG, or /etc/outpost/outpost.yaml)"
        );
        return sub;
    }

    std::filesystem::path chosen_config() const {
        return directory_.empty() ? config_file(config_)
                                  : std::filesystem::path(directory_) / "outpost.yaml";
    }

    void add_quickstart() {
        CLI::App* sub =
            add(app_, "quickstart",
                "Write a configuration for a domain with its keys, and say what comes next",
                [this] { return quickstart(quickstart_); });
        sub->add_option("domain", quickstart_.domain, "The domain that mail is sent from")
            ->required();
        sub->add_option(
            "--hostname", quickstart_.hostname,
            "Name of this server (default: the machine's, or mail.DOMAIN)"
        );
        sub->add_option(
            "--directory", quickstart_.directory, "Where all is written (default: /etc/outpost)"
        );
        sub->add_option(
            "--database", quickstart_.database,
            "Connection string of a PostgreSQL (default: the one on this machine)"
        );
        sub->add_option(
            "--account", quickstart_.account, "Name of the account that may send (default: app)"
        );
        sub->add_flag(
            "--mta-sts", quickstart_.mta_sts, "Serve an MTA-STS policy for the domain, too"
        );
        sub->add_option(
            "--dial", quickstart_.dial,
            "Try port 25 of the MX of this domain (default: nobody is called)"
        );
    }

    void add_servers() {
        with_config(add(app_, "serve", "Run the server", [this] {
            auto loaded = load_or_complain(chosen_config());
            return loaded ? serve(std::move(*loaded), chosen_config())
                          : static_cast<int>(config_error);
        }));
        CLI::App* local =
            add(app_, "localserve",
                "Run a whole server on this machine alone, with a private PostgreSQL", [this] {
                    local_.directory = local_directory(directory_);
                    return localserve(local_);
                });
        local->add_option(
            "--dir", directory_, "Where it keeps everything (default: in your home directory)"
        );
        local->add_option(
            "--port-base", local_.port_base,
            "Listen on N+25 (relay), N+587 (submission), N+465 (implicit TLS); default 1000"
        );
        local->add_flag(
            "--send-sample", local_.send_sample, "Send one message through and tell its story"
        );
    }

    void add_config() {
        CLI::App* config = app_.add_subcommand("config", "Check and describe configuration files");
        config->require_subcommand(1);
        CLI::App* check =
            add(*config, "check", "Report every problem of a configuration file",
                [this] { return config_check(chosen_config(), elsewhere_, old_config_); });
        with_config(check);
        check->add_option("file", config_, "The file");
        check->add_flag(
            "--elsewhere", elsewhere_,
            "The file is for another machine: do not look for the files it names"
        );
        check->add_option(
            "--old", old_config_,
            "The file that a node runs with: name the keys that have changed and need a restart"
        );
        with_config(add(*config, "show", "Print the values in effect, secrets hidden", [this] {
            return config_show(chosen_config());
        }));
        add(*config, "schema", "Print the JSON Schema, for completion in editors", [] {
            std::cout << server::schema_text();
            return static_cast<int>(ok);
        });
        add(*config, "reference", "Print the reference of all keys as Markdown", [] {
            std::cout << server::reference_text();
            return static_cast<int>(ok);
        });
    }

    void add_database() {
        CLI::App* sub = add(app_, "psql", "Open psql on the configured database", [this] {
            const auto loaded = load_or_complain(chosen_config());
            return loaded ? psql(loaded->settings, app_.get_subcommand("psql")->remaining())
                          : static_cast<int>(config_error);
        });
        with_config(sub, "--config");  // -c is psql's own
        sub->prefix_command(
        );  // the first option that is not ours, and all behind it, goes to psql
        add_configured(
            app_, "migrate", "Bring the database's schema up to date",
            [](const server::Loaded& loaded) { return migrate(loaded); }
        );
    }

    void add_routes() {
        CLI::App* route = app_.add_subcommand("route", "Ask the route table");
        route->require_subcommand(1);
        CLI::App* sub = add_configured(
            *route, "explain", "Say which route a message takes, and why not the others",
            [this](const server::Loaded& loaded) { return route_explain(loaded, explain_); }
        );
        sub->add_option("--from", explain_.from, "Envelope sender; empty: the null reverse-path");
        sub->add_option("--to", explain_.to, "Recipient");
        sub->add_option("--account", explain_.account, "Account");
        sub->add_option("--attempt", explain_.attempt, "Number of the attempt, from 1")
            ->check(CLI::PositiveNumber);
        sub->add_option(
            "--last-error", explain_.last_error,
            "Kind of the last error (connect, tls, auth, reply_4xx, ...)"
        );
        sub->add_option("--last-status", explain_.last_status, "Enhanced status of the last error");
        sub->add_option("--size", explain_.size, "Size of the message in octets");
        sub->add_option("--tag", explain_.tag, "Tag given at submission");
        sub->add_option(
            "--header", explain_.headers, "Header field, 'Name: value'; may be repeated"
        );
        sub->add_option(
            "--mx", explain_.mx_hosts,
            "MX hosts of the recipient domain, instead of looking them up"
        );
        sub->add_option(
            "--message", explain_.message, "A queued message, instead of all of the above"
        );
    }

    void add_queue() {
        CLI::App* why_sub = add_configured(
            app_, "why", "Tell what a message is waiting for, and its story",
            [this](const server::Loaded& loaded) { return why(loaded, action_.message); }
        );
        why_sub->add_option("message", action_.message, "Message id")->required();
        CLI::App* queue = app_.add_subcommand("queue", "List the queue and act on it");
        queue->require_subcommand(1);
        add_configured(
            *queue, "list", "What is waiting, held or in flight",
            [](const server::Loaded& loaded) { return queue_list(loaded); }
        );
        add_action(
            *queue, "hold", "Keep from being tried", "reason", "Why, for others to see", false
        );
        add_action(*queue, "release", "End a hold");
        add_action(*queue, "retry", "Try now");
        add_action(*queue, "fail", "Give up, and tell the sender");
        add_action(*queue, "drop", "Give up, and tell nobody");
        add_action(
            *queue, "transport", "Use this transport whatever the routes say ('' ends that)",
            "transport", "Name", true
        );
        add_queue_tls(*queue);
    }
    void add_queue_tls(CLI::App& queue) {
        CLI::App* sub = add_configured(
            queue, "tls", "What messages ask of TLS, from their next attempt on (RFC 8689)",
            [this](const server::Loaded& loaded) { return queue_tls(loaded, tls_); }
        );
        sub->add_option(
               "choice", tls_.choice,
               "yes: REQUIRETLS; no: TLS-Required: No; default: as the recipients' policies say"
        )
            ->required()
            ->check(CLI::IsMember(std::vector<std::string>{"yes", "no", "default"}));
        sub->add_option("messages", tls_.messages, "Message ids");
        sub->add_option("--domain", tls_.domain, "Messages with a recipient in this domain");
        sub->add_option("--account", tls_.account, "Messages of this account");
        sub->add_option("--tag", tls_.tag, "Messages with this tag");
        sub->add_option("--sender", tls_.sender, "Messages from this address");
    }
    void add_suppress() {
        CLI::App* suppress =
            app_.add_subcommand("suppress", "Addresses that get no more mail for a time");
        suppress->require_subcommand(1);
        add_configured(*suppress, "list", "All of them, and why", [](const server::Loaded& loaded) {
            return suppress_list(loaded);
        });
        CLI::App* add_sub = add_configured(
            *suppress, "add", "No more mail to an address, nor to others of its mailbox",
            [this](const server::Loaded& loaded) { return suppress_add(loaded, suppress_); }
        );
        add_sub->add_option("address", suppress_.address, "Address")->required();
        add_sub->add_option("--for", suppress_.span, "As 30d or 12h (default: until removed)");
        add_sub->add_option("--reason", suppress_.reason, "Why: senders are told, too");
        CLI::App* remove_sub = add_configured(
            *suppress, "remove", "Let mail to an address go again",
            [this](const server::Loaded& loaded) { return suppress_remove(loaded, suppress_); }
        );
        remove_sub->add_option("address", suppress_.address, "Address")->required();
    }

    void add_mta_sts() {
        CLI::App* policies =
            app_.add_subcommand("mta-sts", "MTA-STS policies that are stored for all nodes");
        policies->require_subcommand(1);
        add_configured(
            *policies, "list", "All domains that a policy is known of, or could not be had",
            [](const server::Loaded& loaded) { return mta_sts_list(loaded); }
        );
        const auto add_of_domain = [&](const std::string& name, const std::string& help) {
            CLI::App* sub =
                add_configured(*policies, name, help, [this, name](const server::Loaded& loaded) {
                    policy_action_.name = name;
                    return mta_sts_act(loaded, policy_action_);
                });
            sub->add_option("domain", policy_action_.domain, "Recipient domain")->required();
        };
        add_of_domain("show", "What is stored of a domain, with the policy as it was served");
        add_of_domain("refresh", "Let a node look the record up and fetch the policy now");
    }

    void add_action(
        CLI::App& queue, const std::string& name, const std::string& help,
        const std::string& argument = {}, const std::string& argument_help = {},
        bool required = false
    ) {
        CLI::App* sub =
            add_configured(queue, name, help, [this, name](const server::Loaded& loaded) {
                action_.name = name;
                return queue_act(loaded, action_);
            });
        sub->add_option("message", action_.message, "Message id")->required();
        if (!argument.empty()) {
            auto* option = sub->add_option(argument, action_.argument, argument_help);
            if (required) option->required();
        }
        sub->add_option(
            "--recipient", action_.recipient, "Only this recipient (default: all of the message)"
        );
    }

    void add_dns() {
        CLI::App* dns = app_.add_subcommand("dns", "What is in the DNS, and what should be");
        dns->require_subcommand(1);
        CLI::App* sub = add_configured(
            *dns, "lookup", "Print a name's records, and whether they are secure by DNSSEC",
            [this](const server::Loaded& loaded) { return dns_lookup(loaded, lookup_); }
        );
        sub->add_option("name", lookup_.name, "Name")->required();
        sub->add_option("type", lookup_.type, "A, AAAA, CNAME, MX, NS, PTR, TLSA or TXT");
        sub->add_flag("--json", lookup_.as_json, "One JSON object, for programs");
        CLI::App* records = add_configured(
            *dns, "records", "Print what should be published of a domain and of this host, and why",
            [this](const server::Loaded& loaded) { return dns_records(loaded, records_); }
        );
        records->add_option("domain", records_.domain, "One of `domains`, or the host name")
            ->required();
        auto* table =
            records->add_flag("--table", records_.as_table, "As a table, not a zone file");
        records->add_flag("--json", records_.as_json, "One JSON object, for programs")
            ->excludes(table);
        add_dns_check(*dns);
    }
    void add_dns_check(CLI::App& dns) {
        CLI::App* check = add_configured(
            dns, "check",
            "Look up whether what is published does what it is for; exit code 1 when anything is "
            "missing or wrong, else 75 when something could not be found out",
            [this](const server::Loaded& loaded) { return dns_check(loaded, check_); }
        );
        check->add_option("domain", check_.domain, "One of `domains`, or the host name")
            ->required();
        check->add_flag(
            "!--no-connect", check_.connect,
            "Ask the DNS alone: fetch no policy, talk to no mail server"
        );
        check->add_flag("--json", check_.as_json, "One JSON object, for programs");
    }

    void add_tls() {
        CLI::App* tls = app_.add_subcommand("tls", "What is known of other servers' TLS");
        tls->require_subcommand(1);
        CLI::App* explain = add_configured(
            *tls, "explain",
            "Everything that delivery to a domain finds out and decides about TLS, but no mail; "
            "exit code 1 when it could not be delivered to",
            [this](const server::Loaded& loaded) { return tls_explain(loaded, tls_explain_); }
        );
        explain->add_option("domain", tls_explain_.domain, "Recipient domain")->required();
        explain->add_flag("--probe", tls_explain_.probe, "Open a session with each host, too");
        explain->add_flag("--json", tls_explain_.as_json, "One JSON object, for programs");
        CLI::App* abilities = add_configured(
            *tls, "abilities",
            "What the domains of recipients can do, and whether REQUIRETLS is safe for them",
            [this](const server::Loaded& loaded) { return tls_abilities(loaded, abilities_); }
        );
        abilities->add_option("recipients", abilities_.recipients, "Addresses")->required();
        abilities->add_option(
            "--account", abilities_.account, "As its mail has seen it (default: the only account)"
        );
        abilities->add_flag("--json", abilities_.as_json, "One JSON object, for programs");
        add_results(*tls);
    }

    void add_tlsrpt() {
        CLI::App* reports =
            app_.add_subcommand("tlsrpt", "Reports about TLS to other domains, and from them");
        reports->require_subcommand(1);
        add_results(*reports);
        add_report_sending(*reports);
        add_report_suppression(*reports);
        add_received_reports(*reports);
    }
    /// What reports are made of.
    void add_results(CLI::App& parent) {
        CLI::App* results = add_configured(
            parent, "results", "Sessions with TLS that succeeded and failed, by day and domain",
            [this](const server::Loaded& loaded) { return tls_results(loaded, results_); }
        );
        results->add_option("--day", results_.day, "UTC day, 2026-11-26 (default: all)");
        results->add_option("--domain", results_.domain, "Recipient domain (default: all)");
        results->add_flag("--json", results_.as_json, "A JSON object a line, for programs");
    }
    void add_report_sending(CLI::App& reports) {
        CLI::App* send = add_configured(
            reports, "send",
            "Let the nodes send the reports that are due, without waiting for their turn",
            [this](const server::Loaded& loaded) { return tlsrpt_send(loaded, send_reports_); }
        );
        send->add_flag(
            "--dry-run", send_reports_.dry_run, "Print them and where they would go, instead"
        );
        send->add_option("--day", send_reports_.day, "UTC day that they tell of (default: all)");
        send->add_option(
            "--domain", send_reports_.domain, "Domain that they are for (default: all)"
        );
    }
    void add_report_suppression(CLI::App& reports) {
        CLI::App* suppress =
            reports.add_subcommand("suppress", "Places that get no reports for a time");
        suppress->require_subcommand(1);
        const auto add_one = [&](const std::string& name, const std::string& help) {
            return add_configured(
                *suppress, name, help,
                [this, name](const server::Loaded& loaded) {
                    place_action_.name = name;
                    return tlsrpt_suppress(loaded, place_action_);
                }
            );
        };
        const auto with_place = [this](CLI::App* sub) {
            sub->add_option("place", place_action_.place, "Address, or https URI of the record")
                ->required();
            return sub;
        };
        add_one("list", "All of them: those whose reports bounced, and those that people added");
        CLI::App* addition = with_place(add_one("add", "Send none there"));
        addition->add_option("--days", place_action_.days, "For how long (default: 30)")
            ->check(CLI::Range(1, 36'500));
        addition->add_option("--reason", place_action_.reason, "Why, for others to see");
        with_place(add_one("remove", "Send them there again"));
    }
    void add_received_reports(CLI::App& reports) {
        CLI::App* received = add_configured(
            reports, "received", "What others report of TLS with us, by day and domain",
            [this](const server::Loaded& loaded) { return tlsrpt_received(loaded, received_); }
        );
        received->add_option("--domain", received_.domain, "Domain or host of ours (default: all)");
        received->add_option("--days", received_.days, "How far back (default: 30)")
            ->check(CLI::Range(1, 36'500));
        auto* lines =
            received->add_flag("--json", received_.as_json, "A JSON object a line, for programs");
        received
            ->add_option(
                "--raw", received_.report, "The report of this number, as its sender wrote it"
            )
            ->check(CLI::PositiveNumber)
            ->excludes(lines);
    }

    void add_dkim() {
        CLI::App* dkim = app_.add_subcommand("dkim", "Keys and signatures of mail");
        dkim->require_subcommand(1);
        CLI::App* make =
            add(*dkim, "generate", "Make a private key, and print the record to publish",
                [this] { return dkim_generate(dkim_key_); });
        make->add_option("selector", dkim_key_.selector, "Its name, like 2026a")->required();
        make->add_option("domain", dkim_key_.domain, "The domain that signs")->required();
        make->add_option("--algorithm", dkim_key_.algorithm, "rsa or ed25519")
            ->check(CLI::IsMember(std::vector<std::string>{"rsa", "ed25519"}));
        make->add_option("--bits", dkim_key_.bits, "Size of an RSA key")
            ->check(CLI::IsMember(std::vector<unsigned>{2048, 3072, 4096}));
        make->add_option(
            "--key-file", dkim_key_.file,
            "Where the private key goes; must not exist (default: SELECTOR._domainkey.DOMAIN.pem)"
        );
        CLI::App* check = add_configured(
            *dkim, "verify",
            "What the signatures of a message are worth; exit code 1 when none passes",
            [this](const server::Loaded& loaded) { return dkim_verify(loaded, dkim_message_); }
        );
        check->add_option("file", dkim_message_, "The message (default: standard input)");
    }

    void add_small() {
        CLI::App* sub =
            add(app_, "password", "Make a credential for an account from a password",
                [this] { return password(password_); });
        sub->add_option("--iterations", password_.iterations, "PBKDF2 rounds")
            ->check(CLI::Range(4096, 1'000'000));
        // sendmail has options of its own kind; run() hands them over before this parser sees them.
        add(app_, "sendmail", "Submit a message as sendmail(1) does", [] { return sendmail({}); });
    }

    CLI::App app_{"Outpost, an outbound mail server with its queue in PostgreSQL", "outpost"};
    std::function<int()> command_;
    std::string config_, old_config_, directory_;
    bool elsewhere_ = false;
    QuickstartOptions quickstart_;
    LocalOptions local_;
    ExplainOptions explain_;
    QueueAction action_;
    TlsAction tls_;
    SuppressAction suppress_;
    PolicyAction policy_action_;
    LookupOptions lookup_;
    RecordsOptions records_;
    CheckOptions check_;
    DkimKeyOptions dkim_key_;
    std::string dkim_message_;
    TlsExplainOptions tls_explain_;
    AbilitiesQuestion abilities_;
    ResultsQuestion results_;
    SendReportsOptions send_reports_;
    PlaceAction place_action_;
    ReceivedQuestion received_;
    PasswordOptions password_;
};

}  // namespace

int run(int argc, char** argv) {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    if (std::filesystem::path(argv[0]).filename() == "sendmail") return sendmail(arguments);
    if (!arguments.empty() && arguments[0] == "sendmail")
        return sendmail({arguments.begin() + 1, arguments.end()});
    // How the server starts the process of a plugin: for it alone, so no help mentions it.
    if (!arguments.empty() && arguments[0] == "plugin-host") return plugin_host::serve_plugin();
    try {
        return CommandLine().run(argc, argv);
    } catch (const std::exception& error) {
        std::cerr << "outpost: " << error.what() << "\n";
        return software;
    }
}

}  // namespace outpost::cli
