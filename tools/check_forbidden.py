#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Check that no C file calls a function for which this project has a better one."""
import re
import sys

from sources import c_files, parse_root, without_comments_and_strings

NO_LIMIT = "has no limit: use snprintf, memcpy with a known size, or acr_buffer"
NO_ERROR = "cannot tell an error: use acr_str_parse_u64 or strtol with its checks"
NOT_THREAD_SAFE = "keeps its result in static memory: use the variant that ends in _r"
NO_SEED = "is one state for the whole process: use base/random.h"
RUNS_A_SHELL = "runs a shell: nothing here needs one"
NO_SLEEP = "makes a test slow or flaky: inject a clock (base/time.h) or wait for the event itself"
USE_BASE_MEMORY = "may return NULL: use base/memory.h, or acr_buffer for sizes that a peer controls"

EVERYWHERE = {
    "strcpy": NO_LIMIT, "stpcpy": NO_LIMIT, "strcat": NO_LIMIT, "sprintf": NO_LIMIT, "vsprintf": NO_LIMIT,
    "gets": NO_LIMIT, "alloca": "has no limit and no error: use the heap",
    "strncpy": "does not terminate what it cuts: use snprintf or memcpy",
    "strncat": "counts from the wrong end: use snprintf or acr_buffer",
    "atoi": NO_ERROR, "atol": NO_ERROR, "atoll": NO_ERROR, "atof": NO_ERROR,
    "strtok": NOT_THREAD_SAFE, "gmtime": NOT_THREAD_SAFE, "localtime": NOT_THREAD_SAFE, "ctime": NOT_THREAD_SAFE,
    "asctime": NOT_THREAD_SAFE, "inet_ntoa": NOT_THREAD_SAFE, "gethostbyname": NOT_THREAD_SAFE,
    "rand": NO_SEED, "srand": NO_SEED, "random": NO_SEED, "drand48": NO_SEED,
    "system": RUNS_A_SHELL, "popen": RUNS_A_SHELL,
    "tmpnam": "is a race: use mkstemp", "mktemp": "is a race: use mkstemp",
    "swapcontext": "costs 355-790 ns: use loop/coroutine.h",
}
IN_SRC = {name: USE_BASE_MEMORY for name in ("malloc", "calloc", "realloc", "strdup", "strndup", "asprintf")}
IN_TESTS = {name: NO_SLEEP for name in ("sleep", "usleep", "nanosleep", "clock_nanosleep", "thrd_sleep")}

# File -> names it may call, each with its reason beside it.
EXCEPTIONS = {
    # The one place where memory comes from.
    "src/base/memory.c": {"malloc", "calloc", "realloc"},
    # Memory whose size a peer controls: failure is an error there, not the end of the program.
    "src/base/buffer.c": {"malloc", "realloc"},
    # Once per coroutine, to get onto its stack; _longjmp switches from then on.
    "src/loop/arch/switch_setjmp.c": {"swapcontext"},
    # Servers that drip: nothing tells them that their peer has read a byte.
    "tests/support/http_server.c": {"nanosleep"},
    "tests/support/servers.c": {"nanosleep"},
    "tests/support/token_server.c": {"nanosleep"},
}


def rules_for(path):
    """{function: reason} for the file `path`."""
    rules = dict(EVERYWHERE)
    rules.update(IN_TESTS if path.parts[0] == "tests" else IN_SRC if path.parts[0] == "src" else {})
    for name in EXCEPTIONS.get(path.as_posix(), ()):
        del rules[name]
    return rules


def problems_of(path, text):
    """Calls in `text` that the rules for `path` forbid, as file:line: text."""
    rules = rules_for(path)
    code = without_comments_and_strings(text)
    for found in re.finditer(r"(?<![\w.>])([a-z_]\w*)\s*\(", code):
        if found[1] in rules:
            yield f"{path}:{code.count(chr(10), 0, found.start()) + 1}: {found[1]}() {rules[found[1]]}"


def main():
    root = parse_root(__doc__)
    problems = [problem for path in c_files(root, ["include", "src", "tests", "bench", "examples"])
                for problem in problems_of(path, (root / path).read_text(encoding="utf-8"))]
    print(*problems, sep="\n", end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
