// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/net/dns/resolver.hpp"

namespace outpost::test {

/// A resolver that knows what a test tells it. Names that it was told nothing of do not exist.
class ZoneResolver final : public dns::Resolver {
  public:
    /// Secure unless `security` says otherwise. Of MX records `text` is the host.
    ZoneResolver& add(
        const std::string& name, dns::Type type, std::vector<std::string> texts,
        dns::Security security = dns::Security::secure
    ) {
        dns::Answer answer;
        for (auto& text : texts)
            answer.records.push_back({type, 10, std::move(text)});
        answer.security = security;
        answers_.insert_or_assign({name, type}, std::move(answer));
        return *this;
    }
    ZoneResolver& fail(
        const std::string& name, dns::Type type,
        dns::Failure::Kind kind = dns::Failure::Kind::timeout
    ) {
        answers_.insert_or_assign({name, type}, Err{dns::Failure{kind, "told to fail"}});
        return *this;
    }

    awaitable<Result<dns::Answer, dns::Failure>> query(dns::Question question, Deadline) override {
        asked.push_back(question);
        const auto found = answers_.find({question.name, question.type});
        if (found != answers_.end()) co_return found->second;
        dns::Answer nothing;
        nothing.nxdomain = true;
        nothing.security = dns::Security::secure;
        co_return nothing;
    }

    std::vector<dns::Question> asked;

  private:
    std::map<std::pair<std::string, dns::Type>, Result<dns::Answer, dns::Failure>> answers_;
};

}  // namespace outpost::test
