// SPDX-License-Identifier: Apache-2.0
#include <gsasl.h>

#include <stdexcept>

#include "core/foundation/base/encoding.hpp"
#include "core/mail/sasl/prepare.hpp"
#include "core/mail/sasl/simple_clients.hpp"

namespace outpost::sasl {
namespace {

struct GsaslEnd {
    void operator()(Gsasl* context) const { gsasl_done(context); }
    void operator()(Gsasl_session* session) const { gsasl_finish(session); }
};

/// One answer to one challenge. Computed by gsasl, which brings MD5 along: nothing else here uses
/// it.
class CramMd5 : public ClientMechanism {
  public:
    explicit CramMd5(const Credentials& who) : username_(who.username), password_(who.password) {}

    std::string_view name() const noexcept override { return "CRAM-MD5"; }
    bool initial_response() const noexcept override { return false; }
    bool done() const noexcept override { return state_ == State::answered; }

    Result<std::string> step(std::optional<std::string_view> challenge) override {
        const State state = std::exchange(state_, State::failed);
        if (state != State::start) return Err{"the server went on after the end of CRAM-MD5"};
        if (!challenge || !is_message_id(*challenge)) return Err{"this is no CRAM-MD5 challenge"};
        auto answer = compute(std::string(*challenge));
        if (answer) state_ = State::answered;
        return answer;
    }

  private:
    enum class State { start, answered, failed };

    /// RFC 2195 section 2: "<digits.something@host>". The answer to anything else could serve as a
    /// login elsewhere.
    static bool is_message_id(std::string_view text) {
        return text.size() >= 5 && text.size() <= 1024 && text.front() == '<' &&
               text.back() == '>' && text.find('@') != std::string_view::npos && is_ascii(text) &&
               is_printable(text);
    }

    Result<std::string> compute(const std::string& challenge) const {
        Gsasl* raw_context = nullptr;
        if (gsasl_init(&raw_context) != GSASL_OK) throw std::runtime_error("gsasl cannot start");
        const std::unique_ptr<Gsasl, GsaslEnd> context(raw_context);
        Gsasl_session* raw_session = nullptr;
        if (gsasl_client_start(raw_context, "CRAM-MD5", &raw_session) != GSASL_OK) {
            throw std::runtime_error("gsasl was built without CRAM-MD5");
        }
        const std::unique_ptr<Gsasl_session, GsaslEnd> session(raw_session);
        gsasl_property_set(raw_session, GSASL_AUTHID, username_.c_str());
        gsasl_property_set_raw(
            raw_session, GSASL_PASSWORD, password_.reveal().data(), password_.reveal().size()
        );
        char* output = nullptr;
        std::size_t size = 0;
        const int code =
            gsasl_step(raw_session, challenge.data(), challenge.size(), &output, &size);
        if (code != GSASL_OK && code != GSASL_NEEDS_MORE) {
            return Err{std::string("CRAM-MD5: ") + gsasl_strerror(code)};
        }
        std::string answer(output, size);
        gsasl_free(output);
        return answer;
    }

    std::string username_;
    Secret password_;
    State state_ = State::start;
};

}  // namespace

std::unique_ptr<ClientMechanism> make_cram_md5_client(const Credentials& credentials) {
    return std::make_unique<CramMd5>(credentials);
}

}  // namespace outpost::sasl
