# SPDX-License-Identifier: Apache-2.0
"""The server under test."""
import json
import os
import signal
import smtplib
import ssl
from pathlib import Path

from lab.processes import SCRATCH, Process, run, wait_port, wait_until

PROGRAM = Path(os.environ.get("OUTPOST_PROGRAM", "build/bin/outpost")).resolve()


class Outpost:
    """One `outpost serve` on a given database. Its relay listener takes mail from loopback without
    authentication on 127.0.0.1:relay_port."""

    def __init__(self, postgres, config="", name="node1", relay_port=2525, env=None, database=""):
        """`database`: more lines of that section of the configuration."""
        self.postgres, self.name, self.relay_port, self._env = postgres, name, relay_port, env
        self._database = database
        self.config = SCRATCH / f"{name}.yaml"
        self.write_config(config)
        self.process = None
        self._starts = 0

    def write_config(self, config):
        """`config` is YAML for the sections that a test cares about; the rest is the same for all."""
        text = config.replace("@PORT@", str(self.relay_port))
        if "listeners:" not in text:
            text = f"""
listeners:
  relay:
    address: 127.0.0.1
    port: {self.relay_port}
    submission: false
    tls: none
    auth: none
    allowed_networks: [127.0.0.0/8]
""" + text
        if "dns:" not in text:
            text += "\ndns:\n  servers: [127.0.0.1]\n  timeout: 1s\n"
        if "hostname:" not in text:
            text = "hostname: mta.origin.test\n" + text
        self.config.write_text(text + f"""
node: {self.name}
database:
  connection: "{self.postgres.conninfo}"
{self._database}""")

    def start(self):
        self._starts += 1
        self.process = Process(f"{self.name}-{self._starts}", [PROGRAM, "serve", "--config", self.config], env=self._env)
        wait_port("127.0.0.1", self.relay_port, self.process)
        return self

    def reload(self, config):
        self.write_config(config)
        self.process.signal(signal.SIGHUP)

    def command(self, *arguments, **options):
        """Runs another outpost command with this server's configuration."""
        return run([PROGRAM, *arguments], env={"OUTPOST_CONFIG": str(self.config)}, **options)

    # -- handing in mail

    def client(self):
        return smtplib.SMTP("127.0.0.1", self.relay_port, local_hostname="client.test", timeout=30)

    def send(self, recipients, subject="test", sender="sender@origin.test", body="Hello.\r\n", headers="", options=(), rcpt_options=(), tls=None):
        """Sends over SMTP, with a context `tls` under TLS; returns the message id of the 250 reply."""
        if isinstance(recipients, str):
            recipients = [recipients]
        with self.client() as client:
            if tls:
                client.starttls(context=tls)
            client.ehlo()
            code, text = client.mail(sender, list(options))
            assert code == 250, (code, text)
            for recipient in recipients:
                code, text = client.rcpt(recipient, list(rcpt_options))
                assert code == 250, (code, text)
            content = f"From: {sender}\r\nTo: {', '.join(recipients)}\r\nSubject: {subject}\r\n{headers}\r\n{body}"
            code, text = client.data(content.encode())
            assert code == 250, (code, text)
            return int(text.decode().split(" as ")[1].split()[0])

    # -- asking the queue

    def recipients(self, message):
        return self.postgres.rows(f"select * from outpost.recipients where message_id = {message} order by number")

    def attempts(self, message):
        return self.postgres.rows(f"select * from outpost.attempts where message_id = {message} order by number, attempt")

    def wait_state(self, message, state, timeout=30):
        """Waits until every recipient of the message is in that state."""
        def reached():
            rows = self.recipients(message)
            return rows and all(row["state"] == state for row in rows) and rows
        try:
            return wait_until(reached, f"message {message} is {state}", timeout)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{json.dumps(self.recipients(message), indent=1)}\n"
                                 f"{json.dumps(self.attempts(message), indent=1)}\n{self.process.output()[-4000:]}")
