// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "core/foundation/config/choice.hpp"
#include "core/foundation/config/restart.hpp"
#include "core/foundation/config/schema.hpp"
#include "tests/unit/foundation/config/reading.hpp"

using namespace outpost;
using namespace outpost::config;
using namespace std::chrono_literals;

namespace {

enum class Colour { red, green };
struct Proxy {
    std::string host;
    std::uint16_t port = 1080;
    Secret password;
};
struct Direct {
    bool ipv6 = true;
};
struct Root {
    std::string name;
    bool on = false;
    std::uint64_t budget = 64 << 20;
    std::chrono::seconds wait{300};
    double factor = 2;
    Colour colour = Colour::red;
    std::vector<std::string> tags;
    std::map<std::string, Proxy> proxies;
    std::vector<std::variant<Direct, Proxy>> ways;
    std::optional<int> attempts;
    Range range;
    std::filesystem::path file;
    std::map<std::string, std::string> options;
};

Type<Proxy> proxy() {
    return Spec<Proxy>("proxy", "A proxy.")
        .required("host", &Proxy::host, words(), "Its name.")
        .key("port", &Proxy::port, integer<std::uint16_t>(1, 65535), "Its port.")
        .key("password", &Proxy::password, secret(), "What it wants to hear.")
        .type();
}

Type<Root> root() {
    const auto ways = Choice<std::variant<Direct, Proxy>>("way", "A way out.")
                          .alternative(
                              "direct", Spec<Direct>("direct", "Directly.")
                                            .key("ipv6", &Direct::ipv6, boolean(), "May use IPv6.")
                                            .type()
                          )
                          .alternative("proxy", proxy())
                          .type();
    return Spec<Root>("root", "All of it.")
        .required("name", &Root::name, words(), "A name.")
        .key("on", &Root::on, boolean(), "Whether.")
        .key("budget", &Root::budget, size<std::uint64_t>(1024), "How much.")
        .key("wait", &Root::wait, duration<std::chrono::seconds>(1s, 24h), "How long.")
        .key("factor", &Root::factor, number(1, 10), "Growth.")
        .key(
            "colour", &Root::colour,
            one_of<Colour>({{"red", Colour::red, "like wine"}, {"green", Colour::green, ""}}),
            "The colour."
        )
        .key("tags", &Root::tags, list_of(words()), "Tags.")
        .key("proxies", &Root::proxies, map_of(proxy()), "Proxies by name.")
        .key("ways", &Root::ways, list_of(ways, ListForm::strict), "Ways.")
        .key("attempts", &Root::attempts, maybe(integer(0, 100)), "Attempts.")
        .key("range", &Root::range, range(RangeOf::sizes), "A range.")
        .key("file", &Root::file, path(PathRule::readable_file), "A file.")
        .key("options", &Root::options, free_options(), "Whatever.")
        .type();
}

}  // namespace

TEST_CASE("every kind of value is read") {
    const auto reading = read_as(root(), R"(
name: gate
on: true
budget: 10MiB
wait: 1h30m
factor: 1.5
colour: green
tags: one
proxies:
  a.b-c: {host: p, port: 99, password: hunter2}
ways:
  - type: direct
    ipv6: false
  - {type: proxy, host: q}
attempts: 3
range: 1KiB..2MB
file: cert.pem
options: {x: 1, y: true, z: text}
)");
    CHECK(reading.said() == "");
    const Root& value = reading.value;
    CHECK(value.on);
    CHECK(value.budget == 10 << 20);
    CHECK(value.wait == 90min);
    CHECK(value.factor == 1.5);
    CHECK(value.colour == Colour::green);
    CHECK(value.tags == std::vector<std::string>{"one"});
    CHECK(value.proxies.at("a.b-c").port == 99);
    CHECK(value.proxies.at("a.b-c").password.reveal() == "hunter2");
    REQUIRE(value.ways.size() == 2);
    CHECK(!std::get<Direct>(value.ways[0]).ipv6);
    CHECK(std::get<Proxy>(value.ways[1]).port == 1080);
    CHECK(value.attempts == 3);
    CHECK(value.range == Range{1024, 2'000'000});
    CHECK(value.file == "/etc/outpost/cert.pem");
    CHECK(value.options.at("y") == "true");
}

