#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads a message from standard input and prints how Python's email package understands it, one
fact a line: header fields, the types of the parts, and the fields of the delivery-status part."""
import email
import email.policy
import sys


def fields(group):
    return [f"{name}: {' '.join(str(value).split())}" for name, value in group.items()]


def main():
    message = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.compat32)
    for line in fields(message):
        print("header", line)
    print("defects", len(message.defects))
    for number, part in enumerate(message.get_payload(), 1):
        print("part", number, part.get_content_type())
        if part.get_content_type() == "message/delivery-status":
            for index, group in enumerate(part.get_payload()):
                for line in fields(group):
                    print("group", index, line)
    print("end")


if __name__ == "__main__":
    main()
