# SPDX-License-Identifier: Apache-2.0
"""A receiving server in the test's own process whose STARTTLS does what the test says, and which remembers
every command and whether it came under TLS."""
import socket
import ssl
import struct
import threading
from dataclasses import dataclass, field


@dataclass
class Session:
    """What one client did."""
    tls: str = ""       # version, once there
    sni: str = ""
    commands: list = field(default_factory=list)  # (under TLS, line)

    def said(self, verb):
        return [(secure, line) for secure, line in self.commands if line.upper().startswith(verb)]


@dataclass
class Mail:
    """A message that was taken."""
    tls: str
    sender: str      # the MAIL line, with its parameters
    recipients: list
    content: bytes


class TlsReceiver:
    def __init__(self, address, pair=None, *, port=25, offers=True, reply="220 2.0.0 go", handshake="well", requiretls="",
                 auth=False, injected=b"", refuses=None):
        """`pair`: (certificate, key) files. `offers`: STARTTLS is announced. `reply`: to STARTTLS; None: 502,
        as of a server that does not know it. `handshake`: "well", or how it goes wrong after 220: "closed",
        "reset", "garbage", "old" (TLS 1.1 at most), "silent". `requiretls`: announced "under TLS", "in clear" or not at
        all. `auth`: PLAIN and LOGIN are announced everywhere. `injected`: sent in clear together with the 220.
        `refuses`: (verb, reply), under TLS alone or in clear alone with "tls:" or "clear:" before the verb."""
        self.offers, self.reply, self.handshake, self.requiretls = offers, reply, handshake, requiretls
        self.auth, self.injected, self.refuses = auth, injected, refuses
        self.sessions, self.mails = [], []
        self._connections = []
        self._context = self._make_context(pair) if pair else None
        self._socket = socket.create_server((address, port), backlog=100)
        threading.Thread(target=self._accept, daemon=True).start()

    def _make_context(self, pair):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if self.handshake == "old":
            context.set_ciphers("ALL:@SECLEVEL=0")
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.load_cert_chain(*pair)
        return context

    def present(self, pair):
        """From now on that is its certificate, and whoever is there must come again."""
        self._context = self._make_context(pair)
        self.hang_up()

    def hang_up(self):
        """Ends the sessions that there are."""
        for connection in self._connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self._connections.clear()

    def subjects(self):
        return sorted(line[9:].decode() for mail in self.mails for line in mail.content.split(b"\r\n") if line.startswith(b"Subject: "))

    def _accept(self):
        while True:
            connection, _ = self._socket.accept()
            self._connections.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        session = Session()
        self.sessions.append(session)
        connection.settimeout(120)
        try:
            connection.sendall(b"220 scripted.test ESMTP\r\n")
            secured = self._dialogue(connection, session)
            if secured:
                self._dialogue(secured, session)
                secured.close()
        except OSError:
            pass
        finally:
            connection.close()

    def _dialogue(self, connection, session):
        """Until QUIT, an end, or STARTTLS: then the secured connection."""
        lines = connection.makefile("rb")
        say = lambda text: connection.sendall(text.encode() + b"\r\n")
        sender, recipients = "", []
        for raw in lines:
            line = raw.decode("latin-1").rstrip("\r\n")
            session.commands.append((bool(session.tls), line))
            verb = line.split(":")[0].split(" ")[0].upper()
            if refusal := self._refusal(verb, session):
                say(refusal)
            elif verb in ("EHLO", "HELO"):
                say("\r\n".join(f"250{'-'} {word}".replace("- ", "-") for word in self._words(session)) + "\r\n250 8BITMIME")
            elif verb == "STARTTLS":
                if secured := self._start_tls(connection, session):
                    return secured
                if (self.reply or "502").startswith("220"):
                    return None
            elif verb == "MAIL":
                sender, recipients = line, []
                say("250 2.1.0 ok")
            elif verb == "RCPT":
                recipients.append(line)
                say("250 2.1.5 ok")
            elif verb == "DATA":
                say("354 go")
                content = []
                while (part := lines.readline()) not in (b".\r\n", b""):
                    content.append(part)
                self.mails.append(Mail(session.tls, sender, recipients, b"".join(content)))
                say("250 2.0.0 kept")
            elif verb == "QUIT":
                say("221 2.0.0 bye")
                return None
            else:
                say("250 2.0.0 ok" if verb in ("RSET", "NOOP") else "500 5.5.2 what?")
        return None

    def _refusal(self, verb, session):
        if not self.refuses:
            return None
        return self.refuses[1] if self.refuses[0] in (verb, f"{'tls' if session.tls else 'clear'}:{verb}") else None

    def _words(self, session):
        words = ["scripted.test", "PIPELINING", "ENHANCEDSTATUSCODES"]
        if self.offers and not session.tls:
            words.append("STARTTLS")
        if self.requiretls == ("under TLS" if session.tls else "in clear"):
            words.append("REQUIRETLS")
        if self.auth:
            words.append("AUTH PLAIN LOGIN")
        return words

    def _start_tls(self, connection, session):
        reply = self.reply or "502 5.5.1 what?"
        connection.sendall(reply.encode() + b"\r\n" + self.injected)
        if not reply.startswith("220"):
            return None
        if self.handshake in ("closed", "reset"):
            connection.recv(4096)  # what is not read makes the end a reset
            if self.handshake == "reset":
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.close()
            return None
        if self.handshake == "garbage":
            connection.sendall(b"I do not speak TLS, whatever I said.\r\n")
            connection.recv(4096)
            return None
        if self.handshake == "silent":
            while connection.recv(4096):
                pass
            return None
        context = self._context
        context.sni_callback = lambda _, name, __: setattr(session, "sni", name or "")
        secured = context.wrap_socket(connection, server_side=True)
        self._connections.append(secured)
        session.tls = secured.version()
        return secured
