# SPDX-License-Identifier: MIT
"""Every example in C is compiled by gcc and clang, as C11 and as C++20, without a warning; it is run, with sanitizers
where the program has them; and it stands in the table of examples/c/README.md, with the command that runs it here, too.

A new example is found by itself. If it needs more than the built-in target, it goes into RUN_ELSEWHERE.
"""
import re
import shlex
import shutil
import subprocess

import pytest

from programs import ROOT
from sanitizer import scenario_environment

FOLDER = ROOT / "examples" / "c"
EXAMPLES = sorted(path for path in FOLDER.iterdir() if path.suffix in (".c", ".cpp"))
HEADER = ROOT / "include" / "acrida.h"

# Examples that the built-in target is not enough for: the test file in this folder that runs them.
RUN_ELSEWHERE = {"embedding.c": "test_embedding.py", "embedding.cpp": "test_embedding.py",
                 "boomer_model.c": "test_embedding.py", "boomer_http.c": "test_embedding.py",
                 "boomer_tcp.c": "test_blocking.py", "boomer_udp.c": "test_blocking.py",
                 "boomer_redis.c": "test_blocking.py", "tcp_echo.c": "test_streams.py",
                 "dns_over_udp.c": "test_streams.py", "redis_like.c": "test_streams.py"}
# Examples that are not valid, or not quiet, as C++: why.
NOT_IN_CXX = {}

# "| [file](file) | what it shows | `command` |"
ROW = re.compile(r"^\| \[([\w.]+)\]\(\1\) \| ([^|]+) \| `([^`]+)` \|$", re.M)
COMMANDS = {name: command for name, _, command in ROW.findall((FOLDER / "README.md").read_text())}

WARNINGS = ("-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Werror")
# What clang knows beyond that; without what is a matter of taste (-Wpadded), says that the code is not C89 or C++98, or
# asks for what C does not have.
EVERYTHING = ("-Weverything", "-Wno-padded", "-Wno-declaration-after-statement", "-Wno-c++98-compat-pedantic",
              "-Wno-old-style-cast", "-Wno-zero-as-null-pointer-constant", "-Wno-reserved-macro-identifier")
C11, CXX20 = ("-x", "c", "-std=c11"), ("-x", "c++", "-std=c++20")


def compile_quietly(compiler, language, source, *flags):
    # With -O2: some warnings come from what the optimizer finds out.
    command = [compiler, *language, "-O2", "-fPIC", *WARNINGS, *flags, "-c", "-o", "/dev/null", source]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, ""), f"{command}\n{done.stderr}"


def own_flags(example):
    """What the example wants for itself, but for libraries."""
    lines = re.findall(r"^// acrida:(.*)", example.read_text(), re.M)
    return [flag for line in lines for flag in line.split() if not flag.startswith("-l")]


def languages(example):
    return [] if example.suffix == ".cpp" else [C11], [] if example.name in NOT_IN_CXX else [CXX20]


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_an_example_compiles_without_a_warning(example, compiler):
    for language in sum(languages(example), []):
        compile_quietly(compiler, language, example, "-I", HEADER.parent, *own_flags(example))


@pytest.fixture
def bare_header(tmp_path):
    """A source file with nothing but acrida.h, a copy that is no system header: those are not warned of."""
    text = HEADER.read_text()
    assert "#pragma GCC system_header\n" in text
    (tmp_path / "acrida.h").write_text(text.replace("#pragma GCC system_header\n", ""))
    source = tmp_path / "source.c"
    source.write_text("#include <acrida.h>\n#include <acrida.h>\nextern int nothing;\n")
    return source


@pytest.mark.parametrize("compiler, language, flags", [
    ("gcc", C11, ["-Wc++-compat"]), ("gcc", CXX20, []), ("clang", C11, EVERYTHING), ("clang", CXX20, EVERYTHING)])
def test_the_header_compiles_alone_and_twice_without_a_warning(bare_header, compiler, language, flags):
    compile_quietly(compiler, language, bare_header, "-I", bare_header.parent, *flags)


def test_mistakes_in_a_call_are_warned_of(tmp_path):
    """Although the header, where acr_get() is defined, is a system header."""
    source = tmp_path / "source.c"
    source.write_text('#include <acrida.h>\nvoid f(acr_user *user);\nvoid f(acr_user *user) { acr_get(user, 5); }\n')
    for compiler in ("gcc", "clang"):
        with pytest.raises(AssertionError, match="source.c:3:.*error: .*(integer|int)"):
            compile_quietly(compiler, C11, source, "-I", HEADER.parent)


HERE = [example for example in EXAMPLES if example.name not in RUN_ELSEWHERE]


def options_of(example, url):
    """Those of its command in the table, for this target and a second."""
    program, option, path, *options = shlex.split(COMMANDS[example.name])
    assert (program, option, path) == ("build/acrida", "-f", f"examples/c/{example.name}")
    options = [option.replace("http://127.0.0.1:8000", url) for option in options]
    options[options.index("-t") + 1] = "1s"
    return options


def check_run(run, scenario, options, target, environment):
    finished = run(["-f", scenario, *options], env=environment, timeout=40)
    assert finished.code == 0, str(finished)
    assert "was cut off" not in finished.stderr, str(finished)
    assert target.stats()["requests"] >= 10, str(finished)


@pytest.mark.parametrize("example", HERE, ids=lambda path: path.name)
def test_an_example_runs_with_sanitizers(example, run, target, acrida):
    check_run(run, example, options_of(example, target.url), target, scenario_environment(acrida))


@pytest.mark.parametrize("example", [path for path in HERE if path.name not in NOT_IN_CXX], ids=lambda path: path.name)
def test_an_example_runs_as_cxx(example, run, target, tmp_path):
    copied = shutil.copy(example, tmp_path / f"{example.stem}.cpp")
    for data in FOLDER.glob("*.csv"):
        shutil.copy(data, tmp_path)
    check_run(run, copied, options_of(example, target.url), target, {"CXX": "clang++"})


@pytest.mark.parametrize("line, said", [
    ('char *text = malloc(9); strcpy(text, "x"); free(text); acr_log_info(user, "%s", text);', "heap-use-after-free"),
    ('int big = 2147483647; big += (int)acr_random_int(user, 1, 1); acr_log_info(user, "%d", big);', "signed integer"),
    ('acr_log_info(user, "%p", malloc(77));', "77 byte(s) in 1 object(s)"),
])
def test_the_sanitizers_see_what_a_task_does(line, said, start, script, acrida):
    environment = scenario_environment(acrida)
    if not environment:
        pytest.skip("this program is built without sanitizers")
    scenario = script("#include <acrida.h>\n#include <stdlib.h>\n#include <string.h>\n"
                      f"static void once(acr_user *user) {{ acr_stop_user(user); {line} }}\n"
                      "ACR_USER(reader, .tasks = {ACR_TASK(once)});\n", "scenario.c")
    finished = start("-f", scenario, "--no-web", "-c", "1", "-t", "5s", env=environment).finish(40)
    assert finished.code != 0 and said in finished.stderr, str(finished)


def test_every_example_is_run():
    for name, place in RUN_ELSEWHERE.items():
        assert (FOLDER / name).exists(), name
        assert name in (ROOT / "tests" / "integration" / "c" / place).read_text(), f"{place} does not run {name}"


def test_the_table_has_every_example_and_no_other():
    assert list(COMMANDS) != [] and set(COMMANDS) == {example.name for example in EXAMPLES}
    for name, command in COMMANDS.items():
        assert f"examples/c/{name}" in command
