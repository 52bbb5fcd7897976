# SPDX-License-Identifier: Apache-2.0
"""A wall clock for one process that a test sets as it likes (libfaketime); its monotonic clock stays
true, as it does when an administrator or NTP sets the time of a machine."""
import os
from pathlib import Path

from lab.processes import SCRATCH


class Clock:
    def __init__(self, name):
        self._file = SCRATCH / f"{name}.clock"
        self.set(0)
        library = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
        self.env = {"LD_PRELOAD": str(library), "FAKETIME_TIMESTAMP_FILE": str(self._file), "FAKETIME_NO_CACHE": "1",
                    "FAKETIME_DONT_FAKE_MONOTONIC": "1"}

    def set(self, seconds):
        """From now on it differs from the true time by so much."""
        fresh = self._file.with_suffix(".new")
        fresh.write_text(f"{seconds:+d}\n")
        os.replace(fresh, self._file)
