// SPDX-License-Identifier: Apache-2.0
#include "core/foundation/metrics/registry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string_view>

namespace outpost::metrics {
namespace {

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/// [a-zA-Z_][a-zA-Z0-9_]*; colons are reserved for recording rules.
void check_identifier(const std::string& name) {
    const bool good = !name.empty() && is_letter(name.front()) &&
                      std::all_of(name.begin(), name.end(), [](char c) {
                          return is_letter(c) || (c >= '0' && c <= '9');
                      });
    if (!good) throw std::logic_error("not a name for a metric or a label: \"" + name + "\"");
}

/// `quote` too in label values, which stand between quotes.
std::string escaped(std::string_view text, bool quote) {
    std::string out;
    for (const char c : text) {
        if (c == '\\')
            out += "\\\\";
        else if (c == '\n')
            out += "\\n";
        else if (c == '"' && quote)
            out += "\\\"";
        else
            out += c;
    }
    return out;
}

std::string labels_text(const Labels& labels) {
    if (labels.empty()) return "";
    std::string out = "{";
    for (const auto& [name, value] : labels) {
        check_identifier(name);
        if (out.size() > 1) out += ',';
        out += name + "=\"" + escaped(value, true) + '"';
    }
    return out + '}';
}

std::string number_text(double value) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
    return fmt::format("{}", value);
}

}  // namespace

Registry::Sample& Registry::sample(
    const std::string& name, Kind kind, const std::string& help, const Labels& labels
) {
    const auto [found, fresh] = families_.try_emplace(name);
    Family& family = found->second;
    if (fresh) {
        check_identifier(name);
        family.kind = kind;
        family.help = help;
    }
    if (family.kind != kind || family.help != help)
        throw std::logic_error("the metric " + name + " has two meanings");
    return family.samples[labels_text(labels)];
}

Counter& Registry::counter(const std::string& name, const std::string& help, const Labels& labels) {
    const std::lock_guard lock(mutex_);
    Sample& mine = sample(name, Kind::counter, help, labels);
    if (!mine.counter) mine.counter = std::make_unique<Counter>();
    return *mine.counter;
}

void Registry::gauge(
    const std::string& name, const std::string& help, const Labels& labels,
    std::function<double()> read
) {
    const std::lock_guard lock(mutex_);
    sample(name, Kind::gauge, help, labels).read = std::move(read);
}

void Registry::observed_counter(
    const std::string& name, const std::string& help, const Labels& labels,
    std::function<double()> read
) {
    const std::lock_guard lock(mutex_);
    sample(name, Kind::counter, help, labels).read = std::move(read);
}

void Registry::print(const std::string& name, const Family& family, std::string& out) {
    out += "# HELP " + name + ' ' + escaped(family.help, false) + '\n';
    out += "# TYPE " + name + (family.kind == Kind::counter ? " counter\n" : " gauge\n");
    for (const auto& [labels, sample] : family.samples) {
        const std::string value =
            sample.counter ? std::to_string(sample.counter->value()) : number_text(sample.read());
        out += name + labels + ' ' + value + '\n';
    }
}

std::string Registry::text() const {
    const std::lock_guard lock(mutex_);
    std::string out;
    for (const auto& [name, family] : families_)
        print(name, family, out);
    return out;
}

}  // namespace outpost::metrics
