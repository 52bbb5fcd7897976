# SPDX-License-Identifier: Apache-2.0
"""MTA-STS policies are shared by nodes: one fetch for all, and what one learns all know."""
import unittest

from lab.certificates import Authority
from lab.dns import Nsd
from lab.outpost import PROGRAM, Outpost
from lab.policy_host import PolicyHosts, Site, policy
from lab.postgres import Postgres
from lab.processes import run, wait_until
from lab.receivers import Postfix

POLICY_HOST, EMPTY_HOST = "127.0.6.1", "127.0.6.2"

ZONE = f"""
mx.postfix A 127.0.2.1
sts MX 10 mx.postfix
_mta-sts.sts TXT "v=STSv1; id=1"
mta-sts.sts A {POLICY_HOST}
absent MX 10 mx.postfix
_mta-sts.absent TXT "v=STSv1; id=1"
mta-sts.absent A {EMPTY_HOST}
"""


class SharedPolicies(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.ca = Authority()
        Nsd(ZONE)
        cls.postfix = Postfix("127.0.2.1", ["sts.test", "absent.test"], *cls.ca.issue("mx.postfix.test"))
        cls.hosts = PolicyHosts([
            Site("sts.test", POLICY_HOST, cls.ca.issue("mta-sts.sts.test"), policy("enforce", "mx.postfix.test")),
            Site("absent.test", EMPTY_HOST, cls.ca.issue("mta-sts.absent.test"), policy("testing", "mx.postfix.test"), answer=404)])
        cls.postgres = Postgres()
        cls.nodes = [cls.node("node1", 2525), cls.node("node2", 2526)]

    @classmethod
    def node(cls, name, port):
        return Outpost(cls.postgres, f"""
tls: {{ca_files: [{cls.ca.certificate}]}}
mta_sts: {{allow_networks: [127.0.0.0/8]}}
retry: {{first: 1h}}
""", name=name, relay_port=port).start()

    def policies(self, domain):
        return self.postgres.rows(f"select * from outpost.mta_sts_policies where domain = '{domain}'")

    def test_a_policy_is_fetched_once_and_a_refresh_reaches_every_node(self):
        first, second = self.nodes
        messages = [node.send(f"user{n}@sts.test") for n in range(10) for node in self.nodes]
        for message in messages:
            first.wait_state(message, "delivered")
        self.assertEqual(self.hosts.fetches("sts.test"), [200])
        row = self.policies("sts.test")[0]
        self.assertEqual((row["mode"], row["record_id"], row["in_force"]), ("enforce", "1", True))
        self.assertIn("sts.test  enforce  until ", self.command(first, "list").stdout)

        # The id stays: only a refresh, which one of the nodes does, brings it.
        self.hosts.serve("sts.test", policy("enforce", "elsewhere.test"))
        shown = self.command(second, "refresh", "sts.test")
        self.assertEqual(shown.returncode, 0, shown)
        self.assertIn("mx: elsewhere.test", shown.stdout)
        self.assertEqual(self.hosts.fetches("sts.test"), [200, 200])
        for node in self.nodes:
            def refused():
                message = node.send("late@sts.test")
                wait_until(lambda: node.attempts(message), "an attempt")
                return "MTA-STS" in str(node.attempts(message))
            wait_until(refused, f"{node.name} holds to the new policy")
        self.assertEqual(self.hosts.fetches("sts.test"), [200, 200])

    def test_a_failure_is_shared_too_and_stops_no_mail(self):
        for node in self.nodes:
            message = node.send("user@absent.test")
            node.wait_state(message, "delivered")
        self.assertEqual(self.hosts.fetches("absent.test"), [404])
        row = self.policies("absent.test")[0]
        self.assertEqual((row["mode"], row["failure"]), (None, "no-policy-served"))

    @staticmethod
    def command(node, *arguments):
        return run([PROGRAM, "mta-sts", arguments[0], "--config", node.config, *arguments[1:]])


if __name__ == "__main__":
    unittest.main()
