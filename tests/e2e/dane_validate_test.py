# SPDX-License-Identifier: Apache-2.0
"""All of dane_test.py where no resolver is trusted: Outpost validates what one hands on that does not."""
import unittest

import dane_test


class Validating(dane_test.Dane):
    security = "validate"


if __name__ == "__main__":
    unittest.main(verbosity=2)
