# SPDX-License-Identifier: Apache-2.0
"""The ratios that count, each with the run it is compared with beside it."""
from measure.cases import REPLIES_BEFORE_CONTENT


def _ratio(text, value, wanted, at_least):
    reached = value >= wanted if at_least else value <= wanted
    return f"{text:64} {value:6.2f}   wanted: {'at least' if at_least else 'at most'} {wanted:<5} {'reached' if reached else 'NOT reached'}"


def ratios(results):
    """Lines of text; only what has been measured."""
    lines = []
    relay, relay_peer = results.best("relay", "outpost"), results.best("relay", "postfix")
    mx, mx_peer = results.best("mx", "outpost"), results.best("mx", "postfix")
    rows, life = _cheapest(results, "rows"), results.best("life", "client")
    slow, slow_peer = results.best("slow", "outpost"), results.best("slow", "postfix")
    if relay and relay_peer:
        lines.append(_ratio("relay: rate against Postfix", relay["per_second"] / relay_peer["per_second"], 5, True))
    if relay:
        lines.append(_ratio("relay: CPU a message with PostgreSQL, ms", relay["cpu_ms_total"], 0.35, False))
    if relay and relay_peer:
        lines.append(f"{'relay: CPU a message against Postfix':64} {relay['cpu_ms_total'] / relay_peer['cpu_ms_total']:6.2f}")
    if mx and mx_peer:
        lines.append(f"{'1,000 domains: rate against Postfix':64} {mx['per_second'] / mx_peer['per_second']:6.2f}")
        lines.append(f"{'1,000 domains: CPU a message against Postfix':64} {mx['cpu_ms_total'] / mx_peer['cpu_ms_total']:6.2f}")
    if relay and rows:
        share = relay["cpu_ms"]["postgres"] / rows["cpu_ms"]["postgres"]
        lines.append(_ratio("PostgreSQL's CPU a message against a bare client's same rows", share, 1.3, False))
    if relay and life:
        lines.append(_ratio("relay: rate against whole lives in the simplest of queues", relay["per_second"] / life["per_second"], 0.5, True))
    if slow:
        limit = REPLIES_BEFORE_CONTENT * slow["delay_ms"] / 1000 + slow["accept_seconds"]
        lines.append(_ratio("slow receivers: time to drain against the latency limit", slow["seconds"] / limit, 1.2, False))
    if slow and slow_peer:
        lines.append(f"{'slow receivers: rate against Postfix':64} {slow['per_second'] / slow_peer['per_second']:6.2f}")
        lines.append(f"{'slow receivers: memory against Postfix':64} {slow['peak_mb_total'] / slow_peer['peak_mb_total']:6.2f}")
    unsigned = results.best("signed", "unsigned")
    for keys in ("ed25519", "rsa", "rsa+ed25519"):
        signed = results.best("signed", keys)
        if unsigned and signed:
            more = signed["cpu_ms_total"] - unsigned["cpu_ms_total"]
            lines.append(f"{'DKIM, ' + keys + ': CPU that signing costs a message, ms':64} {more:6.2f}")
    for case, text in (("nodes", "two nodes against one, the machine being the limit: rate"),
                       ("bounded", "two nodes against one, their sessions being the limit: rate")):
        one, two = results.best(case, "outpost x1"), results.best(case, "outpost x2")
        if one and two:
            lines.append(f"{text:64} {two['per_second'] / one['per_second']:6.2f}")
    return lines


def _cheapest(results, case):
    return min((row for row in results.rows if row["case"] == case), key=lambda row: row["cpu_ms"]["postgres"], default=None)


_NAMES = {"outpost": "Outpost", "postfix": "Postfix", "outpost x1": "Outpost, one node", "outpost x2": "Outpost, two nodes",
          "unsigned": "Outpost, not signing", "ed25519": "Outpost, ed25519-sha256", "rsa": "Outpost, rsa-sha256 (2048 bits)",
          "rsa+ed25519": "Outpost, both"}
_CASES = {"relay": "to one relay", "mx": "to 1,000 domains by MX", "slow": "to 10,000 domains, 2 s a reply",
          "signed": "to one relay", "nodes": "to one relay", "bounded": "50 sessions a node, 50 ms a reply"}


def _server_part(row):
    return f" (server {row['peak_mb']['server']:,.0f})" if "postgres" in row["peak_mb"] else ""


def markdown(results):
    """The table of deploy/manual/measurements.md."""
    machine = results.machine
    lines = [f"{results.date}; {machine['cores']} cores ({machine['cpu']}), {machine['memory_gib']} GiB, Linux {machine['kernel']}, "
             f"{machine['disk']}, PostgreSQL {machine['postgres']}, Postfix {machine['postfix']}:", "",
             "| | end to end | accepted, p50 / p99 | CPU a message | memory |", "|---|--:|--:|--:|--:|"]
    for case, what in _CASES.items():
        for server, name in _NAMES.items():
            row = results.best(case, server)
            if row:
                database = row["cpu_ms"].get("postgres")
                of_which = f" (PostgreSQL {database:.2f})" if database else ""
                lines.append(f"| {name} {what} | {row['per_second']:,.0f}/s | {row['accept_p50_ms']:.0f} / {row['accept_p99_ms']:.0f} ms | "
                             f"{row['cpu_ms_total']:.2f} ms{of_which} | {row['peak_mb_total']:,.0f} MB{_server_part(row)} |")
    rows, life = _cheapest(results, "rows"), results.best("life", "client")
    if rows:
        lines.append(f"| the same rows by a bare client, {rows['settings']} | {rows['per_second']:,.0f}/s | | {rows['cpu_ms_total']:.2f} ms (PostgreSQL) | |")
    if life:
        lines.append(f"| whole lives in the simplest of queues, {life['settings']} | {life['per_second']:,.0f}/s | | {life['cpu_ms_total']:.2f} ms (PostgreSQL) | |")
    return "\n".join([*lines, "", "```", *ratios(results), "```"])