TEST_CASE("each mistake is named with its place, and what was meant") {
    const std::pair<const char*, const char*> cases[] = {
        {"nmae: x\n",
         "t.yaml:1:1: error: required key 'name' is missing\n"
         "t.yaml:1:1: error: unknown key 'nmae' (did you mean 'name'?)\n"},
        {"name: 5\n",
         "t.yaml:1:7: error: name: expected text, found the number 5 (put it in quotes to make it "
         "text)\n"},
        {"name: true\n",
         "t.yaml:1:7: error: name: expected text, found the truth value true (put it in quotes to "
         "make it text)\n"},
        {"name:\n", "t.yaml:1:1: error: name: expected text, found nothing\n"},
        {"name: []\n", "t.yaml:1:7: error: name: expected text, found a list\n"},
        {"name: \"a\\nb\"\n",
         "t.yaml:1:7: error: name: must not contain control characters or line ends\n"},
        {"name: x\non: yes\n",
         "t.yaml:2:5: error: on: expected true or false, found the text 'yes' (write true)\n"},
        {"name: x\nbudget: 10 MiB\n",
         "t.yaml:2:9: error: budget: the text '10 MiB' is not a size "
         "(write octets, or a number with KiB, MiB, GiB, KB, MB or GB)\n"},
        {"name: x\nbudget: 1\n", "t.yaml:2:9: error: budget: 1 is not between 1KiB and 1048576GiB\n"
        },
        {"name: x\nwait: 5 minutes\n",
         "t.yaml:2:7: error: wait: the text '5 minutes' is not a duration "
         "(write seconds, or numbers with ms, s, m, h, d or w: 90s, 1h30m)\n"},
        {"name: x\nwait: 1500ms\n", "t.yaml:2:7: error: wait: expected whole seconds\n"},
        {"name: x\nwait: 2d\n", "t.yaml:2:7: error: wait: 2d is not between 1s and 1d\n"},
        {"name: x\nwait: 0\n", "t.yaml:2:7: error: wait: 0 is not between 1s and 1d\n"},
        {"name: x\nfactor: ten\n",
         "t.yaml:2:9: error: factor: expected a number, found the text 'ten'\n"},
        {"name: x\nfactor: 11\n", "t.yaml:2:9: error: factor: 11 is not between 1 and 10\n"},
        {"name: x\ncolour: gren\n",
         "t.yaml:2:9: error: colour: the text 'gren' is none of the words known here "
         "(did you mean 'green'?)\n"},
        {"name: x\ncolour: blue\n",
         "t.yaml:2:9: error: colour: the text 'blue' is none of the words known here "
         "(known: red, green)\n"},
        {"name: x\nproxies: {a: {host: h, port: 70000}}\n",
         "t.yaml:2:30: error: proxies.a.port: 70000 is not between 1 and 65535\n"},
        {"name: x\nproxies: {a: {host: h, port: '25'}}\n",
         "t.yaml:2:30: error: proxies.a.port: expected a whole number, found the text '25' (remove "
         "the quotes)\n"},
        {"name: x\nproxies: {a b: {host: h}}\n",
         "t.yaml:2:11: error: proxies.a b: a name here consists of letters, digits and . _ - + @\n"
        },
        {"name: x\nproxies:\n  relay:\n    hots: y\n",
         "t.yaml:4:5: error: proxies.relay: required key 'host' is missing\n"
         "t.yaml:4:5: error: proxies.relay: unknown key 'hots' (did you mean 'host'?)\n"},
        {"name: x\nproxies: [a]\n",
         "t.yaml:2:10: error: proxies: expected a mapping of names to values, found a list\n"},
        {"name: x\nways: {type: direct}\n",
         "t.yaml:2:7: error: ways: expected a list, found a mapping\n"},
        {"name: x\nways: [{type: dircet}]\n",
         "t.yaml:2:15: error: ways[1].type: unknown type 'dircet' (did you mean 'direct'?)\n"},
        {"name: x\nways: [{ipv6: true}]\n",
         "t.yaml:2:8: error: ways[1]: required key 'type' is missing (known: direct, proxy)\n"},
        {"name: x\nways: [{type: direct, host: a}]\n",
         "t.yaml:2:23: error: ways[1]: unknown key 'host' (known: ipv6)\n"},
        {"name: x\nattempts: -1\n", "t.yaml:2:11: error: attempts: -1 is not between 0 and 100\n"},
        {"name: x\nattempts: 99999999999999999999\n",
         "t.yaml:2:11: error: attempts: 99999999999999999999 is not between 0 and 100\n"},
        {"name: x\nrange: 3..2\n",
         "t.yaml:2:8: error: range: the text '3..2' is not a range (the lower bound is above the "
         "upper one)\n"},
        {"name: x\noptions: {a: [1]}\n",
         "t.yaml:2:14: error: options.a: expected text, a number or a truth value, found a list\n"},
        {"- a\n", "t.yaml:1:1: error: expected a mapping of keys to values, found a list\n"},
        {"", "t.yaml: error: required key 'name' is missing\n"},
    };
    for (const auto& [text, said] : cases)
        CHECK(read_as(root(), text).said() == said);
}

