// SPDX-License-Identifier: Apache-2.0
#include "core/cli/sendmail_options.hpp"

#include <optional>

#include "core/foundation/base/encoding.hpp"

namespace outpost::cli {
namespace {

/// Walks the arguments; hands out the value of an option that takes one.
class Arguments {
  public:
    explicit Arguments(const std::vector<std::string>& all) : all_(all) {}
    bool more() const { return next_ < all_.size(); }
    const std::string& take() { return all_[next_++]; }
    /// The rest of the argument ("-fme"), or the next one ("-f me").
    std::optional<std::string> value(const std::string& joined) {
        if (!joined.empty()) return joined;
        if (!more()) return std::nullopt;
        return take();
    }

  private:
    const std::vector<std::string>& all_;
    std::size_t next_ = 0;
};

// "-O Name=value": of sendmail's many long options, the one that says something of the message.
std::string set_long(SendmailOptions& options, std::string_view option) {
    const auto equals = option.find('=');
    if (!iequals(option.substr(0, equals), "RequireTLS")) return {};
    const auto value = equals == option.npos ? "" : option.substr(equals + 1);
    const auto wish = smtp::parse_tls_wish(value);
    if (!wish || *wish == delivery::TlsWish::standard)
        return "-O RequireTLS takes 'yes' or 'no', not '" + std::string(value) + "'";
    options.tls_wish = *wish;
    return {};
}

// Options with a value. Returns an error, or an empty string.
std::string set_valued(SendmailOptions& options, char letter, const std::string& value) {
    switch (letter) {
        case 'f':
        case 'r':
            options.sender = value;
            break;
        case 'F':
            options.full_name = value;
            break;
        case 'C':
            options.config = value;
            break;
        case 'V':
            options.envid = value;
            break;
        case 'N': {
            const auto notify = delivery::Notify::parse(value);
            if (!notify)
                return "-N takes 'never' or a list of failure,delay,success, not '" + value + "'";
            options.notify = *notify;
            break;
        }
        case 'R': {
            const auto ret = smtp::parse_ret(value);
            if (!ret) return "-R takes 'full' or 'hdrs', not '" + value + "'";
            options.ret = *ret;
            break;
        }
        case 'b':
            if (value == "s")
                options.smtp_on_stdio = true;
            else if (value != "m")
                return "-b" + value + " is not offered: use -bm (the default) or -bs";
            break;
        case 'O':
            return set_long(options, value);
        case 'o':
            if (value == "i")
                options.ignore_dots = true;  // the others (-oem, -odb …) steered a local queue
            break;
        default:
            break;  // -B -h -L -p -X: accepted, without effect
    }
    return {};
}

constexpr std::string_view with_value = "fFrCVNRboBhLOpX";
constexpr std::string_view flags_without_effect = "GmnUvqA";

}  // namespace

Result<SendmailOptions> parse_sendmail_options(const std::vector<std::string>& arguments) {
    SendmailOptions options;
    Arguments rest(arguments);
    bool only_recipients = false;
    while (rest.more()) {
        const std::string& argument = rest.take();
        if (only_recipients || argument.size() < 2 || argument[0] != '-') {
            options.recipients.push_back(argument);
            continue;
        }
        if (argument == "--") {
            only_recipients = true;
            continue;
        }
        for (std::size_t i = 1; i < argument.size(); ++i) {
            const char letter = argument[i];
            if (with_value.find(letter) != std::string_view::npos) {
                const auto value = rest.value(argument.substr(i + 1));
                if (!value) return Err{std::string("option -") + letter + " needs a value"};
                std::string error = set_valued(options, letter, *value);
                if (!error.empty()) return Err{std::move(error)};
                break;
            }
            if (letter == 't')
                options.recipients_from_header = true;
            else if (letter == 'i')
                options.ignore_dots = true;
            else if (flags_without_effect.find(letter) == std::string_view::npos) {
                return Err{
                    std::string("unknown option -") + letter + " (see outpost sendmail --help)"
                };
            } else if (letter == 'q' || letter == 'A') {
                break;  // "-q30m", "-Am": the rest belongs to it
            }
        }
    }
    return options;
}

}  // namespace outpost::cli
