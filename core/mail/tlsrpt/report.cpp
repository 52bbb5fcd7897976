// SPDX-License-Identifier: Apache-2.0
#include "core/mail/tlsrpt/report.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/foundation/base/safe_text.hpp"
#include "core/mail/tlsrpt/date_time.hpp"

namespace outpost::tlsrpt {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

/// How member and value of a detail belong together; its type and count are no texts.
struct DetailMember {
    const char* name;
    std::string FailureDetail::* value;
};
constexpr DetailMember detail_members[] = {
    {"sending-mta-ip", &FailureDetail::sending_mta_ip},
    {"receiving-mx-hostname", &FailureDetail::receiving_mx_hostname},
    {"receiving-mx-helo", &FailureDetail::receiving_mx_helo},
    {"receiving-ip", &FailureDetail::receiving_ip},
    {"additional-information", &FailureDetail::additional_information},
    {"failure-reason-code", &FailureDetail::failure_reason_code},
};

// Writing.

ordered_json to_json(const FailureDetail& detail) {
    ordered_json out;
    out["result-type"] = text(detail.type);
    for (const auto& [name, value] : detail_members)
        if (!(detail.*value).empty()) out[name] = detail.*value;
    out["failed-session-count"] = detail.sessions;
    return out;
}

ordered_json to_json(const Result& result) {
    ordered_json out;
    ordered_json& policy = out["policy"];
    policy["policy-type"] = text(result.policy.type);
    policy["policy-string"] = result.policy.strings;
    policy["policy-domain"] = result.policy.domain;
    policy["mx-host"] = result.policy.mx_hosts;
    ordered_json& summary = out["summary"];
    summary["total-successful-session-count"] = result.successes;
    summary["total-failure-session-count"] = result.failures;
    ordered_json& details = out["failure-details"] = ordered_json::array();
    for (const FailureDetail& detail : result.details)
        details.push_back(to_json(detail));
    return out;
}

// Reading.

/// Counts what a text would become before anything is made of it: a few octets of JSON can be
/// hundreds in memory. Stops at the first bound that is passed.
class Census : public json::json_sax_t {
  public:
    explicit Census(const ReportBounds& bounds)
        : most_(
              (bounds.policies + 1) * (2 * bounds.strings + values_beside) +
              bounds.details * values_of_detail
          ) {}

    bool null() override { return one_more(); }
    bool boolean(bool) override { return one_more(); }
    bool number_integer(json::number_integer_t) override { return one_more(); }
    bool number_unsigned(json::number_unsigned_t) override { return one_more(); }
    bool number_float(json::number_float_t, const std::string&) override { return one_more(); }
    bool string(std::string&) override { return one_more(); }
    bool binary(json::binary_t&) override { return false; }
    bool start_object(std::size_t) override { return deeper(); }
    bool key(std::string&) override { return one_more(); }
    bool end_object() override { return higher(); }
    bool start_array(std::size_t) override { return deeper(); }
    bool end_array() override { return higher(); }
    bool parse_error(std::size_t, const std::string&, const json::exception&) override {
        return false;
    }

    /// Whether it was a bound that ended the parsing, not the syntax.
    bool passed() const noexcept { return passed_; }

  private:
    static constexpr std::size_t values_beside = 50, values_of_detail = 30, deepest = 20;

    bool one_more() {
        passed_ = passed_ || ++values_ > most_;
        return !passed_;
    }
    bool deeper() {
        passed_ = passed_ || ++depth_ > deepest;
        return one_more();
    }
    bool higher() {
        --depth_;
        return true;
    }

    const std::size_t most_;
    std::size_t values_ = 0, depth_ = 0;
    bool passed_ = false;
};

const json& member(const json& object, const char* name) {
    static const json nothing;
    if (!object.is_object()) return nothing;
    const auto found = object.find(name);
    return found == object.end() ? nothing : *found;
}

std::int64_t count_in(const json& value) {
    // Far above any day's sessions, and sums of many stay within 64 bits.
    constexpr std::uint64_t most = 1'000'000'000'000;
    if (value.is_number_unsigned()) {
        return static_cast<std::int64_t>(std::min<std::uint64_t>(value.get<std::uint64_t>(), most));
    }
    return 0;  // negative, a fraction, or no number at all
}

class Reader {
  public:
    explicit Reader(const ReportBounds& bounds) : bounds_(bounds) {}

