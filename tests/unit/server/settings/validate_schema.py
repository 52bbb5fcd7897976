#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Validates JSON documents with a real JSON Schema validator. Reads from standard input
{"schema": ..., "documents": [{"name": ..., "valid": bool, "document": ...}]}; prints each document that
came out otherwise than expected, and fails if there is one."""
import json
import sys

import jsonschema

case = json.load(sys.stdin)
jsonschema.Draft202012Validator.check_schema(case["schema"])
validator = jsonschema.Draft202012Validator(case["schema"])
wrong = 0
for each in case["documents"]:
    errors = sorted(validator.iter_errors(each["document"]), key=lambda e: list(map(str, e.path)))
    if (not errors) != each["valid"]:
        wrong += 1
        print(f"{each['name']}: expected {'valid' if each['valid'] else 'invalid'}")
        for error in errors[:5]:
            print(f"    {'.'.join(map(str, error.path))}: {error.message[:200]}")
sys.exit(1 if wrong else 0)
