# SPDX-License-Identifier: Apache-2.0
"""Starting, watching and ending the processes of a test."""
import atexit
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

SCRATCH = Path(os.environ.get("OUTPOST_SCRATCH", "/tmp"))
_running = []


class Process:
    """A child in its own process group; its output goes to a log file that failures quote."""

    def __init__(self, name, command, env=None, cwd=None):
        self.name = name
        self.log = SCRATCH / f"{name}.log"
        self._output = open(self.log, "ab")
        self.child = subprocess.Popen(
            [str(part) for part in command], stdout=self._output, stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL, env={**os.environ, **(env or {})}, cwd=cwd, start_new_session=True)
        _running.append(self)

    @property
    def pid(self):
        return self.child.pid

    def alive(self):
        return self.child.poll() is None

    def output(self):
        return self.log.read_text(errors="replace")

    def kill(self):
        """kill -9, as a power cut would; the whole group."""
        try:
            os.killpg(self.child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.child.wait()

    def stop(self, timeout=30):
        """SIGTERM, and the exit code; an error when it does not end in time."""
        if self.alive():
            self.child.send_signal(signal.SIGTERM)
        try:
            return self.child.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.name} did not stop within {timeout} s:\n{self.output()[-3000:]}")

    def signal(self, number):
        self.child.send_signal(number)


@atexit.register
def _end_all():
    for process in reversed(_running):
        if process.alive():
            process.kill()


def wait_until(condition, what, timeout=30, interval=0.05):
    """Waits for condition() to return something true, and returns it."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"after {timeout} s still not: {what}")
        time.sleep(interval)


def port_open(address, port):
    try:
        with socket.create_connection((address, port), timeout=1):
            return True
    except OSError:
        return False


def wait_port(address, port, process=None, timeout=30):
    def ready():
        if process is not None and not process.alive():
            raise AssertionError(f"{process.name} ended early:\n{process.output()[-3000:]}")
        return port_open(address, port)
    wait_until(ready, f"{address}:{port} answers", timeout)


def run(command, check=True, input=None, env=None, timeout=60):
    """Runs to the end; returns the finished process with text output."""
    done = subprocess.run([str(part) for part in command], input=input, text=True, timeout=timeout,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, **(env or {})})
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))} exited {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done
