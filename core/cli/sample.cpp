// SPDX-License-Identifier: Apache-2.0
#include "core/cli/sample.hpp"

#include <charconv>
#include <stdexcept>

#include "core/cli/submit_client.hpp"

namespace outpost::cli {
namespace {

// "2.0.0 Ok: queued as 12000" -> 12000
std::int64_t queued_id(const std::string& reply) {
    const auto at = reply.rfind("queued as ");
    std::int64_t id = 0;
    if (at != std::string::npos)
        std::from_chars(reply.data() + at + 10, reply.data() + reply.size(), id);
    if (id == 0) throw std::runtime_error("the server did not name the message: " + reply);
    return id;
}

delivery::DeliveryJob sample_job() {
    auto message = std::make_shared<delivery::Message>();
    message->mail_from = mail::Address::parse("me@example.org").value();
    const std::string header =
        "From: Me <me@example.org>\r\nTo: You <you@example.com>\r\nSubject: Hello from "
        "Outpost\r\n\r\n";
    std::vector<std::string> body{
        "This message went through the whole machine: submission, queue, route,\r\ntransport, and "
        "the receiving server.\r\n"
    };
    message->body = std::make_shared<const mail::Content>(header, std::move(body));
    delivery::DeliveryJob job;
    job.message = message;
    job.recipients.push_back({mail::Address::parse("you@example.com").value(), {}, {}, 1});
    return job;
}

}  // namespace

std::int64_t send_sample(const SampleOptions& options) {
    SubmissionServer server;
    server.host = "127.0.0.1";
    server.port = options.submission_port;
    server.tls = delivery::TlsMode::required;
    server.tls_files.ca_files = {options.ca_file};
    delivery::Login& login = server.login.emplace();
    login.credentials.username = options.account;
    login.credentials.password = options.password;
    const delivery::DeliveryOutcome outcome = submit(server, sample_job());
    const delivery::Verdict& verdict = outcome.verdicts.front();
    if (verdict.kind() != delivery::Verdict::Kind::delivered)
        throw std::runtime_error("the sample was refused: " + verdict.words());
    return queued_id(verdict.words());
}

}  // namespace outpost::cli
