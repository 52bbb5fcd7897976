# SPDX-License-Identifier: Apache-2.0
"""A network that loses and refuses packets: rules of nftables in the sandbox's own network namespace."""
from lab.processes import run


class Network:
    def __init__(self):
        self._nft("add table inet faults; add chain inet faults input { type filter hook input priority 0; }")

    def lose(self, address, percent):
        """Of the packets to and from this address so many are lost."""
        for direction in ("daddr", "saddr"):
            self._nft(f"add rule inet faults input ip {direction} {address} numgen random mod 100 < {percent} drop")

    def cut(self, address):
        """Nothing comes through to or from this address, and nobody is told."""
        for direction in ("daddr", "saddr"):
            self._nft(f"add rule inet faults input ip {direction} {address} drop")

    def refuse(self, address):
        """Connections to this address are refused and those that there are reset."""
        self._nft(f"add rule inet faults input ip daddr {address} meta l4proto tcp reject with tcp reset")

    def heal(self):
        self._nft("flush chain inet faults input")

    @staticmethod
    def _nft(rules):
        run(["nft", rules])
