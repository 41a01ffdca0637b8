#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Write the main program of a unit test: every function `static void test_...(void **state)` of FILE, in order.

Usage: collect_tests.py FILE OUTPUT

A file may define `setup` and `teardown` (both `static int name(void **state)`); they then run around every test.
"""
import re
import sys

source, output = sys.argv[1:]
text = open(source, encoding="utf-8").read()
tests = re.findall(r"^static void (test_\w+)\(void \*\*\w+\)", text, re.M)
if not tests:
    sys.exit(f"{source}: no function `static void test_...(void **state)`")
around = {name: name if re.search(rf"^static int {name}\(void \*\*\w+\)", text, re.M) else "NULL"
          for name in ("setup", "teardown")}
with open(output, "w", encoding="utf-8") as out:
    out.write(f'#include "{source}"\n\nint main(void)\n{{\n    const struct CMUnitTest tests[] = {{\n')
    for name in tests:
        out.write(f"        cmocka_unit_test_setup_teardown({name}, {around['setup']}, {around['teardown']}),\n")
    out.write("    };\n    return cmocka_run_group_tests(tests, NULL, NULL);\n}\n")
