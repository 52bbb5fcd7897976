# SPDX-License-Identifier: Apache-2.0
"""The results as a picture: bars for Outpost, each with what it is compared with beside it."""
from html import escape

_WIDTH, _LABEL, _BAR, _ROW, _GAP = 860, 250, 430, 22, 16
_COLOURS = {"outpost": "#2f6f9f", "postgres": "#8fbcd8", "peer": "#b9b4a7"}


class _Picture:
    def __init__(self):
        self._parts, self.y = [], 0

    def text(self, x, text, size=13, weight="normal", anchor="start", dy=0):
        self._parts.append(f'<text x="{x}" y="{self.y + dy}" font-size="{size}" font-weight="{weight}" text-anchor="{anchor}">{escape(text)}</text>')

    def bar(self, x, width, colour):
        self._parts.append(f'<rect x="{x:.1f}" y="{self.y}" width="{max(width, 1):.1f}" height="{_ROW - 5}" fill="{_COLOURS[colour]}"/>')

    def svg(self):
        return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{self.y + 10}" viewBox="0 0 {_WIDTH} {self.y + 10}" '
                f'font-family="sans-serif" fill="#222"><rect width="100%" height="100%" fill="#fff"/>' + "".join(self._parts) + "</svg>\n")


def _chart(picture, title, bars):
    """`bars`: (label, [(value, colour), …], words); all to one scale."""
    bars = [bar for bar in bars if bar]
    if not bars:
        return
    picture.y += _GAP + 14
    picture.text(16, title, 14, "bold")
    picture.y += 8
    largest = max(sum(value for value, _ in pieces) for _, pieces, _ in bars)
    for label, pieces, words in bars:
        picture.text(_LABEL - 8, label, 12, anchor="end", dy=13)
        x = _LABEL
        for value, colour in pieces:
            width = value / largest * _BAR
            picture.bar(x, width, colour)
            x += width
        picture.text(x + 6, words, 12, dy=13)
        picture.y += _ROW


def _rate(results, case, server, label):
    row = results.best(case, server)
    colour = "peer" if server in ("postfix", "client") else "outpost"
    return row and (label, [(row["per_second"], colour)], f"{row['per_second']:,.0f}/s")


def _cpu(results, case, server, label):
    row = results.best(case, server)
    if not row:
        return None
    database = row["cpu_ms"].get("postgres", 0)
    pieces = [(row["cpu_ms"].get("server", 0), "peer" if server == "postfix" else "outpost")] if "server" in row["cpu_ms"] else []
    pieces += [(database, "postgres")] if database else []
    words = f"{row['cpu_ms_total']:.2f} ms" + (f", PostgreSQL {database:.2f}" if database and len(pieces) > 1 else "")
    return label, pieces, words


def _memory(results, case, server, label):
    row = results.best(case, server)
    return row and (label, [(row["peak_mb_total"], "peer" if server == "postfix" else "outpost")], f"{row['peak_mb_total']:,.0f} MB")


def draw(results, path):
    picture = _Picture()
    picture.y = 26
    picture.text(16, "Outpost and its peers, side by side", 17, "bold")
    machine = results.machine
    for line in (f"{results.date}. {machine['cores']} cores ({machine['cpu']}), {machine['memory_gib']} GiB, Linux {machine['kernel']}; "
                 f"PostgreSQL {machine['postgres']}, Postfix {machine['postfix']}.",
                 "Messages of 10 KiB; fsync and synchronous_commit on; servers, database, generator and sink share the machine."):
        picture.y += 18
        picture.text(16, line, 11)
    picture.y += 6
    _chart(picture, "Messages a second, end to end", [
        _rate(results, "relay", "outpost", "Outpost to one relay"), _rate(results, "relay", "postfix", "Postfix to one relay"),
        _rate(results, "mx", "outpost", "Outpost to 1,000 domains"), _rate(results, "mx", "postfix", "Postfix to 1,000 domains"),
        _rate(results, "rows", "client", "bare client, the same rows"), _rate(results, "life", "client", "bare client, simplest queue")])
    _chart(picture, "CPU time a message (light blue: PostgreSQL)", [
        _cpu(results, "relay", "outpost", "Outpost to one relay"), _cpu(results, "relay", "postfix", "Postfix to one relay"),
        _cpu(results, "mx", "outpost", "Outpost to 1,000 domains"), _cpu(results, "mx", "postfix", "Postfix to 1,000 domains"),
        _cpu(results, "rows", "client", "bare client, the same rows"), _cpu(results, "life", "client", "bare client, simplest queue")])
    _chart(picture, "10,000 domains whose servers take 2 s a reply: messages a second", [
        _rate(results, "slow", "outpost", "Outpost"), _rate(results, "slow", "postfix", "Postfix, 1,000 processes")])
    _chart(picture, "… and peak memory (proportional set size)", [
        _memory(results, "slow", "outpost", "Outpost with PostgreSQL"), _memory(results, "slow", "postfix", "Postfix, 1,000 processes")])
    _chart(picture, "Nodes on one database: messages a second", [
        _rate(results, "nodes", "outpost x1", "one, machine is the limit"), _rate(results, "nodes", "outpost x2", "two, machine is the limit"),
        _rate(results, "bounded", "outpost x1", "one, 50 slow sessions each"), _rate(results, "bounded", "outpost x2", "two, 50 slow sessions each")])
    path.write_text(picture.svg())
