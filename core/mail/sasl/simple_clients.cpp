// SPDX-License-Identifier: Apache-2.0
#include "core/mail/sasl/simple_clients.hpp"

#include <fmt/format.h>

#include "core/mail/sasl/prepare.hpp"
#include "core/mail/sasl/scram.hpp"

namespace outpost::sasl {
namespace {

bool holds_nul(std::string_view text) {
    return text.find('\0') != std::string_view::npos;
}

/// A mechanism of one message from us. What a server says after it is an error (a correct one just
/// succeeds): `on_error`, where there is one, is how the error is acknowledged before the server
/// fails.
class OneMessage : public ClientMechanism {
  public:
    OneMessage(std::string name, Result<std::string> message, std::optional<std::string> on_error)
        : name_(std::move(name)), message_(std::move(message)), on_error_(std::move(on_error)) {}

    std::string_view name() const noexcept override { return name_; }
    bool initial_response() const noexcept override { return true; }
    bool done() const noexcept override { return state_ == State::sent; }

    Result<std::string> step(std::optional<std::string_view> challenge) override {
        const State state = std::exchange(state_, State::failed);
        if (state == State::start) {
            if (challenge && !challenge->empty()) return Err{"the server spoke first in " + name_};
            if (message_) state_ = State::sent;
            return message_;
        }
        if (state == State::sent && on_error_) return *on_error_;
        return Err{"the server went on after the end of " + name_};
    }

  private:
    enum class State { start, sent, failed };
    std::string name_;
    Result<std::string> message_;
    std::optional<std::string> on_error_;
    State state_ = State::start;
};

/// RFC 4616. No authorization identity: we act as the user that we log in as.
Result<std::string> plain_message(const Credentials& who) {
    const std::string_view password = who.password.reveal();
    if (holds_nul(who.username) || holds_nul(password)) {
        return Err{std::string("PLAIN cannot carry a NUL in user name or password")};
    }
    return fmt::format("{0}{1}{0}{2}", '\0', who.username, password);
}

/// True when neither part can break out of the frame of control-A that both OAuth mechanisms use.
bool fits_oauth_frame(const Credentials& who) {
    return is_printable(who.username) && is_printable(who.bearer_token.reveal()) &&
           is_printable(who.host);
}

/// RFC 7628 section 3.1.
Result<std::string> oauthbearer_message(const Credentials& who) {
    if (!fits_oauth_frame(who))
        return Err{std::string("the user name or token has control characters")};
    std::string out = "n,";
    if (!who.username.empty()) out += "a=" + scram::escape_name(who.username);
    out += ",\x01";
    if (!who.host.empty()) out += fmt::format("host={}\x01", who.host);
    if (who.port != 0) out += fmt::format("port={}\x01", who.port);
    out += fmt::format("auth=Bearer {}\x01\x01", who.bearer_token.reveal());
    return out;
}

Result<std::string> xoauth2_message(const Credentials& who) {
    if (!fits_oauth_frame(who))
        return Err{std::string("the user name or token has control characters")};
    return fmt::format(
        "user={}\x01"
        "auth=Bearer {}\x01\x01",
        who.username, who.bearer_token.reveal()
    );
}

/// The name, then the password, each when asked. The text of the questions is ignored: servers
/// differ, and the words do not tell the two apart safely.
class Login : public ClientMechanism {
  public:
    explicit Login(const Credentials& who) : username_(who.username), password_(who.password) {}

    std::string_view name() const noexcept override { return "LOGIN"; }
    bool initial_response() const noexcept override { return false; }
    bool done() const noexcept override { return asked_ == 2; }

    Result<std::string> step(std::optional<std::string_view> challenge) override {
        if (!challenge) return Err{"the server asked nothing in LOGIN"};
        switch (++asked_) {
            case 1:
                return username_;
            case 2:
                return std::string(password_.reveal());
            default:
                return Err{"the server went on after the end of LOGIN"};
        }
    }

  private:
    std::string username_;
    Secret password_;
    int asked_ = 0;
};

}  // namespace

std::unique_ptr<ClientMechanism> make_simple_client(
    std::string_view mechanism, const Credentials& who
) {
    const auto one_message = [&](Result<std::string> message,
                                 std::optional<std::string> on_error = {}) {
        return std::make_unique<OneMessage>(
            std::string(mechanism), std::move(message), std::move(on_error)
        );
    };
    if (mechanism == "PLAIN") return one_message(plain_message(who));
    // RFC 4422 appendix A: an empty identity means "whom the certificate names".
    if (mechanism == "EXTERNAL") return one_message(std::string());
    // RFC 7628 section 3.2.3: the error in JSON is answered by a single control-A.
    if (mechanism == "OAUTHBEARER") return one_message(oauthbearer_message(who), "\x01");
    if (mechanism == "XOAUTH2") return one_message(xoauth2_message(who), "");
    if (mechanism == "LOGIN") return std::make_unique<Login>(who);
    return nullptr;
}

}  // namespace outpost::sasl
