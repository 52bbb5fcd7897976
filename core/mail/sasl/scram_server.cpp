// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "core/foundation/base/encoding.hpp"
#include "core/mail/sasl/prepare.hpp"
#include "core/mail/sasl/scram.hpp"

namespace outpost::sasl::scram {
namespace {

constexpr std::size_t max_message = 8192;

/// The GS2 header (RFC 5801 section 4) and what follows it.
struct ClientFirst {
    std::string gs2_header;  ///< with its trailing comma
    char flag = 'n';
    std::string binding_type;  ///< with flag 'p'
    std::string authzid, username, nonce;
    std::string bare;
};

std::optional<ClientFirst> parse_client_first(std::string_view message) {
    const auto first_comma = message.find(',');
    if (first_comma == std::string_view::npos) return std::nullopt;
    const auto second_comma = message.find(',', first_comma + 1);
    if (second_comma == std::string_view::npos) return std::nullopt;

    ClientFirst first;
    const std::string_view flag = message.substr(0, first_comma);
    if (flag == "n" || flag == "y") {
        first.flag = flag[0];
    } else if (flag.starts_with("p=") && flag.size() > 2) {
        first.flag = 'p';
        first.binding_type = flag.substr(2);
    } else {
        return std::nullopt;
    }
    const std::string_view authzid =
        message.substr(first_comma + 1, second_comma - first_comma - 1);
    if (!authzid.empty()) {
        const auto name =
            authzid.starts_with("a=") ? unescape_name(authzid.substr(2)) : std::nullopt;
        if (!name) return std::nullopt;
        first.authzid = *name;
    }
    first.gs2_header = message.substr(0, second_comma + 1);
    first.bare = message.substr(second_comma + 1);

    const auto attributes = parse_attributes(first.bare);
    const bool in_order = attributes && attributes->size() >= 2 && (*attributes)[0].first == 'n' &&
                          (*attributes)[1].first == 'r';
    if (!in_order) return std::nullopt;  // "m=" in front, too: an extension we do not know
    const auto username = unescape_name((*attributes)[0].second);
    if (!username || username->empty() || !is_printable(*username)) return std::nullopt;
    first.username = prepare(*username);
    first.nonce = (*attributes)[1].second;
    if (first.nonce.empty()) return std::nullopt;
    return first;
}

struct ClientFinal {
    std::string channel_binding, nonce, proof;
    std::string without_proof;
};

std::optional<ClientFinal> parse_client_final(std::string_view message) {
    const auto attributes = parse_attributes(message);
    const bool in_order = attributes && attributes->size() >= 3 &&
                          attributes->front().first == 'c' && (*attributes)[1].first == 'r' &&
                          attributes->back().first == 'p';
    if (!in_order) return std::nullopt;
    auto binding = base64_decode(attributes->front().second);
    auto proof = base64_decode(attributes->back().second);
    if (!binding || !proof) return std::nullopt;
    return ClientFinal{
        std::move(*binding), (*attributes)[1].second, std::move(*proof),
        std::string(message.substr(0, message.rfind(",p=")))
    };
}

class Server : public ServerMechanism {
  public:
    Server(
        std::string_view name, const Variant& variant, Lookup lookup, const ChannelBinding& binding,
        std::string nonce
    )
        : name_(name),
          variant_(variant),
          lookup_(std::move(lookup)),
          binding_(binding),
          nonce_(std::move(nonce)) {}

    std::string_view name() const noexcept override { return name_; }
    std::string username() const override { return first_.username; }

    std::pair<State, std::string> step(std::string_view response) override {
        const Phase phase = std::exchange(phase_, Phase::over);
        if (response.size() > max_message) return failed();
        if (phase == Phase::start) return challenge(response);
        if (phase == Phase::challenged) return check(response);
        return failed();
    }

  private:
    enum class Phase { start, challenged, over };
    static std::pair<State, std::string> failed() { return {State::failed, {}}; }

    /// RFC 5802 section 6. 'y' says "I could bind, you did not offer": when we did offer it,
    /// someone between us took the offer out.
    bool binding_permitted() const {
        if (variant_.plus) return first_.flag == 'p' && first_.binding_type == binding_.type;
        if (first_.flag == 'p') return false;
        return first_.flag == 'n' || binding_.data.empty();
    }

    /// The user's verifier for this hash. A user without one gets a decoy, so that a client cannot
    /// find out which users exist.
    ScramVerifier verifier() const {
        const auto fits = [this](const StoredCredential& credential) {
            return std::find_if(
                credential.verifiers.begin(), credential.verifiers.end(),
                [this](const auto& v) { return v.hash == variant_.hash_name; }
            );
        };
        const StoredCredential credential = lookup_(first_.username);
        if (const auto found = fits(credential); found != credential.verifiers.end()) return *found;
        static const std::string process_secret = crypto::random_bytes(32);
        const StoredCredential decoy = decoy_credential(first_.username, process_secret);
        return *fits(decoy);
    }

    std::pair<State, std::string> challenge(std::string_view response) {
        auto first = parse_client_first(response);
        if (!first) return failed();
        first_ = std::move(*first);
        if (!binding_permitted()) return failed();
        if (!first_.authzid.empty() && first_.authzid != first_.username) return failed();
        verifier_ = verifier();
        server_first_ = "r=" + first_.nonce + nonce_ + ",s=" + base64_encode(verifier_.salt) +
                        ",i=" + std::to_string(verifier_.iterations);
        phase_ = Phase::challenged;
        return {State::need_response, server_first_};
    }

    std::pair<State, std::string> check(std::string_view response) const {
        const auto final = parse_client_final(response);
        if (!final || final->nonce != first_.nonce + nonce_) return failed();
        const std::string bound = first_.gs2_header + (variant_.plus ? binding_.data : "");
        if (!crypto::equal_constant_time(final->channel_binding, bound)) return failed();

        const std::string auth_message =
            first_.bare + "," + server_first_ + "," + final->without_proof;
        const std::string signature =
            crypto::hmac(variant_.hash, verifier_.stored_key, auth_message);
        if (final->proof.size() != signature.size()) return failed();
        const std::string client_key = exclusive_or(final->proof, signature);
        const std::string stored_key = crypto::digest(variant_.hash, client_key);
        if (!crypto::equal_constant_time(stored_key, verifier_.stored_key)) return failed();
        return {
            State::succeeded,
            "v=" + base64_encode(crypto::hmac(variant_.hash, verifier_.server_key, auth_message))
        };
    }

    std::string name_;
    Variant variant_;
    Lookup lookup_;
    ChannelBinding binding_;
    std::string nonce_;
    ClientFirst first_;
    ScramVerifier verifier_;
    std::string server_first_;
    Phase phase_ = Phase::start;
};

}  // namespace

std::unique_ptr<ServerMechanism> make_server(
    std::string_view name, const Variant& variant, Lookup lookup, const ChannelBinding& binding,
    std::string nonce
) {
    return std::make_unique<Server>(name, variant, std::move(lookup), binding, std::move(nonce));
}

}  // namespace outpost::sasl::scram