TEST_CASE("all mistakes of a file are told at once, with line and caret") {
    const auto reading = read_as(root(), "name: x\nwait: 2y\nproxies:\n\trelay: 1\n");
    CHECK(reading.problems.count(Severity::error) == 1);  // a syntax error hides the rest
    const auto more = read_as(
        root(), "name: x\nwait: 2y\nproxies:\n  relay:\n    hots: mail.example.org\n    host: a\n"
    );
    CHECK(
        more.problems.text() ==
        "t.yaml:2:7: error: wait: the text '2y' is not a duration "
        "(write seconds, or numbers with ms, s, m, h, d or w: 90s, 1h30m)\n"
        "  2 | wait: 2y\n"
        "    |       ^\n"
        "t.yaml:5:5: error: proxies.relay: unknown key 'hots' (did you mean 'host'?)\n"
        "  5 |     hots: ...\n"
        "    |     ^\n"
    );
}

TEST_CASE("the caret stands below the place, whatever the line holds") {
    const auto reading = read_as(root(), "{name: 'gr\xc3\xbc\xc3\x9f',\t on: 3}\n");
    CHECK(
        reading.problems.text() ==
        "t.yaml:1:21: error: on: expected true or false, found the number 3\n"
        "  1 | {name: 'gr\xc3\xbc\xc3\x9f',\t on: 3}\n"
        "    |               \t     ^\n"
    );
}

TEST_CASE("secrets come from text, files and variables, and are never told") {
    Environment machine = Environment::assumed("/etc/outpost");
    machine.read_file = [](const std::filesystem::path& path) -> Result<std::string> {
        if (path == "/etc/outpost/good") return std::string("hunter2\n");
        if (path == "/run/two") return std::string("hunter2\nhunter3\n");
        if (path == "/run/empty") return std::string("\n");
        return Err{std::string("No such file or directory")};
    };
    machine.variable = [](const std::string& name) -> std::optional<std::string> {
        return name == "GOOD" ? std::optional<std::string>("hunter2") : std::nullopt;
    };
    for (const char* good : {"hunter2", "{file: good}", "{env: GOOD}", "'hunter2'"}) {
        const auto reading =
            read_as(proxy(), std::string("host: h\npassword: ") + good + "\n", machine);
        CHECK(reading.said() == "");
        CHECK(reading.value.password.reveal() == "hunter2");
    }
    const std::pair<const char*, const char*> cases[] = {
        {"password: [hunter2]",
         "t.yaml:2:11: error: password: expected a secret: text, {file: PATH} or {env: NAME}\n"},
        {"password: {hunter2: hunter2}",
         "t.yaml:2:11: error: password: expected a secret: text, {file: PATH} or {env: NAME}\n"},
        {"password: 1234567", "t.yaml:2:11: error: password: a secret of this form needs quotes\n"},
        {"password:", "t.yaml:2:1: error: password: must not be empty\n"},
        {"password: {file: nowhere}",
         "t.yaml:2:18: error: password: cannot read /etc/outpost/nowhere (No such file or "
         "directory)\n"},
        {"password: {file: /run/two}",
         "t.yaml:2:18: error: password: /run/two holds more than one line\n"},
        {"password: {file: /run/empty}", "t.yaml:2:18: error: password: /run/empty is empty\n"},
        {"password: {env: BAD}",
         "t.yaml:2:17: error: password: environment variable 'BAD' is not set\n"},
        {"{pasword: hunter2, port: x}", ""},
        {"port: x  # password: hunter2", ""},
        {"passwort: hunter2", ""},
        {"password: |\n  hunter2\n  hunter3", ""},
    };
    for (const auto& [line, said] : cases) {
        std::string text = std::string("host: h\n") + line + "\n";
        if (*line == '{') text = std::string("{host: h, ") + (line + 1) + "\n";
        const auto reading = read_as(proxy(), text, machine);
        if (*said) CHECK(reading.said() == said);
        CHECK(reading.problems.has_errors());
        CHECK(reading.problems.text().find("hunter") == std::string::npos);
        CHECK(reading.problems.text().find("1234567") == std::string::npos);
    }
    // Not even a syntax error quotes it.
    CHECK(
        read_as(proxy(), "host: h\npassword: hunter2: x\n").problems.text().find("hunter2") ==
        std::string::npos
    );
}

