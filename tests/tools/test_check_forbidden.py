# SPDX-License-Identifier: MIT
import pytest


@pytest.mark.parametrize("path, code, said", [
    ("src/net/a.c", "strcpy(a, b);", "strcpy() has no limit"),
    ("src/net/a.c", "x = atoi (text);", "atoi() cannot tell an error"),
    ("src/net/a.c", "char *copy = strdup(text);", "strdup() may return NULL"),
    ("tests/unit/net/test_a.c", "usleep(1000);", "usleep() makes a test slow or flaky"),
    ("bench/micro/a.c", 'system("ls");', "system() runs a shell"),
])
def test_a_forbidden_call_is_named_with_line_and_reason(tree, tool, path, code, said):
    tree(path, f"int f(void)\n{{\n    {code}\n}}\n")
    finished = tool("check_forbidden", tree())
    assert finished.returncode == 1
    assert finished.stdout.startswith(f"{path}:3: ") and said in finished.stdout


@pytest.mark.parametrize("path, code", [
    ("src/net/a.c", "/* strcpy(a, b) */ // gets(x)"),
    ("src/net/a.c", 'puts("do not call system(this)");'),
    ("src/net/a.c", "loop->random(loop); clock.sleep(1); acr_strdup(text); strtok_r(a, b, c);"),
    ("src/net/a.c", "sleep(1);"),
    ("src/base/memory.c", "return malloc(size);"),
    ("tests/unit/net/test_a.c", "void *memory = malloc(size);"),
])
def test_what_is_no_forbidden_call_passes(tree, tool, path, code):
    tree(path, f"int f(void)\n{{\n    {code}\n}}\n")
    finished = tool("check_forbidden", tree())
    assert (finished.returncode, finished.stdout) == (0, "")
