# SPDX-License-Identifier: Apache-2.0
"""Messages that crash a plugin: they end on hold with a clear reason after three tries, whatever is
delivered beside them arrives, and no node dies of them."""
import os
import unittest
from collections import Counter
from pathlib import Path

from lab.dns import Nsd
from lab.faulty import FaultyServer
from lab.outpost import PROGRAM, Outpost
from lab.postgres import Postgres
from lab.processes import SCRATCH, wait_until

PLUGIN = os.environ.get("OUTPOST_EVIL_PLUGIN", str(PROGRAM.parent.parent / "bad_plugins" / "evil.so"))
NOTES = SCRATCH / "evil.notes"
CONFIG = f"""
retry: {{first: 1s, factor: 1, longest: 1s, jitter: 0, uncertain: 1s}}
plugins: [{PLUGIN}]
plugin_processes: {{answer_time: 2s}}
routes:
  - {{name: evil, to: evil.test, transport: evil}}
  - {{name: careful, to: careful.test, transport: evil, uncertain: hold}}
transports:
  evil:
    type: plugin
    transport: evil
    options: {{log: "{NOTES}"}}
"""
POISON = ["segfault@evil.test", "exit@evil.test", "dot@evil.test"]


def setUpModule():
    Nsd("good MX 10 mx.good\nmx.good A 127.0.3.1\n")


def plugin_processes():
    """Process ids of plugins, by the node that started them."""
    found = {}
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0") if entry.name.isdigit() else []
            if b"plugin-host" in words:
                found[int(entry.name)] = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            pass  # it has just ended
    return found


def notes():
    """What the plugin delivered: (message id, address) -> how often."""
    lines = NOTES.read_text().splitlines() if NOTES.exists() else []
    return Counter(tuple(line.split()) for line in lines)


class Poison(unittest.TestCase):
    def setUp(self):
        NOTES.unlink(missing_ok=True)

    def send_all(self, nodes, recipients):
        """Sends a message to each over a few sessions; address -> message id."""
        ids = {}
        for turn, node in enumerate(nodes):
            with node.client() as client:
                for address in recipients[turn::len(nodes)]:
                    client.ehlo_or_helo_if_needed()
                    client.mail("sender@origin.test")
                    client.rcpt(address)
                    code, text = client.data(f"Subject: {address}\r\n\r\nHello.\r\n".encode())
                    self.assertEqual(code, 250)
                    ids[address] = text.decode().split(" as ")[1].split()[0]
        return ids

    def test_poison_among_good_mail(self):
        postgres, sink = Postgres(), FaultyServer("127.0.3.1")
        nodes = [Outpost(postgres, CONFIG, name="first", relay_port=2525).start(),
                 Outpost(postgres, CONFIG, name="second", relay_port=2526).start()]
        started = [node.process.pid for node in nodes]

        good = [("slow" if i % 4 == 0 else "good") + f"{i}@evil.test" for i in range(200)]
        direct = [f"d{i}@good.test" for i in range(50)]
        mixed = good + direct
        for place, poison in zip((20, 90, 160), POISON):
            mixed.insert(place, poison)
        ids = self.send_all(nodes, mixed)

        def settled():
            return postgres.sql("select count(*) from outpost.queue where state <> 'held'") == "0"
        wait_until(settled, "all but the poison is delivered", timeout=120, interval=0.3)

        held = postgres.rows("select * from outpost.queue")
        self.assertEqual({row["address"] for row in held}, set(POISON))
        for row in held:
            self.assertRegex(row["hold_reason"], r"^poison: three attempts in a row ended in a crash, this last: "
                                                 r"the plugin 'evil' crashed \((signal 11|exit status 3)")
            attempts = postgres.rows(f"select * from outpost.attempts where message_id = {row['message_id']}")
            self.assertEqual([a["error_kind"] for a in attempts], ["crash"] * 3, attempts)
        dot = next(row for row in held if row["address"] == POISON[2])
        self.assertTrue(dot["uncertain"])

        # Nobody died but processes of the plugin, and nothing was lost.
        self.assertEqual([node.process.pid for node in nodes], started)
        self.assertTrue(all(node.process.alive() for node in nodes))
        self.assertEqual(postgres.sql("select count(*) from outpost.attempts where outcome = 'interrupted'"), "0")
        delivered = notes()
        for address in good:
            self.assertIn((ids[address], address), delivered)
        for (message, address), count in delivered.items():
            unknown = postgres.sql(f"select count(*) from outpost.attempts where message_id = {message} and "
                                   "stage = 'final_dot' and error_kind = 'crash'")
            self.assertLessEqual(count - 1, int(unknown), f"{address}: {count} copies")
        self.assertEqual(len(sink.stored), len(direct))
        self.assertEqual(postgres.sql("select count(*) from outpost.attempts where transport = 'direct' "
                                      "and outcome <> 'delivered'"), "0")
        crashes = sum(node.process.output().count("the process of") for node in nodes)
        struck = postgres.sql("select count(*) from outpost.attempts where error_kind = 'crash'")
        print(f"\nprocesses of the plugin that died: {crashes}, attempts that saw it: {struck}", flush=True)
        self.assertLessEqual(crashes, 9)  # three for each poison message

        # A person lets one go: it is tried three times more.
        postgres.sql(f"select outpost.release({ids[POISON[0]]})")
        wait_until(lambda: postgres.sql("select count(*) from outpost.attempts where "
                                        f"message_id = {ids[POISON[0]]}") == "6", "three more tries")
        wait_until(lambda: postgres.sql("select count(*) from outpost.queue where state = 'held'") == "3",
                   "it is held again")
        for node in nodes:
            self.assertEqual(node.process.stop(), 0)
        self.assertEqual(plugin_processes(), {})

    def test_a_crash_after_the_dot_follows_the_route(self):
        node = Outpost(Postgres(name="pg2"), CONFIG).start()
        self.addCleanup(node.process.kill)
        message = node.send("dot@careful.test")
        row = node.wait_state(message, "held")[0]
        self.assertTrue(row["uncertain"])
        self.assertNotIn("poison", row["hold_reason"])
        self.assertEqual(len(node.attempts(message)), 1)

    def test_the_process_ends_with_its_node_however_that_ends(self):
        node = Outpost(Postgres(name="pg3"), CONFIG).start()
        mine = [pid for pid, parent in plugin_processes().items() if parent == node.process.pid]
        self.assertEqual(len(mine), 1)
        busy = node.send("loop@evil.test")  # keeps a thread of it from hearing anything
        wait_until(lambda: node.recipients(busy)[0]["state"] == "leased", "it is being tried")
        os.kill(node.process.pid, 9)
        wait_until(lambda: not plugin_processes(), "the plugin's process is gone")


if __name__ == "__main__":
    unittest.main(verbosity=2)