TEST_CASE("the schema says what the reader does") {
    const Json document = schema_document(root(), "test");
    CHECK(document["$ref"] == "#/$defs/root");
    CHECK(document["$defs"]["root"]["required"].dump() == R"(["name"])");
    CHECK(document["$defs"]["root"]["properties"]["wait"]["default"] == "5m");
    CHECK(document["$defs"]["root"]["properties"]["budget"]["default"] == "64MiB");
    CHECK(
        document["$defs"]["root"]["properties"]["colour"]["description"] ==
        "The colour. `red`: like wine"
    );
    CHECK(document["$defs"]["proxy"]["properties"]["type"]["const"] == "proxy");
    CHECK(document["$defs"]["proxy"]["properties"]["port"]["maximum"] == 65535);
    CHECK(!document["$defs"]["root"]["additionalProperties"].get<bool>());
}

TEST_CASE("the reference page has a table for each object") {
    const std::string page = reference_page(root(), "# Keys\n\n");
    CHECK(page.find("| `wait` | duration | `5m` | How long. |") != std::string::npos);
    CHECK(page.find("| `name` | text | **required** | A name. |") != std::string::npos);
    CHECK(page.find("| `tags` | text; one or a list |  | Tags. |") != std::string::npos);
    CHECK(
        page.find("| `proxies` | names to [proxy](#proxy) |  | Proxies by name. |") !=
        std::string::npos
    );
    CHECK(
        page.find("## way\n\nA way out.\n\nOne of: [direct](#direct), [proxy](#proxy).") !=
        std::string::npos
    );
}

TEST_CASE("values in effect are shown as YAML that reads back, secrets hidden") {
    const auto first = read_as(
        root(),
        "name: 'yes: no'\nproxies: {a: {host: p, password: hunter2}}\nways: [{type: "
        "direct}]\nrange: 3..\n"
    );
    REQUIRE(first.said() == "");
    const std::string shown = to_yaml(root(), first.value);
    CHECK(shown.find("hunter2") == std::string::npos);
    CHECK(shown.find("password: \"(hidden)\"") != std::string::npos);
    const auto second = read_as(root(), shown);
    CHECK(second.said() == "");
    CHECK(second.value.name == "yes: no");
    CHECK(to_yaml(root(), second.value) == shown);
}