    outpost::Result<ReceivedReport> read(const json& root) {
        if (!root.is_object()) return Err{"the report is no JSON object"};
        const json& period = member(root, "date-range");
        const auto begin = parse_date_time(text_in(period, "start-datetime"));
        const auto end = parse_date_time(text_in(period, "end-datetime"));
        if (!begin || !end || *end < *begin) return Err{"the report has no valid date-range"};
        const json& policies = member(root, "policies");
        if (!policies.is_array()) return Err{"the report has no list of policies"};
        if (policies.size() > bounds_.policies) return Err{"the report has too many policies"};
        Report& report = received_.report;
        report.organization_name = text_in(root, "organization-name");
        report.contact_info = text_in(root, "contact-info");
        report.report_id = text_in(root, "report-id");
        report.begin = *begin;
        report.end = *end;
        for (const json& policy : policies)
            if (!add_policy(policy)) return Err{"the report has too many failure-details"};
        return std::move(received_);
    }

  private:
    std::string safe(const json& value) const {
        if (!value.is_string()) return {};
        const auto& said = value.get_ref<const std::string&>();
        return safe_text(said, Charset::utf8, bounds_.text_octets);
    }

    std::string text_in(const json& object, const char* name) const {
        return safe(member(object, name));
    }

    /// A list of texts, or the only one of it.
    std::vector<std::string> texts_in(const json& object, const char* name) const {
        const json& value = member(object, name);
        if (value.is_string()) return {safe(value)};
        std::vector<std::string> all;
        if (!value.is_array()) return all;
        for (const json& one : value) {
            if (all.size() == bounds_.strings) break;
            if (one.is_string()) all.push_back(safe(one));
        }
        return all;
    }

    Policy policy_in(const json& value) const {
        Policy policy;
        policy.type =
            parse_policy_type(text_in(value, "policy-type")).value_or(PolicyType::no_policy_found);
        policy.strings = texts_in(value, "policy-string");
        policy.domain = text_in(value, "policy-domain");
        policy.mx_hosts = texts_in(value, "mx-host");
        return policy;
    }

    FailureDetail detail_in(const json& value) const {
        FailureDetail detail;
        for (const auto& [name, content] : detail_members)
            detail.*content = text_in(value, name);
        detail.sessions = count_in(member(value, "failed-session-count"));
        return detail;
    }

    /// False when there are too many details.
    bool add_policy(const json& value) {
        Result result;
        result.policy = policy_in(member(value, "policy"));
        const json& summary = member(value, "summary");
        result.successes = count_in(member(summary, "total-successful-session-count"));
        result.failures = count_in(member(summary, "total-failure-session-count"));
        const json& details = member(value, "failure-details");
        if (details.is_array()) {
            details_ += details.size();
            if (details_ > bounds_.details) return false;
            for (const json& detail : details)
                add_detail(result, detail);
        }
        received_.report.policies.push_back(std::move(result));
        return true;
    }

    void add_detail(Result& result, const json& value) {
        FailureDetail detail = detail_in(value);
        std::string type = text_in(value, "result-type");
        if (const auto known = parse_result_type(type)) {
            detail.type = *known;
            result.details.push_back(std::move(detail));
            return;
        }
        received_.unknown.push_back(
            {received_.report.policies.size(), std::move(type), std::move(detail)}
        );
    }

    const ReportBounds& bounds_;
    ReceivedReport received_;
    std::size_t details_ = 0;
};

}  // namespace

std::string write_json(const Report& report) {
    ordered_json out;
    out["organization-name"] = report.organization_name;
    out["date-range"]["start-datetime"] = date_time(report.begin);
    out["date-range"]["end-datetime"] = date_time(report.end);
    out["contact-info"] = report.contact_info;
    out["report-id"] = report.report_id;
    ordered_json& policies = out["policies"] = ordered_json::array();
    for (const Result& result : report.policies)
        policies.push_back(to_json(result));
    // Greetings and reason codes come from strangers and may be no UTF-8.
    return out.dump(2, ' ', false, ordered_json::error_handler_t::replace) + '\n';
}

outpost::Result<ReceivedReport> parse_report(std::string_view text, const ReportBounds& bounds) {
    constexpr bool to_the_end = false;
    if (text.size() > bounds.octets) return Err{"the report is too large"};
    Census census(bounds);
    if (!json::sax_parse(text, &census, json::input_format_t::json, to_the_end)) {
        return Err{census.passed() ? "the report has too many values" : "the report is no JSON"};
    }
    // Only a stream can be read without its end being looked at.
    std::istringstream stream{std::string(text)};
    json root;
    stream >> root;
    return Reader(bounds).read(root);
}

}  // namespace outpost::tlsrpt
