// SPDX-License-Identifier: Apache-2.0
#include "core/delivery/interface/verdict.hpp"

#include <array>
#include <utility>

#include "core/foundation/base/safe_text.hpp"

namespace outpost::delivery {
namespace {

constexpr std::array<std::string_view, 13> error_kind_names = {
    "none", "config", "dns",       "connect",   "timeout", "protocol", "tls",
    "auth", "policy", "reply_4xx", "reply_5xx", "local",   "crash"
};

/// A refusal to authenticate or to start TLS is trouble of that kind whatever its code.
ErrorKind kind_of_refusal(Stage stage, const smtp::Reply& reply) {
    if (stage == Stage::auth) return ErrorKind::auth;
    if (stage == Stage::starttls || stage == Stage::tls) return ErrorKind::tls;
    if (reply.transient()) return ErrorKind::reply_4xx;
    return reply.permanent() ? ErrorKind::reply_5xx : ErrorKind::protocol;
}

Verdict::Kind kind_of_reply(const smtp::Reply& reply) {
    if (reply.positive()) return Verdict::Kind::delivered;
    return reply.permanent() ? Verdict::Kind::failed : Verdict::Kind::deferred;
}

std::uint16_t status_class(Verdict::Kind kind) {
    switch (kind) {
        case Verdict::Kind::delivered:
            return 2;
        case Verdict::Kind::deferred:
            return 4;
        case Verdict::Kind::failed:
            return 5;
    }
    return 4;
}

}  // namespace

std::string_view to_string(Stage stage) noexcept {
    switch (stage) {
        case Stage::route:
            return "route";
        case Stage::resolve:
            return "resolve";
        case Stage::connect:
            return "connect";
        case Stage::greeting:
            return "greeting";
        case Stage::ehlo:
            return "ehlo";
        case Stage::starttls:
            return "starttls";
        case Stage::tls:
            return "tls";
        case Stage::auth:
            return "auth";
        case Stage::mail:
            return "mail";
        case Stage::rcpt:
            return "rcpt";
        case Stage::data:
            return "data";
        case Stage::final_dot:
            return "final_dot";
        case Stage::done:
            return "done";
    }
    return "unknown";
}

std::string_view to_string(ErrorKind kind) noexcept {
    return error_kind_names[static_cast<std::size_t>(kind)];
}

std::optional<ErrorKind> parse_error_kind(std::string_view text) noexcept {
    for (std::size_t i = 0; i < error_kind_names.size(); ++i) {
        if (error_kind_names[i] == text) return static_cast<ErrorKind>(i);
    }
    return std::nullopt;
}

Verdict Verdict::from_reply(Stage stage, smtp::Reply reply) {
    Verdict verdict;
    verdict.stage_ = stage;
    verdict.kind_ = kind_of_reply(reply);
    const auto klass = status_class(verdict.kind_);
    const bool usable = reply.enhanced && reply.enhanced->klass == klass;
    verdict.status_ = usable ? *reply.enhanced : smtp::EnhancedStatus{klass, 0, 0};
    if (verdict.kind_ != Kind::delivered) verdict.error_ = kind_of_refusal(stage, reply);
    verdict.reply_ = std::move(reply);
    return verdict;
}

Verdict Verdict::deferred(
    Stage stage, ErrorKind kind, smtp::EnhancedStatus status, std::string reason
) {
    Verdict verdict;
    verdict.kind_ = Kind::deferred;
    verdict.stage_ = stage;
    verdict.error_ = kind;
    verdict.status_ = status;
    verdict.reason_ = std::move(reason);
    return verdict;
}

Verdict Verdict::failed(
    Stage stage, ErrorKind kind, smtp::EnhancedStatus status, std::string reason
) {
    Verdict verdict = deferred(stage, kind, status, std::move(reason));
    verdict.kind_ = Kind::failed;
    return verdict;
}

Verdict Verdict::delivered(std::string reason) {
    Verdict verdict = deferred(Stage::done, ErrorKind::none, {2, 0, 0}, std::move(reason));
    verdict.kind_ = Kind::delivered;
    return verdict;
}

std::string Verdict::words() const {
    if (reply_) return reply_->text();
    return safe_text(reason_, Charset::utf8, reason_.size());
}

Verdict Verdict::softened() const {
    Verdict verdict = *this;
    if (kind_ != Kind::failed) return verdict;
    verdict.kind_ = Kind::deferred;
    verdict.status_.klass = status_class(Kind::deferred);
    return verdict;
}

}  // namespace outpost::delivery
