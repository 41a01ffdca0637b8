# SPDX-License-Identifier: MIT
"""Scenarios in C that cannot be: each is refused with what is wrong, where, and what to do."""
import os
import pathlib
import shutil
import stat
import struct
import subprocess

import pytest

from c_source import HEAD
from programs import ROOT

TASK = "static void t(acr_user *u) { (void)u; acr_stop_user(u); acr_quit(u); }\n"
GOOD = HEAD + TASK + "ACR_USER(x, .tasks = {ACR_TASK(t)});\n"
RUN = ("--no-web", "-t", "1s", "-H", "http://127.0.0.1:1")


@pytest.fixture
def refused(run, tmp_path):
    """refused(name, *options, code, env): runs it; returns the line that says why not."""

    def run_refused(name, *options, code=1, env=None):
        finished = run(["-f", name, *(options or RUN)], cwd=tmp_path, env=env)
        assert finished.code == code and finished.stdout == "", str(finished)
        assert "Hatching" not in finished.stderr and "AddressSanitizer" not in finished.stderr, str(finished)
        return finished.stderr.strip().splitlines()[-1]

    return run_refused


@pytest.fixture
def shared(script, tmp_path):
    """shared(text, *flags, name): builds a shared object with the system's compiler."""

    def build(text, *flags, name="made.so"):
        source = script(text, "made.c")
        subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", f"-I{ROOT / 'include'}", "-o", tmp_path / name,
                        source, *flags], check=True, capture_output=True)
        source.unlink()
        return tmp_path / name

    return build


BROKEN = {
    "no class": ("int nothing;", "No user class found in ", "define one with ACR_USER(...)"),
    "empty file": ("", "No user class found in ", "ACR_USER"),
    "no tasks": (HEAD + "ACR_USER(idle, .weight = 2);", "idle has nothing to do: give it .tasks"),
    "wait": (HEAD + TASK + "ACR_USER(x, .tasks = {ACR_TASK(t)}, .wait = acr_between(3, 1));", "x.wait: ", "3"),
    "weight": (HEAD + TASK + "ACR_USER(x, .weight = -1, .tasks = {ACR_TASK(t)});", "x.weight must not be negative"),
    "kind of wait": (HEAD + TASK + "ACR_USER(x, .tasks = {ACR_TASK(t)}, .wait = {99, 1, 2, NULL});",
                     "x.wait: make it by acr_between()"),
    "wait by nothing": (HEAD + TASK + "ACR_USER(x, .tasks = {ACR_TASK(t)}, .wait = acr_wait_by(NULL));",
                        "x.wait: ", "acr_wait_by() of a function"),
    "no weight": (HEAD + TASK + "ACR_USER(x, .weight = __builtin_nan(\"\"), .tasks = {ACR_TASK(t)});",
                  "x.weight must not be negative, nor more than 1e+12"),
    "infinite weight": (HEAD + TASK + "ACR_USER(x, .weight = __builtin_inf(), .tasks = {ACR_TASK(t)});",
                        "x.weight must not be negative, nor more than 1e+12"),
    "listener of nothing": (GOOD + "static void heard(acr_user *u, void *a) { (void)u; (void)a; }\n"
                            "ACR_LISTENER(NULL, heard);", "ACR_LISTENER: name an event and a function"),
    "no definition": (GOOD + "__attribute__((constructor)) static void more(void) { acr_register_user(ACR_ABI, NULL); }",
                      "a user class in ", "has no .name"),
    "option without a name": (GOOD + "ACR_OPTION(option, NULL);", 'ACR_OPTION "": a name is like --depth'),
    "empty set": (HEAD + "ACR_TASK_SET(empty, .sequence = true); ACR_USER(x, .tasks = {ACR_SUBSET(empty)});",
                  "empty has nothing to do"),
    "set in itself": (HEAD + "static acr_task_set round; static acr_task_set round = {.tasks = {ACR_SUBSET(round)}};\n"
                      "ACR_USER(x, .tasks = {ACR_SUBSET(round)});", "round: task sets more than 32 deep"),
    "two of a name": (HEAD + TASK + "ACR_USER(x, .tasks = {ACR_TASK(t)});\n"
                      "static const acr_user_definition again = {.name = \"x\", .tasks = {ACR_TASK(t)}};\n"
                      "__attribute__((constructor)) static void more(void) { acr_register_user(ACR_ABI, &again); }",
                      "two user classes are called x, in "),
    "symbol": (HEAD + "void not_there(acr_user *user);\nACR_USER(x, .tasks = {ACR_TASK(not_there)});",
               "broken.c does not load: there is no not_there. ", "// acrida: -lNAME"),
    "symbol of another version": (HEAD + "void acr_teleport(acr_user *user);\nACR_USER(x, .tasks = {ACR_TASK(acr_teleport)});",
                                  "broken.c does not load: this version of Acrida has no acr_teleport"),
    "host": (HEAD + TASK + "ACR_USER(x, .host = \"example.com\", .tasks = {ACR_TASK(t)});",
             "x.host: 'example.com' has no scheme: write http://example.com"),
}


