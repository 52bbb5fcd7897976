// SPDX-License-Identifier: Apache-2.0
#include <charconv>

#include <fmt/format.h>

#include "core/foundation/base/encoding.hpp"
#include "core/mail/sasl/prepare.hpp"
#include "core/mail/sasl/scram.hpp"

namespace outpost::sasl::scram {
namespace {

/// Longest server message that we read.
constexpr std::size_t max_message = 4096;
/// The least number of characters in the server's own part of the nonce.
constexpr std::size_t min_server_nonce = 8;

/// What the server asks for in its first message.
struct ServerFirst {
    std::string nonce, salt;
    unsigned iterations = 0;
};

Result<unsigned> parse_iterations(const std::string& text, unsigned minimum) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) {
        return Err{fmt::format("the server's iteration count is not a usable number")};
    }
    if (value < minimum) {
        return Err{fmt::format(
            "the server asks for {} iterations only; at least {} are safe", value, minimum
        )};
    }
    if (value > max_iterations) {
        return Err{fmt::format(
            "the server asks for {} iterations; more than {} are refused", value, max_iterations
        )};
    }
    return value;
}

/// RFC 5802 section 7. Extensions after the iteration count are ignored, "m=" in front is not: it
/// means that we must not go on without understanding it (section 5.1).
Result<ServerFirst> parse_server_first(
    std::string_view message, const std::string& our_nonce, unsigned min_iterations
) {
    const auto attributes = parse_attributes(message);
    if (!attributes) return Err{"the server's first SCRAM message is malformed"};
    if (attributes->front().first == 'm') return Err{"the server demands a SCRAM extension"};
    if (attributes->front().first == 'e') return Err{"the server refused with a SCRAM error"};
    const bool in_order = attributes->size() >= 3 && (*attributes)[0].first == 'r' &&
                          (*attributes)[1].first == 's' && (*attributes)[2].first == 'i';
    if (!in_order) return Err{"the server's first SCRAM message lacks nonce, salt or iterations"};

    ServerFirst first;
    first.nonce = (*attributes)[0].second;
    if (!first.nonce.starts_with(our_nonce))
        return Err{"the server's nonce does not begin with ours"};
    if (first.nonce.size() < our_nonce.size() + min_server_nonce) {
        return Err{"the server's nonce adds too little to ours"};
    }
    auto salt = base64_decode((*attributes)[1].second);
    if (!salt || salt->empty()) return Err{"the server's salt is empty or not base64"};
    first.salt = std::move(*salt);
    auto iterations = parse_iterations((*attributes)[2].second, min_iterations);
    if (!iterations) return Err{iterations.error()};
    first.iterations = *iterations;
    return first;
}

class Client : public ClientMechanism {
  public:
    Client(
        const Choice& choice, const Variant& variant, const Credentials& credentials,
        const ChannelBinding& binding, std::string nonce
    )
        : name_(choice.mechanism),
          variant_(variant),
          password_(credentials.password),
          min_iterations_(credentials.min_iterations),
          nonce_(std::move(nonce)) {
        if (variant.plus) {
            gs2_header_ = "p=" + binding.type + ",,";
            bound_ = gs2_header_ + binding.data;
        } else {
            gs2_header_ = choice.binding_not_offered ? "y,," : "n,,";
            bound_ = gs2_header_;
        }
        first_bare_ = "n=" + escape_name(prepare(credentials.username)) + ",r=" + nonce_;
    }

    std::string_view name() const noexcept override { return name_; }
    bool initial_response() const noexcept override { return true; }
    bool done() const noexcept override { return state_ == State::verified; }

    Result<std::string> step(std::optional<std::string_view> challenge) override {
        const State state = std::exchange(state_, State::failed);
        if (state == State::start) {
            if (challenge && !challenge->empty()) return Err{"the server spoke first in SCRAM"};
            state_ = State::sent_first;
            return gs2_header_ + first_bare_;
        }
        if (!challenge || challenge->size() > max_message) {
            return Err{"the server's SCRAM message is missing or too long"};
        }
        if (state == State::sent_first) return answer(*challenge);
        if (state == State::sent_proof) return verify(*challenge);
        return Err{"the server went on after the end of SCRAM"};
    }

  private:
    enum class State { start, sent_first, sent_proof, verified, failed };

    Result<std::string> answer(std::string_view server_first) {
        const auto first = parse_server_first(server_first, nonce_, min_iterations_);
        if (!first) return Err{first.error()};
        const Keys keys = derive(variant_.hash, password_, first->salt, first->iterations);
        const std::string without_proof = "c=" + base64_encode(bound_) + ",r=" + first->nonce;
        const std::string auth_message =
            first_bare_ + "," + std::string(server_first) + "," + without_proof;
        const std::string signature = crypto::hmac(variant_.hash, keys.stored_key, auth_message);
        server_signature_ = crypto::hmac(variant_.hash, keys.server_key, auth_message);
        state_ = State::sent_proof;
        return without_proof + ",p=" + base64_encode(exclusive_or(keys.client_key, signature));
    }

    /// Only a server that knows the password's verifier can have signed: this authenticates it.
    Result<std::string> verify(std::string_view server_final) {
        const auto attributes = parse_attributes(server_final);
        if (!attributes) return Err{"the server's last SCRAM message is malformed"};
        if (attributes->front().first == 'e') return Err{"the server refused with a SCRAM error"};
        if (attributes->front().first != 'v') return Err{"the server did not prove who it is"};
        const auto signature = base64_decode(attributes->front().second);
        if (!signature || !crypto::equal_constant_time(*signature, server_signature_)) {
            return Err{"the server's SCRAM signature is wrong"};
        }
        state_ = State::verified;
        return std::string();
    }

    std::string name_;
    Variant variant_;
    Secret password_;
    unsigned min_iterations_;
    std::string nonce_, gs2_header_, bound_, first_bare_, server_signature_;
    State state_ = State::start;
};

}  // namespace

std::unique_ptr<ClientMechanism> make_client(
    const Choice& choice, const Variant& variant, const Credentials& credentials,
    const ChannelBinding& binding, std::string nonce
) {
    return std::make_unique<Client>(choice, variant, credentials, binding, std::move(nonce));
}

}  // namespace outpost::sasl::scram
