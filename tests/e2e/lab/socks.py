# SPDX-License-Identifier: Apache-2.0
"""A SOCKS5 proxy with a password (microsocks)."""
from lab.processes import Process, wait_port


class Microsocks:
    def __init__(self, address="127.0.2.7", port=1080, user="proxy", password="secret"):
        self.process = Process("microsocks", ["microsocks", "-i", address, "-p", port, "-u", user, "-P", password])
        wait_port(address, port, self.process)

    def connections(self):
        return self.process.output().count("connected to")
