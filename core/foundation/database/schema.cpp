// SPDX-License-Identifier: Apache-2.0
#include "core/foundation/database/schema.hpp"

#include <algorithm>
#include <charconv>
#include <functional>
#include <map>
#include <sstream>
#include <stdexcept>

#include <fmt/format.h>

#include "core/foundation/base/crypto.hpp"
#include "core/foundation/base/encoding.hpp"

namespace outpost::db {

namespace {

std::string checksum(const std::string& sql) {
    return hex_encode(crypto::digest(crypto::Hash::sha256, sql));
}

/// "steps/0100_queue.sql": 100 and "queue".
SchemaStep step_of(const SchemaFile& file, std::string_view stem) {
    stem.remove_prefix(std::string_view("steps/").size());
    SchemaStep step{0, {}, file.contents, checksum(file.contents)};
    const auto [end, error] = std::from_chars(stem.data(), stem.data() + stem.size(), step.version);
    if (error != std::errc{} || *end != '_')
        throw std::invalid_argument(fmt::format("{} is not called NNNN_name.sql", file.path));
    step.name = stem.substr(static_cast<std::size_t>(end - stem.data()) + 1);
    return step;
}

std::vector<std::string> needs_of(const std::string& sql) {
    constexpr std::string_view mark = "-- needs: ";
    std::vector<std::string> needs;
    if (!sql.starts_with(mark)) return needs;
    std::istringstream line(sql.substr(mark.size(), sql.find('\n') - mark.size()));
    for (std::string name; line >> name;) {
        if (name.ends_with(',')) name.pop_back();
        needs.push_back(std::move(name));
    }
    return needs;
}

/// Comments, one line "replaced by 100 to 108", and for each step a line "version name checksum".
void read_squashed(const SchemaFile& file, Schema& schema) {
    std::istringstream lines(file.contents);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string word;
        if (line.starts_with('#')) continue;
        if (line.starts_with("replaced by ")) {
            int first = 0;
            int last = 0;
            words >> word >> word >> first >> word >> last;
            for (int version = first; version <= last; ++version)
                schema.replacing.push_back(version);
            continue;
        }
        SchemaStep step;
        if (words >> step.version >> step.name >> step.checksum)
            schema.squashed.push_back(std::move(step));
    }
}

/// "functions/outpost/hold" is called outpost.hold under "needs".
std::string sql_name(const std::string& name) {
    std::string called = name.substr(name.find('/') + 1);
    std::ranges::replace(called, '/', '.');
    return called;
}

/// Functions, then views, then triggers, each by name; but what another needs comes before it.
class InOrder {
  public:
    explicit InOrder(std::vector<SchemaObject> objects) : waiting_(std::move(objects)) {
        constexpr auto kind = [](const SchemaObject& object) { return object.name.front(); };
        std::ranges::sort(waiting_, [&](const auto& a, const auto& b) {
            // f(unctions), v(iews), t(riggers)
            const auto rank = [&](const auto& o) { return std::string_view("fvt").find(kind(o)); };
            return std::pair(rank(a), a.name) < std::pair(rank(b), b.name);
        });
        for (std::size_t i = 0; i < waiting_.size(); ++i)
            by_sql_name_.emplace(sql_name(waiting_[i].name), i);
        state_.resize(waiting_.size());
        for (std::size_t i = 0; i < waiting_.size(); ++i)
            take(i);
    }
    std::vector<SchemaObject> take_all() { return std::move(ordered_); }

  private:
    enum class State : std::uint8_t { waiting, begun, taken };

    void take(std::size_t index) {
        if (state_[index] == State::taken) return;
        if (state_[index] == State::begun)
            throw std::invalid_argument(waiting_[index].name + " needs itself, through others");
        state_[index] = State::begun;
        SchemaObject& object = waiting_[index];
        for (std::string& need : object.needs) {
            const auto found = by_sql_name_.find(need);
            if (found == by_sql_name_.end())
                throw std::invalid_argument(
                    object.name + " needs " + need + ", which is no object"
                );
            take(found->second);
            need = names_.at(found->second);
        }
        names_.emplace(index, object.name);
        ordered_.push_back(std::move(object));
        state_[index] = State::taken;
    }

    std::vector<SchemaObject> waiting_;
    std::vector<State> state_;
    std::map<std::string, std::size_t> by_sql_name_;
    std::map<std::size_t, std::string> names_;
    std::vector<SchemaObject> ordered_;
};

}  // namespace

Schema read_schema(const std::vector<SchemaFile>& files) {
    Schema schema;
    std::vector<SchemaObject> objects;
    for (const SchemaFile& file : files) {
        const std::string stem = file.path.substr(0, file.path.rfind(".sql"));
        if (file.path.starts_with("steps/")) {
            schema.steps.push_back(step_of(file, stem));
        } else if (file.path.starts_with("released/")) {
            read_squashed(file, schema);
        } else if (file.path == "roles.sql") {
            schema.roles.push_back({stem, file.contents, checksum(file.contents), {}});
        } else if (file.path.starts_with("functions/") || file.path.starts_with("views/") ||
                   file.path.starts_with("triggers/")) {
            objects.push_back(
                {stem, file.contents, checksum(file.contents), needs_of(file.contents)}
            );
        } else {
            throw std::invalid_argument(file.path + " is of no known kind");
        }
    }
    std::ranges::sort(schema.steps, {}, &SchemaStep::version);
    schema.objects = InOrder(std::move(objects)).take_all();
    return schema;
}

const Schema& embedded_schema() {
    static const Schema all = read_schema(embedded_files());
    return all;
}

}  // namespace outpost::db
