// SPDX-License-Identifier: Apache-2.0
#include "core/mail/sasl/mechanism.hpp"
#include "core/mail/sasl/prepare.hpp"
#include "core/mail/sasl/scram.hpp"

namespace outpost::sasl {
namespace {

using State = ServerMechanism::State;
using Answer = std::pair<State, std::string>;

constexpr std::size_t max_name = 1024, max_response = 8192;

bool usable_name(std::string_view name) {
    return !name.empty() && name.size() <= max_name && is_printable(name);
}

/// Always costs the PBKDF2, for a decoy as for a real credential.
Answer judge(const Lookup& lookup, const std::string& username, std::string_view password) {
    const bool fits = lookup(username).matches(Secret(std::string(password)));
    return {fits ? State::succeeded : State::failed, {}};
}

/// RFC 4616: authorization identity, user name and password with NULs between.
class PlainServer : public ServerMechanism {
  public:
    explicit PlainServer(Lookup lookup) : lookup_(std::move(lookup)) {}
    std::string_view name() const noexcept override { return "PLAIN"; }
    std::string username() const override { return username_; }

    Answer step(std::string_view response) override {
        if (std::exchange(over_, true) || response.size() > max_response)
            return {State::failed, {}};
        const auto first = response.find('\0');
        const auto second =
            first == std::string_view::npos ? first : response.find('\0', first + 1);
        if (second == std::string_view::npos) return {State::failed, {}};
        const std::string_view authzid = response.substr(0, first);
        const std::string_view authcid = response.substr(first + 1, second - first - 1);
        const std::string_view password = response.substr(second + 1);
        const bool sound = usable_name(authcid) && !password.empty() &&
                           password.find('\0') == std::string_view::npos &&
                           (authzid.empty() || authzid == authcid);
        if (!sound) return {State::failed, {}};
        username_ = prepare(authcid);
        return judge(lookup_, username_, password);
    }

  private:
    Lookup lookup_;
    std::string username_;
    bool over_ = false;
};

/// Never standardised: the server asks twice. The first step, with nothing, yields the first
/// question.
class LoginServer : public ServerMechanism {
  public:
    explicit LoginServer(Lookup lookup) : lookup_(std::move(lookup)) {}
    std::string_view name() const noexcept override { return "LOGIN"; }
    std::string username() const override { return username_; }

    Answer step(std::string_view response) override {
        switch (std::exchange(next_, Next::nothing)) {
            case Next::question:
                next_ = Next::name;
                return {State::need_response, "Username:"};
            case Next::name:
                if (!usable_name(response)) return {State::failed, {}};
                username_ = prepare(response);
                next_ = Next::password;
                return {State::need_response, "Password:"};
            case Next::password:
                if (response.empty() || response.size() > max_response) return {State::failed, {}};
                return judge(lookup_, username_, response);
            case Next::nothing:
                break;
        }
        return {State::failed, {}};
    }

  private:
    enum class Next { question, name, password, nothing };
    Lookup lookup_;
    std::string username_;
    Next next_ = Next::question;
};

bool announced(std::string_view name, bool tls, const ChannelBinding& binding) {
    for (const auto& each : server_mechanisms(tls, binding)) {
        if (each == name) return true;
    }
    return false;
}

}  // namespace

std::vector<std::string> server_mechanisms(bool tls, const ChannelBinding& binding) {
    const bool bindable = tls && !binding.type.empty() && !binding.data.empty();
    std::vector<std::string> names;
    for (const char* name : {"SCRAM-SHA-256", "SCRAM-SHA-1"}) {
        if (bindable) names.push_back(std::string(name) + "-PLUS");
        names.emplace_back(name);
    }
    if (tls) names.insert(names.end(), {"PLAIN", "LOGIN"});
    return names;
}

std::unique_ptr<ServerMechanism> make_server(
    std::string_view name, Lookup lookup, bool tls, const ChannelBinding& binding
) {
    if (!announced(name, tls, binding)) return nullptr;
    if (name == "PLAIN") return std::make_unique<PlainServer>(std::move(lookup));
    if (name == "LOGIN") return std::make_unique<LoginServer>(std::move(lookup));
    const auto variant = scram::Variant::parse(name);
    return scram::make_server(name, *variant, std::move(lookup), binding);
}

}  // namespace outpost::sasl
