// SPDX-License-Identifier: Apache-2.0
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iostream>
#include <iterator>

#include "core/cli/commands.hpp"
#include "core/cli/new_files.hpp"
#include "core/cli/quickstart_plan.hpp"
#include "core/cli/quickstart_survey.hpp"
#include "core/foundation/async/run_to_end.hpp"
#include "core/foundation/base/log.hpp"
#include "core/net/dns/stub_resolver.hpp"
#include "core/net/sockets/own_addresses.hpp"

namespace outpost::cli {
namespace {

/// All look-ups together.
constexpr std::chrono::seconds survey_time{10};

int complain(const std::string& what, ExitCode code) {
    std::cerr << "outpost quickstart: " << what << "\n";
    return code;
}

std::string system_name() {
    std::array<char, 256> name{};
    return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

std::string hosts_file() {
    std::ifstream file("/etc/hosts");
    return {std::istreambuf_iterator<char>(file), {}};
}

/// In file names, on command lines, in YAML: nothing that one of them would take apart.
bool is_simple_name(const std::string& name) {
    const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    return !name.empty() && name.size() <= 64 && is_letter(name.front()) &&
           std::all_of(name.begin(), name.end(), [&](char c) {
               return is_letter(c) || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
           });
}

/// The question that the command line asks, or what is wrong with it.
Result<SurveyQuestion> question_of(const QuickstartOptions& options) {
    const auto named = [](const std::string& name) -> Result<dns::Domain> {
        auto domain = dns::Domain::parse(name);
        if (!domain) return Err{"'" + name + "' is no domain: " + domain.error()};
        return domain;
    };
    SurveyQuestion question;
    auto domain = named(options.domain);
    if (!domain) return Err{domain.error()};
    question.domain = std::move(*domain);
    if (options.hostname.empty()) {
        question.hostname = full_host_name(system_name(), hosts_file());
    } else {
        auto hostname = named(options.hostname);
        if (!hostname) return Err{hostname.error()};
        question.hostname = std::move(*hostname);
    }
    if (!options.dial.empty()) {
        auto other = named(options.dial);
        if (!other) return Err{other.error()};
        question.dial = std::move(*other);
    }
    if (!is_simple_name(options.account))
        return Err{"'" + options.account + "' is no name of an account: write letters and digits"};
    question.own_addresses = net::own_addresses();
    return question;
}

Survey look_around(const SurveyQuestion& question) {
    asio::io_context loop;
    const auto resolver = dns::make_resolver({});
    return run_to_end(loop, survey(question, *resolver, Deadline::in(survey_time)));
}

QuickstartAnswers answers_of(
    const QuickstartOptions& options, const SurveyQuestion& question, const Survey& found
) {
    QuickstartAnswers answers;
    answers.domain = question.domain;
    answers.hostname = found.hostname;
    answers.directory = std::filesystem::absolute(options.directory).lexically_normal();
    answers.account = options.account;
    answers.database = Secret(options.database);
    answers.addresses = found.addresses;
    answers.mx = found.mx;
    answers.spf = found.spf;
    answers.dmarc = found.dmarc;
    answers.mta_sts = options.mta_sts;
    answers.today = std::chrono::floor<std::chrono::days>(WallClock::now());
    return answers;
}

struct Ownership {
    ServerUser user;
    std::optional<FileOwner> files;  ///< whom they are given to; none: who makes them has them
};

/// What is made as root is for the server's own user, if that exists already.
Ownership ownership() {
    if (geteuid() != 0) {
        const passwd* self = getpwuid(geteuid());
        return {{self != nullptr ? self->pw_name : std::to_string(geteuid()), true}, {}};
    }
    const ServerUser usual;
    const passwd* found = getpwnam(usual.name.c_str());
    if (found == nullptr) return {{usual.name, false}, {}};
    return {usual, FileOwner{found->pw_uid, found->pw_gid}};
}

void tell(const std::vector<std::string>& warnings) {
    if (warnings.empty()) return;
    std::cerr << "Worth a look before mail is sent:\n";
    for (const auto& warning : warnings)
        std::cerr << "  - " << warning << "\n";
}

int refuse(const std::vector<std::filesystem::path>& in_the_way) {
    std::string text = "nothing is written, because this is there already:\n";
    for (const auto& path : in_the_way)
        text += "  " + path.string() + "\n";
    text.pop_back();
    return complain(text, cannot_create);
}

int write_and_tell(const QuickstartAnswers& answers, const Survey& found) {
    const auto secrets = QuickstartSecrets::make();
    const auto files = quickstart_files(answers, secrets);
    if (const auto in_the_way = existing(files); !in_the_way.empty()) return refuse(in_the_way);
    const auto owner = ownership();
    NewFiles made(files, owner.files);

    // They go away again unless they are fit for use.
    const auto loaded = load_or_complain(QuickstartPaths(answers).config);
    if (!loaded) return software;
    std::cout << "Written:\n";
    for (const auto& file : files)
        std::cout << "  " << file.path.string() << "\n";
    std::cout << "\nRecords to publish, each below its reason:\n\n" << std::flush;
    if (const int code = dns_records(*loaded, {answers.domain.ascii(), false, false}); code != ok)
        return code;
    std::cout << "\n" << quickstart_steps(answers, secrets, owner.user) << std::flush;
    made.keep();
    tell(found.warnings);
    return ok;
}

}  // namespace

int quickstart(const QuickstartOptions& options) {
    const auto question = question_of(options);
    if (!question) return complain(question.error(), usage);
    try {
        log::set_level(log::Level::error);
        const auto found = look_around(*question);
        return write_and_tell(answers_of(options, *question, found), found);
    } catch (const std::system_error& error) {
        return complain(error.what(), cannot_create);
    }
}

}  // namespace outpost::cli