@pytest.mark.parametrize("text, words", [(text, words) for text, *words in BROKEN.values()], ids=list(BROKEN))
def test_what_is_wrong_in_a_source_is_said(refused, script, text, words):
    script(text + "\n", "broken.c")
    said = refused("broken.c")
    assert all(word in said for word in words), said


@pytest.mark.parametrize("name, text", [("broken.c", "int broken("), ("broken.cpp", "class {"),
                                        ("broken.c", "// acrida: -lno_such_library\n"),
                                        ("broken.c", "// acrida: -no-such-flag\n"),
                                        ("broken.c", '#include "no_such_header.h"\n')],
                         ids=["C", "C++", "library", "flag", "header"])
def test_the_compiler_s_own_words_are_shown(run, script, tmp_path, name, text):
    script(text, name)
    finished = run(["-f", name, *RUN], cwd=tmp_path)
    assert finished.code == 1 and "error" in finished.stderr and f"{name} does not compile" in finished.stderr


def test_a_seed_that_is_none_is_refused(run, script):
    text = HEAD + "static void t(acr_user *user) { acr_quit(user); }\nACR_USER(a, .tasks = {ACR_TASK(t)});\n"
    finished = run(["-f", script(text, "scenario.c"), "--no-web"], env={"ACRIDA_SEED": "abc"})
    assert finished.code == 1 and "ACRIDA_SEED: not a whole number: 'abc'" in finished.stderr, str(finished)


def test_a_pipe_is_no_source(refused, tmp_path):
    os.mkfifo(tmp_path / "pipe.c")
    assert refused("pipe.c").endswith("pipe.c does not compile: it is a pipe, and read twice")


def test_what_a_compiler_leaves_behind_when_it_fails_is_removed(refused, script, tmp_path):
    """One that writes the object and then fails, and an object that cannot get its name."""
    script(GOOD, "scenario.c")
    compiler = script('#!/bin/sh\ncc "$@" && case "$*" in *-shared*) exit 1;; esac\n', "compiler")
    compiler.chmod(stat.S_IRWXU)
    cache = tmp_path / "cache"
    env = {"XDG_CACHE_HOME": str(cache), "CC": str(compiler)}
    assert "does not compile" in refused("scenario.c", env=env)
    assert list((cache / "acrida").iterdir()) == []
    compiler.write_text('#!/bin/sh\nexec cc "$@"\n')
    assert "No user" not in refused("scenario.c", "nobody", "--no-web", env=env)
    kept, = (cache / "acrida").iterdir()
    kept.unlink()
    (kept / "in the way").mkdir(parents=True)
    assert "directory" in refused("scenario.c", env=env).lower()
    assert list((cache / "acrida").iterdir()) == [kept]


def test_an_object_in_the_cache_that_is_none_is_compiled_again(run, script, tmp_path):
    script(GOOD, "scenario.c")
    env = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    assert run(["-f", "scenario.c", "--list"], cwd=tmp_path, env=env).code == 0
    kept, = (tmp_path / "cache" / "acrida").iterdir()
    kept.write_bytes(kept.read_bytes()[:10])
    assert run(["-f", "scenario.c", "--list"], cwd=tmp_path, env=env).code == 0
    assert kept.stat().st_size > 1000


def test_without_a_compiler_it_is_named(refused, script):
    script(GOOD, "scenario.c")
    script(GOOD, "scenario.cc")
    assert "there is no compiler no-such-compiler to compile" in refused("scenario.c", env={"CC": "no-such-compiler"})
    assert "install one (gcc)" in refused("scenario.cc", env={"CXX": "no-such-compiler -std=c++23"})
    assert "there is no compiler cc to" in refused("scenario.c", env={"PATH": "/nowhere", "CC": " "})


