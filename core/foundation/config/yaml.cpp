// SPDX-License-Identifier: Apache-2.0
// The only file that knows yaml-cpp. Its events are used rather than its tree: they give the place
// of keys as well as of values, and let us bound depth and aliases while the tree grows.
#include "core/foundation/config/yaml.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <optional>
#include <sstream>

#include "core/foundation/base/encoding.hpp"

namespace outpost::config {
namespace {

/// Ends the parse: the problem has been noted.
struct Stop {};

std::size_t count_nodes(const Node& node) {
    std::size_t count = 1;
    for (const Node::Entry& entry : node.entries)
        count += count_nodes(entry.value);
    return count;
}

std::size_t height(const Node& node) {
    std::size_t highest = 0;
    for (const Node::Entry& entry : node.entries)
        highest = std::max(highest, height(entry.value));
    return highest + 1;
}

/// Builds the tree from the parser's events.
class TreeBuilder : public YAML::EventHandler {
  public:
    TreeBuilder(const Source& source, Problems& problems, const YamlLimits& limits)
        : source_(source), problems_(problems), limits_(limits) {}

    Node take() { return std::move(root_); }

    void OnDocumentStart(const YAML::Mark&) override {}
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        Node node;
        node.at = position(mark);
        add(std::move(node), anchor);
    }
    void OnScalar(
        const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
        const std::string& value
    ) override {
        Node node;
        node.kind = Node::Kind::scalar;
        node.at = position(mark);
        node.text = value;
        node.quoted = tag == "!" || tag == "tag:yaml.org,2002:str";
        if (!node.quoted) check_tag(tag, node.at);
        add(std::move(node), anchor);
    }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        const auto found = anchors_.find(anchor);
        if (found == anchors_.end())
            stop(position(mark), "an alias inside the value that it stands for");
        if (open_.size() + height(found->second) > limits_.depth) stop_too_deep(position(mark));
        charge(count_nodes(found->second), position(mark));
        add(found->second, 0);
    }
    void OnSequenceStart(
        const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
        YAML::EmitterStyle::value
    ) override {
        open(Node::Kind::list, mark, tag, anchor);
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(
        const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
        YAML::EmitterStyle::value
    ) override {
        open(Node::Kind::map, mark, tag, anchor);
    }
    void OnMapEnd() override { close(); }

    /// Yaml-cpp counts lines and octets from 0; people count lines and characters from 1.
    Position position(const YAML::Mark& mark) const {
        if (mark.is_null()) return {};
        const Position last = source_.end();
        if (mark.line + 1 > last.line) return last;
        const std::string& text = source_.text();
        const auto end = std::min(static_cast<std::size_t>(std::max(mark.pos, 0)), text.size());
        const auto start = end - std::min(end, static_cast<std::size_t>(std::max(mark.column, 0)));
        const auto characters = std::count_if(
            text.begin() + static_cast<std::ptrdiff_t>(start),
            text.begin() + static_cast<std::ptrdiff_t>(end),
            [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }
        );
        return {mark.line + 1, static_cast<int>(characters) + 1};
    }

  private:
    struct Open {
        Node node;
        YAML::anchor_t anchor = 0;
        std::optional<Node::Entry> pending;  ///< a key of a map that waits for its value
        std::map<std::string, int> lines_of_keys;
    };

    [[noreturn]] void stop(Position at, std::string message) {
        problems_.add(source_.problem(Severity::error, at, {}, std::move(message)));
        throw Stop{};
    }
    [[noreturn]] void stop_too_deep(Position at) {
        stop(at, fmt::format("values are nested more than {} deep", limits_.depth));
    }
    void charge(std::size_t nodes, Position at) {
        charged_ += nodes;
        if (charged_ > limits_.nodes) {
            stop(
                at, fmt::format("more than {} values, aliases counted at each use", limits_.nodes)
            );
        }
    }
    void check_tag(const std::string& tag, Position at) {
        if (tag.empty() || tag == "?" || tag == "!") return;
        problems_.add(source_.problem(
            Severity::error, at, {}, fmt::format("tag {} has no meaning here", in_quotes(tag)),
            "text that begins with '!' needs quotes"
        ));
    }

    void open(
        Node::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor
    ) {
        Open opened;
        opened.node.kind = kind;
        opened.node.at = position(mark);
        opened.anchor = anchor;
        check_tag(tag, opened.node.at);
        if (open_.size() >= limits_.depth) stop_too_deep(opened.node.at);
        open_.push_back(std::move(opened));
    }
    void close() {
        Open done = std::move(open_.back());
        open_.pop_back();
        add(std::move(done.node), done.anchor);
    }

    void add(Node node, YAML::anchor_t anchor) {
        charge(1, node.at);
        if (anchor != 0) {
            charge(count_nodes(node), node.at);  // the copy kept for aliases
            anchors_[anchor] = node;
        }
        if (open_.empty()) {
            root_ = std::move(node);
        } else if (open_.back().node.kind == Node::Kind::list) {
            open_.back().node.entries.push_back({{}, node.at, std::move(node)});
        } else if (!open_.back().pending) {
            add_key(open_.back(), node);
        } else {
            add_value(open_.back(), std::move(node));
        }
    }
    void add_key(Open& map, const Node& key) {
        if (key.kind != Node::Kind::scalar)
            stop(key.at, fmt::format("a key must be text, found {}", describe(key)));
        map.pending = Node::Entry{key.text, key.at, {}};
    }
    void add_value(Open& map, Node value) {
        Node::Entry entry = std::move(*map.pending);
        map.pending.reset();
        const auto [known, fresh] = map.lines_of_keys.emplace(entry.key, entry.key_at.line);
        if (!fresh) {
            problems_.add(source_.problem(
                Severity::error, entry.key_at, {},
                fmt::format(
                    "key {} appears twice, first in line {}", in_quotes(entry.key), known->second
                ),
                {}, Quote::up_to_key
            ));
            return;
        }
        // Of a value left out the parser only knows where the next thing stands.
        if (value.kind == Node::Kind::null) value.at = entry.key_at;
        entry.value = std::move(value);
        map.node.entries.push_back(std::move(entry));
    }

    const Source& source_;
    Problems& problems_;
    const YamlLimits& limits_;
    std::vector<Open> open_;
    std::map<YAML::anchor_t, Node> anchors_;
    Node root_;
    std::size_t charged_ = 0;
};

/// What often stands behind the parser's terse words.
std::string hint_for(std::string_view message, bool tabs) {
    if (tabs || message.find("illegal tab") != message.npos) return "indent with blanks, not tabs";
    if (message.find("illegal map value") != message.npos ||
        message.find("illegal map key") != message.npos) {
        return "text with ': ' in it needs quotes, and keys of one mapping the same indentation";
    }
    if (message.find("end of map not found") != message.npos ||
        message.find("end of sequence not found") != message.npos) {
        return "check the indentation of this line and of those above it";
    }
    if (message.find("alias") != message.npos) return "text that begins with '*' needs quotes";
    if (message.find("EOF in scalar") != message.npos) return "a closing quote is missing";
    if (message.find("unknown token") != message.npos)
        return "text that begins with this character needs quotes";
    return {};
}

/// Refuses what is no text at all, before the parser (which would guess at UTF-16) sees it.
bool is_text(const Source& source, const YamlLimits& limits, Problems& problems) {
    const auto refuse = [&](Position at, std::string message) {
        problems.add(source.problem(Severity::error, at, {}, std::move(message), {}, Quote::nothing)
        );
        return false;
    };
    const std::string& text = source.text();
    if (text.size() > limits.octets)
        return refuse({}, fmt::format("the file is larger than {} octets", limits.octets));
    if (!is_utf8(text)) return refuse({}, "the file is not UTF-8 text");
    int line = 1;
    for (const char c : text) {
        if (c == '\n') ++line;
        const bool control =
            static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\r' && c != '\t';
        if (control || c == 0x7f)
            return refuse({line, 1}, fmt::format("control character {:#04x} in this line", c));
    }
    return true;
}

}  // namespace

Node parse_yaml(const Source& source, Problems& problems, const YamlLimits& limits) {
    if (!is_text(source, limits, problems)) return {};
    TreeBuilder builder(source, problems, limits);
    try {
        // The empty comment is for yaml-cpp 0.7, which overlooks a quote that is still open at the
        // end of the file when a line end comes last.
        std::istringstream stream(source.text() + "\n#");
        YAML::Parser parser(stream);
        if (!parser.HandleNextDocument(builder)) return {};
        Node root = builder.take();
        if (parser.HandleNextDocument(builder)) {
            problems.add(source.problem(
                Severity::error, {}, {}, "the file holds more than one YAML document"
            ));
        }
        return root;
    } catch (const Stop&) {
        return builder.take();
    } catch (const YAML::Exception& error) {
        const Position at = builder.position(error.mark);
        problems.add(source.problem(
            Severity::error, at, {}, fmt::format("YAML syntax: {}", error.msg),
            hint_for(error.msg, source.indents_with_tab(at.line))
        ));
        return builder.take();
    }
}

}  // namespace outpost::config
