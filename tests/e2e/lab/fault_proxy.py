# SPDX-License-Identifier: Apache-2.0
"""A proxy between Outpost and PostgreSQL that delays, stalls, cuts and refuses connections."""
import random
import socket
import struct
import threading
import time

_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close with RST


def _reset(connection):
    try:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    connection.close()


class _Line:
    """One connection through the proxy: two directions, each with a thread that reads and one that,
    a delay later, writes."""

    def __init__(self, proxy, client, server):
        self.proxy, self.client, self.server = proxy, client, server
        self.doomed = False  # cut at the server's next answer
        for source, target, up in ((client, server, True), (server, client, False)):
            threading.Thread(target=self._pump, args=(source, target, up), daemon=True).start()

    def cut(self):
        _reset(self.client)
        _reset(self.server)
        self.proxy.forget(self)

    def _pump(self, source, target, up):
        pending, ready = [], threading.Condition()
        threading.Thread(target=self._write, args=(target, pending, ready), daemon=True).start()
        try:
            while data := source.recv(65536):
                self.proxy.running.wait()
                if not up and self.doomed or up and self._meets_its_word(data):
                    break
                with ready:
                    pending.append((time.monotonic() + self.proxy.delay, data))
                    ready.notify()
        except OSError:
            pass
        with ready:
            pending.append((time.monotonic(), None))
            ready.notify()

    def _meets_its_word(self, data):
        """True when the connection is to be cut before this goes to the server."""
        when = self.proxy.cut_at(data)
        self.doomed = self.doomed or when == "answer"
        return when == "before"

    def _write(self, target, pending, ready):
        try:
            while True:
                with ready:
                    while not pending:
                        ready.wait()
                    due, data = pending.pop(0)
                if data is None:
                    break
                time.sleep(max(0, due - time.monotonic()))
                self.proxy.running.wait()
                target.sendall(data)
        except OSError:
            pass
        self.cut()


class FaultProxy:
    """Listens on a loopback port; `target` is the directory of PostgreSQL's unix socket."""

    def __init__(self, target, port, address="127.0.0.1"):
        self._target = f"{target}/.s.PGSQL.5432"
        self._address = (address, port)
        self.conninfo = f"host={address} port={port} user=outpost dbname=outpost"
        self.delay = 0                    # seconds, each way
        self.running = threading.Event()  # not set: stalled, nothing goes either way
        self.running.set()
        self.cuts = 0                     # connections cut at a word so far
        self._word = self._dice = None
        self._before = self._answer = 0
        self._lines = set()
        self._lock = threading.Lock()
        self.accept()

    def accept(self):
        """Takes connections (again)."""
        self._socket = socket.create_server(self._address, backlog=100)
        threading.Thread(target=self._serve, args=(self._socket,), daemon=True).start()

    def refuse(self):
        """Takes no connections any more, and cuts those that there are."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self.cut()

    def cut(self):
        """Cuts all connections, with RST."""
        for line in list(self._lines):
            line.cut()

    def stall(self):
        """From now on takes everything and passes nothing on, like a frozen machine."""
        self.running.clear()

    def resume(self):
        self.running.set()

    def cut_at_word(self, word, before, answer, seed):
        """From now on cuts a connection that sends `word`, with these probabilities: before the server
        sees it, or when the server has done it and answers."""
        self._dice = random.Random(seed)
        self._word, self._before, self._answer = word.encode(), before, answer

    def cut_no_more(self):
        self._word = None

    def cut_at(self, data):
        with self._lock:
            if self._word is None or self._word not in data:
                return None
            throw = self._dice.random()
            if throw >= self._before + self._answer:
                return None
            self.cuts += 1
            return "before" if throw < self._before else "answer"

    def forget(self, line):
        self._lines.discard(line)

    def _serve(self, listening):
        while True:
            try:
                client, _ = listening.accept()
            except OSError:
                return
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._target)
            except OSError:
                _reset(client)
                continue
            self._lines.add(_Line(self, client, server))