def test_too_many_flags_are_refused(refused, script):
    script("// acrida: " + " ".join(f"-DNUMBER_{number}" for number in range(300)) + "\n" + GOOD, "scenario.c")
    assert "more than 248 flags" in refused("scenario.c")


def test_long_lines_of_flags_are_read_to_their_end(play, script):
    padding = " ".join(100 * ["-DPADDING_" + 90 * "x"])
    path = script(f"// acrida: {padding} -DLAST\n" + GOOD + "#ifndef LAST\n#error cut off\n#endif\n", "scenario.c")
    play(path, "-t", "1s")


@pytest.mark.parametrize("environment", [{"XDG_CACHE_HOME": "/dev/null"}, {"XDG_CACHE_HOME": "/proc/1/nothing"},
                                         {"XDG_CACHE_HOME": "", "HOME": "/dev/null/home"}], ids=str)
def test_where_the_cache_cannot_be_written_it_is_compiled_for_the_run(play, script, tmp_path, environment):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    report = play(script(GOOD, "scenario.c"), "-t", "1s", env={"TMPDIR": str(temporary), **environment})
    warning, = report.records("WARNING", "locust.main")
    assert warning.startswith("the cache ") and "cannot be written" in warning
    assert warning.endswith("scenario.c is compiled for this run only")
    assert list(temporary.iterdir()) == []


def test_without_any_folder_to_compile_into_that_is_said(refused, script):
    script(GOOD, "scenario.c")
    said = refused("scenario.c", env={"XDG_CACHE_HOME": "/dev/null", "TMPDIR": "/dev/null"})
    assert "no folder to compile into: /dev/null/acrida-" in said


def test_without_home_the_cache_is_in_the_one_of_the_password_file(acrida, script, tmp_path):
    """Not in /tmp, where anybody could put an object for us."""
    path = script(GOOD, "scenario.c")
    environment = {name: value for name, value in os.environ.items() if name not in ("HOME", "XDG_CACHE_HOME")}
    tracer = script('#!/bin/sh\necho "$@" >>%s\nexec cc "$@"\n' % (tmp_path / "log"), "compiler")
    tracer.chmod(stat.S_IRWXU)
    finished = subprocess.run([acrida, "-f", path, "--list"], env={**environment, "CC": tracer}, capture_output=True,
                              text=True, timeout=60)
    assert finished.returncode == 0, finished.stderr
    line = [line for line in (tmp_path / "log").read_text().splitlines() if "-shared" in line][-1]
    home = pathlib.Path(os.path.expanduser("~" + subprocess.check_output(["id", "-un"], text=True).strip()))
    assert f"-o {home}/.cache/acrida/scenario.c-" in line or "/acrida-" in line, line
    for left in (home / ".cache" / "acrida").glob("scenario.c-*.so"):
        if str(left) in line:
            left.unlink()


# ---- objects

def test_objects_that_are_none_are_told_apart(refused, shared, tmp_path):
    good = shared(GOOD)
    (tmp_path / "text.so").write_text("not an object, but long enough to be one")
    (tmp_path / "empty.so").write_bytes(b"")
    header = bytearray(good.read_bytes())
    other = bytearray(header)
    struct.pack_into("<H", other, 18, 8)  # MIPS
    (tmp_path / "other.so").write_bytes(other)
    narrow = bytearray(header)
    narrow[4] = 1  # 32 bits
    (tmp_path / "narrow.so").write_bytes(narrow)
    relocatable = bytearray(header)
    struct.pack_into("<H", relocatable, 16, 1)
    (tmp_path / "relocatable.so").write_bytes(relocatable)
    (tmp_path / "cut.so").write_bytes(header[:200])
    for name in ("text.so", "empty.so"):
        assert f"{name} does not load: it is no shared object. A source is named with its own ending" in refused(name)
    for name in ("other.so", "narrow.so"):
        assert f"{name} does not load: it was built for another kind of machine. Build it on this one" in refused(name)
    assert "relocatable.so does not load: it was compiled and not linked" in refused("relocatable.so")
    assert "cut.so does not load: " in refused("cut.so")


def test_a_program_is_no_scenario(refused, tmp_path):
    shutil.copy(shutil.which("true"), tmp_path / "program.so")
    assert "program.so does not load: " in refused("program.so")


