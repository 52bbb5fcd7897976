// SPDX-License-Identifier: Apache-2.0
// A complete transport in one file: it writes each message into a folder, as a file of its own.
#include <filesystem>
#include <fstream>

#include "core/delivery/plugin/sdk/abi.hpp"
#include "core/delivery/plugin/sdk/options.hpp"

namespace {

using namespace outpost;
using delivery::AttemptContext;
using delivery::DeliveryJob;
using delivery::DeliveryOutcome;
using delivery::Verdict;

/// Only moving the finished file to its name makes it visible: a crash leaves no half message.
bool write_file(const std::filesystem::path& file, const DeliveryJob& job) {
    std::filesystem::path unfinished = file;
    unfinished += ".part";
    std::ofstream out(unfinished, std::ios::binary);
    for (const auto& recipient : job.recipients)
        out << "X-To: " << recipient.address.wire() << "\r\n";
    const mail::Content& content = *job.message->body.held();
    out << content.header();
    for (const std::string& chunk : content.body())
        out << chunk;
    out.close();
    std::error_code error;
    if (out) std::filesystem::rename(unfinished, file, error);
    return out && !error;
}

class FileTransport : public delivery::Transport {
  public:
    explicit FileTransport(std::filesystem::path folder) : folder_(std::move(folder)) {}

    awaitable<DeliveryOutcome> deliver(const DeliveryJob& job, AttemptContext& context) override {
        // Ask before the step that cannot be taken back: another node may have taken over.
        std::vector<std::int32_t> numbers;
        for (const auto& recipient : job.recipients)
            numbers.push_back(recipient.number);
        if (!co_await context.gate.may_finish(numbers)) {
            co_return DeliveryOutcome::all(job, trouble("the lease was lost"));
        }
        const auto id = std::to_string(to_number(job.message->id));
        const auto file = folder_ / (id + "-" + std::to_string(numbers.front()) + ".eml");
        if (!write_file(file, job))
            co_return DeliveryOutcome::all(job, trouble("the file cannot be written"));
        context.transcript.remark("written to " + file.string());
        co_return DeliveryOutcome::all(job, Verdict::delivered("written to " + file.string()));
    }
    bool per_domain() const noexcept override { return false; }
    bool can_require_tls() const noexcept override { return true; }  // it never leaves the machine

  private:
    static Verdict trouble(std::string why) {
        return Verdict::deferred(
            delivery::Stage::data, delivery::ErrorKind::local, {4, 3, 0}, std::move(why)
        );
    }
    std::filesystem::path folder_;
};

Result<delivery::TransportPtr> make(const std::string&, const plugin::Options& options) {
    plugin::OptionReader reader(options);
    const std::filesystem::path folder = reader.text("folder");
    if (!std::filesystem::is_directory(folder)) reader.complain("'folder' is an existing folder");
    if (auto problems = reader.problems()) return Err{std::move(*problems)};
    return delivery::TransportPtr(std::make_shared<FileTransport>(folder));
}

void attach(plugin::Registrar& registrar) {
    registrar.transport("file", make);
}

}  // namespace

OUTPOST_PLUGIN("example_file", "1.0", attach)