namespace {

struct Cache {
    int entries = 1, age = 1;
};
struct Service {
    std::string name;
    Cache cache;
    std::optional<Proxy> proxy;
    std::optional<Cache> second;
    std::map<std::string, Cache> caches;
    std::variant<Cache, Direct> way;
    std::vector<std::string> files;
    std::map<std::string, int> limits;
};

Type<Cache> cache() {
    return Spec<Cache>("cache", "A cache.")
        .key("entries", &Cache::entries, integer(0, 9), "How many.")
        .restart()
        .key("age", &Cache::age, integer(0, 9), "How old.")
        .type();
}

Type<Service> service() {
    const auto way = Choice<std::variant<Cache, Direct>>("way", "A way.")
                         .alternative("cached", cache())
                         .alternative(
                             "direct", Spec<Direct>("direct", "Directly.")
                                           .key("ipv6", &Direct::ipv6, boolean(), "May use IPv6.")
                                           .type()
                         )
                         .type();
    return Spec<Service>("service", "All of it.")
        .key("name", &Service::name, words(), "A name.")
        .key("cache", &Service::cache, cache(), "A cache.")
        .key("proxy", &Service::proxy, maybe(proxy()), "A proxy.")
        .key("second", &Service::second, maybe(cache()), "Another cache.")
        .key("caches", &Service::caches, map_of(cache()), "Caches by name.")
        .key("way", &Service::way, way, "A way.")
        .key("files", &Service::files, list_of(words()), "Files.")
        .restart()
        .key("limits", &Service::limits, map_of(integer(0, 9)), "Limits by name.")
        .restart()
        .type();
}

}  // namespace

TEST_CASE("of what differs, the marked keys are named") {
    const std::pair<std::function<void(Service&)>, std::vector<std::string>> cases[] = {
        {[](Service&) {}, {}},
        {[](Service& s) { s.name = "x"; }, {}},
        {[](Service& s) { s.cache.age = 2; }, {}},
        {[](Service& s) { s.cache = {2, 2}; }, {"cache.entries"}},
        {[](Service& s) { s.proxy.emplace(); }, {}},
        {[](Service& s) { s.second.emplace(); }, {"second"}},
        {[](Service& s) { s.caches["a"].entries = 2; }, {"caches.a.entries"}},
        {[](Service& s) { s.caches["new"].entries = 2; }, {}},
        {[](Service& s) { s.way = Cache{2, 1}; }, {"way.entries"}},
        {[](Service& s) { s.way = Cache{1, 2}; }, {}},
        {[](Service& s) { s.way = Direct{}; }, {}},
        {[](Service& s) { s.files = {"a", "c"}; }, {"files"}},
        {[](Service& s) { s.files = {"a"}; }, {"files"}},
        {[](Service& s) { s.limits = {{"b", 1}, {"c", 1}}; }, {"limits.a", "limits.c"}},
        {[](Service& s) { s.limits["a"] = 2; }, {"limits.a"}},
    };
    Service old;
    old.caches["a"];
    old.files = {"a", "b"};
    old.limits = {{"a", 1}, {"b", 1}};
    for (const auto& [change, keys] : cases) {
        Service next = old;
        change(next);
        CHECK(needs_restart(service(), old, next) == keys);
        CHECK(needs_restart(service(), next, next).empty());
    }
}

TEST_CASE("all keys are listed, with their marks, and the schema tells of these") {
    std::string listed;
    for (const KeyInfo& key : all_keys(service()))
        listed += key.path + (key.restart ? "! " : " ");
    CHECK(
        listed ==
        "name cache.entries! cache.age proxy.host proxy.port proxy.password second.entries! "
        "second.age caches.NAME.entries! caches.NAME.age way[cached].entries! way[cached].age "
        "way[direct].ipv6 files! limits.NAME! "
    );
    const Json document = schema_document(service(), "test");
    const Json& keys = document["$defs"]["service"]["properties"];
    CHECK(keys["files"]["description"] == "Files. Takes effect after a restart.");
    CHECK(keys["name"]["description"] == "A name.");
}

TEST_CASE("a key is a part of its struct, and a marked one can be compared") {
    static Direct elsewhere;
    CHECK_THROWS_AS(
        Spec<Proxy>("proxy", "")
            .key(
                "ipv6", [](Proxy&) -> bool& { return elsewhere.ipv6; }, boolean(), ""
            ),
        std::logic_error
    );
    const auto opaque = custom<Direct>(
        Schema::parse("{}"), [](Reader&, const Node&, Direct&) {}, [](const Direct&) { return ""; }
    );
    struct Holder {
        Direct direct;
    };
    const auto type =
        Spec<Holder>("holder", "").key("direct", &Holder::direct, opaque, "").restart().type();
    CHECK_THROWS_AS(needs_restart(type, Holder{}, Holder{}), std::logic_error);
}
