# SPDX-License-Identifier: Apache-2.0
"""A receiving server that misbehaves on purpose: it drops the connection, or says something else, at
a chosen step of the dialogue, a chosen number of times; after that it behaves."""
import socket
import threading
import time

STEPS = ("connect", "greeting", "ehlo", "mail", "rcpt", "data", "body", "dot", "quit")


class Copy:
    """A message whose final dot has been read: when, from whom (their EHLO name), and when 250 was sent."""

    def __init__(self, content, helo):
        self.content, self.helo = content, helo
        self.dot_at, self.replied_at = time.monotonic(), None


class FaultyServer:
    def __init__(self, address, port=25, step=None, reply=None, times=1):
        """At `step`: sends `reply` (a full reply as text, or octets that are none) if given, and closes the
        connection; `times` times.

        Steps: connect (at once), greeting (instead of 220), ehlo, mail, rcpt, data (instead of the
        reply to the command), body (amid the content), dot (message read and kept, then no 250),
        quit (instead of the reply to QUIT).
        """
        assert step is None or step in STEPS
        self.step, self.reply, self.left = step, reply, times
        self.accepted = []  # (sender, recipients, content) for which 250 was sent
        self.stored = []    # the same, for which the dot was read, whatever was answered
        self.copies = []    # a Copy for each of these
        self.sessions = 0
        self.open_time = 0  # seconds between DATA and its 354
        self.think_time = 0  # seconds between the final dot and its reply
        self._lock = threading.Lock()
        self._socket = socket.create_server((address, port), backlog=100)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._socket.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.sessions += 1
            threading.Thread(target=self._session, args=(connection,), daemon=True).start()

    def _fault(self, step, connection):
        """True when the session has to end here."""
        with self._lock:
            if self.step != step or self.left <= 0:
                return False
            self.left -= 1
        if self.reply is not None:
            octets = self.reply if isinstance(self.reply, bytes) else self.reply.encode()
            connection.sendall(octets + b"\r\n")
        connection.close()
        return True

    def _session(self, connection):
        try:
            self._dialogue(connection)
        except OSError:
            pass
        finally:
            connection.close()

    def _dialogue(self, connection):
        if self._fault("connect", connection) or self._fault("greeting", connection):
            return
        reader = connection.makefile("rb")
        say = lambda text: connection.sendall(text.encode() + b"\r\n")
        say("220 faulty.test ESMTP")
        sender, recipients, helo = None, [], ""
        for raw in reader:
            line = raw.decode("utf-8", "replace").rstrip("\r\n")
            verb = line.split(":")[0].upper().split()[0] if line else ""
            step = {"EHLO": "ehlo", "HELO": "ehlo", "MAIL": "mail", "RCPT": "rcpt", "DATA": "data", "QUIT": "quit"}.get(verb)
            if step and self._fault(step, connection):
                return
            if verb in ("EHLO", "HELO"):
                helo = line.split()[-1]
                say("250-faulty.test\r\n250-PIPELINING\r\n250-ENHANCEDSTATUSCODES\r\n250 8BITMIME")
            elif verb == "MAIL":
                sender, recipients = line, []
                say("250 2.1.0 ok")
            elif verb == "RCPT":
                recipients.append(line)
                say("250 2.1.5 ok")
            elif verb == "DATA":
                time.sleep(self.open_time)
                say("354 go")
                content = []
                for part in reader:
                    if part == b".\r\n":
                        break
                    content.append(part)
                    if self._fault("body", connection):
                        return
                else:
                    return
                message = (sender, tuple(recipients), b"".join(content))
                copy = Copy(message[2], helo)
                self.stored.append(message)
                self.copies.append(copy)
                if self._fault("dot", connection):
                    return
                time.sleep(self.think_time)
                self.accepted.append(message)
                say("250 2.0.0 kept")
                copy.replied_at = time.monotonic()
            elif verb == "QUIT":
                say("221 2.0.0 bye")
                return
            elif verb in ("RSET", "NOOP"):
                say("250 2.0.0 ok")
            else:
                say("500 5.5.2 what?")
