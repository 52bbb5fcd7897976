// SPDX-License-Identifier: Apache-2.0
// Sizes, time spans and ranges: numbers with units.
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

#include "core/foundation/config/scalars.hpp"

namespace outpost::config {
namespace {

using std::chrono::milliseconds;

struct SizeUnit {
    std::string_view name;
    std::uint64_t octets;
};
constexpr std::array size_units = {
    // the binary ones first: they are what values are shown in
    SizeUnit{"GiB", 1ULL << 30},
    SizeUnit{"MiB", 1ULL << 20},
    SizeUnit{"KiB", 1ULL << 10},
    SizeUnit{"GB", 1'000'000'000},
    SizeUnit{"MB", 1'000'000},
    SizeUnit{"KB", 1'000},
    SizeUnit{"B", 1},
};

struct SpanUnit {
    std::string_view name;
    std::int64_t count;  // of milliseconds
};
constexpr std::array span_units = {
    SpanUnit{"w", 7 * 86'400'000LL}, SpanUnit{"d", 86'400'000}, SpanUnit{"h", 3'600'000},
    SpanUnit{"m", 60'000},           SpanUnit{"s", 1'000},      SpanUnit{"ms", 1},
};
constexpr std::int64_t longest_span = 100LL * 365 * 86'400'000;

/// Takes the digits in front of `text`; nullopt when there are none or too many.
std::optional<std::uint64_t> take_number(std::string_view& text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc()) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return value;
}

std::string_view take_letters(std::string_view& text) {
    const auto end = text.find_first_of("0123456789");
    const std::string_view letters = text.substr(0, end);
    text.remove_prefix(letters.size());
    return letters;
}

Err<std::string> no_size() {
    return Err{std::string("write octets, or a number with KiB, MiB, GiB, KB, MB or GB")};
}
Err<std::string> no_span() {
    return Err{std::string("write seconds, or numbers with ms, s, m, h, d or w: 90s, 1h30m")};
}

template <class T>
std::optional<T> read_quantity(
    Reader& reader, const Node& node, std::string_view what, Result<T> (*parse)(std::string_view)
) {
    const bool usable = node.kind == Node::Kind::scalar &&
                        (meaning(node) == Meaning::integer || meaning(node) == Meaning::text);
    if (!usable) {
        reader.expected(what, node);
        return std::nullopt;
    }
    auto got = parse(node.text);
    if (got) return *got;
    detail::not_a(reader, node, what, got.error());
    return std::nullopt;
}

}  // namespace

Result<std::uint64_t> parse_size(std::string_view text) {
    const auto count = take_number(text);
    if (!count) return no_size();
    if (text.empty()) return *count;
    for (const SizeUnit& unit : size_units) {
        if (unit.name != text) continue;
        if (*count > (std::uint64_t{1} << 60) / unit.octets) return no_size();
        return *count * unit.octets;
    }
    return no_size();
}

std::string format_size(std::uint64_t octets) {
    for (const SizeUnit& unit : size_units) {
        if (octets >= unit.octets && octets % unit.octets == 0)
            return fmt::format("{}{}", octets / unit.octets, unit.name);
    }
    return "0B";
}

Result<milliseconds> parse_duration(std::string_view text) {
    std::int64_t total = 0;
    if (text.empty()) return no_span();
    while (!text.empty()) {
        const auto count = take_number(text);
        if (!count) return no_span();
        const std::string_view name = text.empty() && total == 0 ? "s" : take_letters(text);
        const auto unit = std::find_if(
            span_units.begin(), span_units.end(), [&](const SpanUnit& u) { return u.name == name; }
        );
        if (unit == span_units.end()) return no_span();
        if (*count > static_cast<std::uint64_t>(longest_span / unit->count))
            return Err{std::string("that is over a hundred years")};
        total = std::min(longest_span, total + static_cast<std::int64_t>(*count) * unit->count);
    }
    return milliseconds(total);
}

std::string format_duration(milliseconds span) {
    std::int64_t rest = span.count();
    std::string out;
    for (const SpanUnit& unit : span_units) {
        if (unit.name == "w") continue;  // "7d" is clearer
        if (rest < unit.count) continue;
        out += fmt::format("{}{}", rest / unit.count, unit.name);
        rest %= unit.count;
    }
    return out.empty() ? "0s" : out;
}

namespace {

class Octets final : public KindOf<std::uint64_t> {
  public:
    Octets(std::uint64_t least, std::uint64_t most)
        : KindOf(Schema::of(
              {{"title", "size"},
               {"anyOf",
                {{{"type", "integer"}, {"minimum", 0}},
                 {{"type", "string"}, {"pattern", "^[0-9]+([KMG]i?B|B)?$"}}}}}
          )),
          least_(least),
          most_(most) {}

