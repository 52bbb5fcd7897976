# SPDX-License-Identifier: Apache-2.0
"""Building blocks of the end-to-end tests: real mail servers on private loopback addresses."""