def test_what_an_object_lacks_is_named(refused, shared, tmp_path):
    shared(HEAD + "void not_there(acr_user *user);\nACR_USER(x, .tasks = {ACR_TASK(not_there)});")
    assert "made.so does not load: there is no not_there. If a library has it, link with that library" in refused("made.so")
    shared("int answer(void) { return 42; }", "-Wl,-soname,libanswer_of_test.so.7", name="libanswer_of_test.so")
    shared(GOOD + "int answer(void);\nint keep(void) { return answer(); }", f"-L{tmp_path}", "-lanswer_of_test")
    (tmp_path / "libanswer_of_test.so").unlink()
    assert "made.so does not load: it needs the library libanswer_of_test.so.7, which is not there" in refused("made.so")


def test_an_object_of_another_version_of_the_header_is_refused(refused, shared):
    """Also one with nothing but a listener: what it registers is not looked at."""
    again = "#undef ACR_ABI\n#define ACR_ABI 1\n"
    for text in (TASK + "ACR_USER(x, .tasks = {ACR_TASK(t)});", "ACR_TEST(.on_start = NULL);", 'ACR_OPTION(o, "--o");',
                 "static void f(acr_user *u, void *a) { (void)u; (void)a; } ACR_LISTENER(\"e\", f);"):
        shared(HEAD + again + text)
        said = refused("made.so")
        assert "made.so was compiled for version 1 of acrida.h, this is version " in said and "compile it again" in said


def test_files_that_are_not_there_or_cannot_be_read(refused, script, tmp_path):
    assert "there is no none.c" in refused("none.c")
    assert "there is no none.so" in refused("none.so")
    (tmp_path / "dangling.c").symlink_to("nowhere.c")
    assert "there is no dangling.c" in refused("dangling.c")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else")
@pytest.mark.parametrize("name", ["scenario.c", "made.so"])
def test_a_file_that_may_not_be_read_is_named_with_the_reason(acrida, shared, script, tmp_path, name):
    shared(GOOD)
    script(GOOD, "scenario.c")
    public = pathlib.Path(subprocess.check_output(["mktemp", "-d"], text=True).strip())
    try:
        shutil.copy(tmp_path / name, public / name)
        (public / name).chmod(0)
        public.chmod(0o755)
        finished = subprocess.run([acrida, "-f", name, *RUN], cwd=public, user=65534, group=65534, extra_groups=[],
                                  env={**os.environ, "HOME": "/nonexistent", "ASAN_OPTIONS": "detect_leaks=0"},
                                  capture_output=True, text=True, timeout=60)
        assert finished.returncode == 1 and f"{name}" in finished.stderr and "Permission denied" in finished.stderr
    finally:
        shutil.rmtree(public)


# ---- hosts

@pytest.mark.parametrize("host, reason", [("example.com", "'example.com' has no scheme: write http://example.com"),
                                          ("", "'' has no scheme"), ("http://", "'http://': "),
                                          ("http://[::1", "'http://[::1': ")], ids=str)
def test_a_host_that_is_none_is_refused_before_the_run(refused, script, host, reason):
    script(GOOD, "scenario.c")
    assert f"error: option -H: {reason}" in refused("scenario.c", "--no-web", "-t", "1s", "-H", host, code=2)


ASKS = """
static void ask(acr_user *user)
{
    acr_response *none = acr_get(user, "/about/");
    acr_log_info(user, "%d, %s", acr_status(none), acr_why(none));
}
ACR_USER(visitor, .tasks = {ACR_TASK(ask)});
"""


@pytest.mark.parametrize("host, reason", [
    (None, "visitor: no host to talk to for /about/. Give --host (-H), or set .host"),
    ("127.0.0.1:1", "visitor: the host 127.0.0.1:1 is not one of http:// or https://, so no request for /about/"),
    ("redis://127.0.0.1:1", "visitor: the host redis://127.0.0.1:1 is not one of http:// or https://"),
], ids=str)
def test_the_first_request_without_a_host_ends_the_run(play_c, host, reason):
    report = play_c(ASKS, "-c", 50, host=host, code=1)
    said, = report.records("ERROR")
    assert said.startswith(reason) and report.table() == {} and report.errors() == {} and report.seconds < 20


def test_users_that_need_no_host_run_without_one(play_c, target):
    report = play_c(f"""
        static void ask(acr_user *user)
        {{
            acr_get(user, "{target.url}/about/", .name = "about");
            acr_quit(user);
            acr_stop_user(user);
        }}
        ACR_USER(visitor, .tasks = {{ACR_TASK(ask)}});
    """)
    assert report.table()["GET about"].requests == 1