  private:
    void read_value(Reader& reader, const Node& node, std::uint64_t& value) const override {
        const auto got = read_quantity<std::uint64_t>(reader, node, "a size", parse_size);
        if (!got) return;
        if (*got >= least_ && *got <= most_) {
            value = *got;
            return;
        }
        reader.error(
            node.at,
            fmt::format(
                "{} is not between {} and {}", node.text, format_size(least_), format_size(most_)
            )
        );
    }
    void show_value(const std::uint64_t& value, Json& out) const override {
        out = format_size(value);
    }

    std::uint64_t least_, most_;
};

class Span final : public KindOf<milliseconds> {
  public:
    Span(milliseconds least, milliseconds most, milliseconds step)
        : KindOf(Schema::of(
              {{"title", "duration"},
               {"anyOf",
                {{{"type", "integer"}, {"minimum", 0}},
                 {{"type", "string"}, {"pattern", "^([0-9]+(ms|s|m|h|d|w))+$|^[0-9]+$"}}}}}
          )),
          least_(least),
          most_(most),
          step_(step) {}

  private:
    void read_value(Reader& reader, const Node& node, milliseconds& value) const override {
        const auto got = read_quantity<milliseconds>(reader, node, "a duration", parse_duration);
        if (!got) return;
        if (*got < least_ || *got > most_) {
            reader.error(
                node.at, fmt::format(
                             "{} is not between {} and {}", node.text, format_duration(least_),
                             format_duration(most_)
                         )
            );
        } else if (*got % step_ != milliseconds(0)) {
            reader.error(node.at, "expected whole seconds");
        } else {
            value = *got;
        }
    }
    void show_value(const milliseconds& value, Json& out) const override {
        out = format_duration(value);
    }

    milliseconds least_, most_, step_;
};

}  // namespace

namespace detail {

Type<std::uint64_t> octets(std::uint64_t least, std::uint64_t most) {
    return Type<std::uint64_t>(std::make_unique<Octets>(least, most));
}

Type<milliseconds> span(milliseconds least, milliseconds most, milliseconds step) {
    return Type<milliseconds>(std::make_unique<Span>(least, most, step));
}

}  // namespace detail

namespace {

Result<std::uint64_t> parse_count(std::string_view text) {
    std::string_view rest = text;
    const auto count = take_number(rest);
    if (!count || !rest.empty() || *count > 1'000'000)
        return Err{std::string("write 3.., ..5, 2..4 or 3")};
    return *count;
}

Result<Range> parse_range(std::string_view text, RangeOf of) {
    const auto bound = of == RangeOf::counts ? parse_count : parse_size;
    const auto dots = text.find("..");
    const std::string_view low = text.substr(0, dots);
    const std::string_view high = dots == text.npos ? low : text.substr(dots + 2);
    if (low.empty() && high.empty()) return Err{std::string("write 3.., ..5, 2..4 or 3")};
    Range range;
    for (const auto& [side, out] : {std::pair{low, &range.least}, std::pair{high, &range.most}}) {
        if (side.empty()) continue;
        const auto got = bound(side);
        if (!got) return Err{got.error()};
        *out = *got;
    }
    if (range.least && range.most && *range.least > *range.most)
        return Err{std::string("the lower bound is above the upper one")};
    return range;
}

std::string format_range(const Range& range, RangeOf of) {
    if (!range.least && !range.most) return {};
    const auto bound = [&](const std::optional<std::uint64_t>& value) {
        if (!value) return std::string();
        return of == RangeOf::counts ? std::to_string(*value) : format_size(*value);
    };
    if (range.least == range.most) return bound(range.least);
    return bound(range.least) + ".." + bound(range.most);
}

}  // namespace

Type<Range> range(RangeOf of) {
    const std::string bound = of == RangeOf::counts ? "[0-9]+" : "[0-9]+([KMG]i?B|B)?";
    const std::string pattern = fmt::format("^({0}\\.\\.({0})?|\\.\\.{0}|{0})$", bound);
    const Json schema = {
        {"title", of == RangeOf::counts ? "range of numbers" : "range of sizes"},
        {"anyOf",
         {{{"type", "integer"}, {"minimum", 0}}, {{"type", "string"}, {"pattern", pattern}}}}
    };
    return custom<Range>(
        Schema::of(schema),
        [of](Reader& reader, const Node& node, Range& value) {
            const bool usable =
                node.kind == Node::Kind::scalar &&
                (meaning(node) == Meaning::integer || meaning(node) == Meaning::text);
            if (!usable) return reader.expected("a range", node, "write 3.., ..5, 2..4 or 3");
            const auto got = parse_range(node.text, of);
            if (!got) return detail::not_a(reader, node, "a range", got.error());
            value = *got;
        },
        [of](const Range& value) { return format_range(value, of); }
    );
}

}  // namespace outpost::config
