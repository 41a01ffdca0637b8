# SPDX-License-Identifier: MIT
"""What README.md and docs/ say is tried: their scripts are run, their commands too, and no option or page is missing.

A fenced block is run by its language:

- python: with a user class, as a locustfile; without any import, as the body of a task; else as a plain script.
- console: each line that starts with "$ ", with the page's first locustfile as locustfile.py (in C: scenario.c).
- c, cpp: with ACR_USER, as a scenario; else as the body of a task that may run for a second.
- h, declarations of a header; text; and in README.md a block without a language: not run.

A comment on the line before may say otherwise: <!-- not run: reason -->, <!-- exit code: 1 -->; <!-- host: xmlrpc -->:
what is loaded is an XML-RPC server instead of the target; <!-- from FILE -->: lines of a file that is run elsewhere.
"""
import dataclasses
import pathlib
import re
import shlex
import socket
import subprocess
import textwrap
import threading
import xmlrpc.server

import pytest

import programs
from sanitizer import plain_environment
from tables import Report

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
ADDRESS = "http://127.0.0.1:8000"  # what pages call the target
USER_CLASS = re.compile(r"^class \w+\(.*(Locust|User)\):", re.M)
FENCE = re.compile(r"^```(\w*)$")
OPTION = re.compile(r"(?<![\w-])--?[A-Za-z][\w-]*")


@dataclasses.dataclass
class Block:
    """A fenced block; `line`: where its first line stands, `remark`: of the comment before it."""

    page: pathlib.Path
    line: int
    language: str
    text: str
    remark: str

    def __str__(self):
        return f"{self.page.name}-{self.line}"

    @property
    def code(self):
        said = re.fullmatch(r"exit code: (\d+)", self.remark)
        return int(said[1]) if said else 0

    @property
    def is_run(self):
        return not self.remark.startswith(("not run: ", "from "))


def remark_before(lines, number):
    said = re.fullmatch(r"<!-- (.*) -->", lines[number - 1]) if number > 0 else None
    return said[1] if said else ""


def blocks_of(page):
    lines = page.read_text().splitlines()
    found, start = [], None
    for number, line in enumerate(lines):
        fence = FENCE.match(line)
        if fence and start is None:
            start = number
        elif fence:
            language = FENCE.match(lines[start])[1]
            found.append(Block(page, start + 2, language, "\n".join(lines[start + 1:number]) + "\n",
                               remark_before(lines, start)))
            start = None
    assert start is None, f"{page}: the block of line {start + 1} has no end"
    return found


BLOCKS = [block for page in PAGES for block in blocks_of(page)]


def blocks_in(language):
    return [block for block in BLOCKS if block.language == language and block.is_run]


def is_locustfile(text):
    return USER_CLASS.search(text) is not None


def is_fragment(text):
    return not re.search(r"^(import|from) ", text, re.M)


def as_task(text):
    """A locustfile whose users do `text` once."""
    head = ["from locust import HttpUser, task", "from locust.exception import StopUser", "", "",
            "class Fragment(HttpUser):", "    @task", "    def fragment(self):"]
    return "\n".join(head) + "\n" + textwrap.indent(text + "raise StopUser()\n", 8 * " ")


def commands_of(block):
    return [line[2:] for line in block.text.splitlines() if line.startswith("$ ")]


COMMANDS = [pytest.param(block, command, id=f"{block}-{command}")
            for block in blocks_in("console") for command in commands_of(block)]


def first_locustfile(page):
    """Of the page, or of the first page that has one."""
    texts = [block.text for block in blocks_in("python") if is_locustfile(block.text)]
    own = [block.text for block in blocks_in("python") if block.page == page and is_locustfile(block.text)]
    return (own or texts)[0]


def first_scenario(page):
    """In C, of the page; "" when it has none."""
    return next((block.text for block in blocks_in("c") if block.page == page and "ACR_USER(" in block.text), "")


def shortened(arguments, url):
    """The same command for the test's own target, for a few requests of few users."""
    arguments = [argument.replace(ADDRESS, url) for argument in arguments]
    return [*arguments, "-c", "5", "-r", "100", "-n", "5"] if "--no-web" in arguments else arguments


def check(finished, code):
    assert finished.code == code, str(finished)
    assert "Traceback" not in finished.stderr, str(finished)


def test_every_block_says_what_it_is():
    for block in BLOCKS:
        known = ("python", "console", "c", "cpp", "h", "text") + (("",) if block.page.name == "README.md" else ())
        assert block.language in known, str(block)
        assert not block.is_run or re.fullmatch(r"|exit code: \d+|host: xmlrpc", block.remark), str(block)


def test_excerpts_stand_in_their_files():
    excerpts = [block for block in BLOCKS if block.remark.startswith("from ")]
    assert len(excerpts) > 5
    for block in excerpts:
        assert block.text in (ROOT / block.remark.removeprefix("from ")).read_text(), str(block)


@pytest.fixture
def xmlrpc_url():
    """Of a server with the procedures that the pages call."""
    with xmlrpc.server.SimpleXMLRPCServer(("127.0.0.1", 0), logRequests=False) as server:
        server.register_function(lambda: "12:00", "get_time")
        server.register_function(lambda low, high: (low + high) // 2, "get_random_number")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield "http://127.0.0.1:%d" % server.server_address[1]
        server.shutdown()


@pytest.mark.parametrize("block", blocks_in("python"), ids=str)
def test_script_of_a_page_runs(block, run, target, tmp_path, acrida, request):
    script = tmp_path / "locustfile.py"
    host = request.getfixturevalue("xmlrpc_url") if block.remark == "host: xmlrpc" else target.url
    if not is_locustfile(block.text) and not is_fragment(block.text):
        script.write_text(block.text.replace(ADDRESS, host))
        run_plain(script, acrida)
        return
    script.write_text(block.text if is_locustfile(block.text) else as_task(block.text))
    finished = run(["-f", script, "--no-web", "-c", "5", "-r", "100", "-n", "20", "-t", "1s", "-H", host])
    check(finished, block.code)
    assert sum(Report(finished).total()) >= 5, str(finished)


def as_c_task(text):
    """A scenario whose users do `text` once."""
    return ("#include <acrida.h>\nstatic void fragment(acr_user *user)\n{\n" + text + "acr_stop_user(user);\n}\n"
            "ACR_USER(reader, .tasks = {ACR_TASK(fragment)});\n")


@pytest.mark.parametrize("block", blocks_in("c") + blocks_in("cpp"), ids=str)
def test_scenario_of_a_page_runs(block, run, target, tmp_path):
    scenario = tmp_path / f"scenario.{block.language}"
    scenario.write_text(block.text if "ACR_USER(" in block.text else as_c_task(block.text))
    finished = run(["-f", scenario, "--no-web", "-c", "5", "-r", "100", "-n", "20", "-t", "1s", "-H", target.url],
                   env={"ACRIDA_CFLAGS": "-Wall -Werror"})
    check(finished, block.code)
    assert sum(Report(finished).total()) >= 5, str(finished)


def run_plain(script, acrida):
    """As ./dev python does, with the extension of the build under test; returns what it printed."""
    environment = {**programs.environment(script.parent), **plain_environment(acrida)}
    return subprocess.run(["/usr/bin/python3", script], env=environment, check=True, timeout=60, text=True,
                          stdout=subprocess.PIPE).stdout


@pytest.mark.parametrize("block, command", COMMANDS)
def test_command_of_a_page_runs(block, command, request):
    program, *arguments = shlex.split(command)
    if arguments[:1] == ["target"] and "--help" not in arguments:
        serve_a_moment(arguments, request)
    elif program in ("acrida", "build/acrida"):
        run_acrida(block, arguments, request)
    else:
        assert (program, arguments) == ("./dev", ["help"]), "only acrida and ./dev help are run here"
        subprocess.run(["./dev", "help"], cwd=ROOT, check=True, timeout=60)


def serve_a_moment(arguments, request):
    """The target starts, answers, and ends well when told to (its fixture sees to that)."""
    options = arguments[1:]
    if "--port" in options:
        at = options.index("--port")
        del options[at:at + 2]
    assert request.getfixturevalue("start_target")(*options).stats()["requests"] == 0


def run_acrida(block, arguments, request):
    folder = request.getfixturevalue("tmp_path")
    url = request.getfixturevalue("target").url
    (folder / "locustfile.py").write_text(first_locustfile(block.page))
    (folder / "scenario.c").write_text(first_scenario(block.page))
    check(request.getfixturevalue("run")(shortened(arguments, url)), block.code)


def options_in(text):
    return set(OPTION.findall(text))


def options_of_tables(page):
    """The options that the tables of a page describe: what stands in their first column."""
    rows = re.findall(r"^\| (`-.*?) \|", page.read_text(), re.M)
    return {option for row in rows for code in re.findall(r"`(.*?)`", row) for option in options_in(code)}


def test_every_option_is_described_and_exists(run):
    shown = run(["--help"]).stdout
    columns = [re.split(r" {2,}", line.strip())[0] for line in shown.splitlines() if line.startswith("  -")]
    names = {option for column in columns for option in options_in(column)}
    described = options_of_tables(ROOT / "docs/options.md")
    assert len(names) > 20
    assert names == described


def test_every_option_of_the_target_is_described_and_exists(run):
    shown = run(["target", "--help"]).stdout
    names = {option for line in shown.splitlines() if line.startswith("  --") for option in options_in(line.split()[0])}
    assert len(names) > 8
    assert names == options_of_tables(ROOT / "docs/target.md")


def paths_in(text):
    """Paths without what is to be filled in: /items/N.json as /items/."""
    found = re.findall(r"(?<![\w./-])/[\w./-]*", text)
    return {re.sub(r"(?<=/)[A-Z].*", "", path) for path in found}


def test_every_page_of_the_target_is_described():
    described = paths_in((ROOT / "docs/target.md").read_text())
    sources = [(ROOT / "src/target" / name).read_text() for name in ("site.c", "tools.c", "faults.c")]
    routes = {route for source in sources for route in re.findall(r'\.path = "(.*?)"', source)}
    assert len(routes) > 50
    assert routes - described == set()


def test_every_page_that_is_described_is_served(run, target):
    for row in re.findall(r"^\| (`/.*?) \|", (ROOT / "docs/target.md").read_text(), re.M):
        for path in re.findall(r"`(/.*?)`", row):
            assert served(target, path), path


def served(target, path):
    """Not 404. What breaks the connection, or waits, is served as well."""
    for name, value in (("USER/PASSWORD", "a/b"), ("NNN", "200"), ("MIN", "0"), ("MAX", "1"), ("MS", "1"),
                        ("URL", "/"), ("NAME", "a"), ("VALUE", "b"), ("ANYTHING", "x"), ("N", "1"), ("P", "0")):
        path = path.replace(name, value)
    with socket.create_connection(("127.0.0.1", target.port), timeout=1) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: target\r\n\r\n".encode())
        try:
            return connection.recv(12) != b"HTTP/1.1 404"
        except (ConnectionResetError, TimeoutError):
            return True


# Prints the public names of the package: of its modules, and what its classes add to those of requests and the engine.
NAMES = """
import locust
from locust import clients, core, env, event, exception, inspectlocust, log, main, runners, stats, util, wait_time
for module in (locust, core, clients, env, event, exception, inspectlocust, log, main, runners, stats, util,
               wait_time):
    print(*module.__all__)
for cls in (core.HttpLocust, locust.HttpUser, locust.TaskSequence, locust.SequentialTaskSet, clients.HttpSession,
            clients.ResponseContextManager, event.EventHook, event.Events, env.Environment, runners.LocalRunner,
            stats.RequestStats, stats.StatsEntry, stats.StatsError):
    own = [base for base in cls.__mro__ if base.__module__.startswith("locust.")]
    print(*(name for base in own for name in (*vars(base), *getattr(base, "__annotations__", ()))))
"""
# What the engine looks at.
INTERNAL = {"generation", "optional", "call", "failures", "connection"}


def test_every_public_name_is_described(tmp_path, acrida):
    script = tmp_path / "names.py"
    script.write_text(NAMES)
    names = {name for name in run_plain(script, acrida).split() if not name.startswith("_")} - INTERNAL
    pages = "".join((ROOT / page).read_text() for page in ("docs/api.md", "docs/extending.md"))
    described = set(re.findall(r"\w+", " ".join(re.findall(r"`[^`\n]+`|^### .*", pages, re.M))))
    assert len(names) > 80
    assert names - described == set()


LINKING = [*PAGES, *sorted((ROOT / "docs/internals").glob("*.md"))]


def anchors(page):
    """What GitHub makes of its headings."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.M)
    return {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


def links_of(page):
    """(file, anchor) of each link that leads to no other site; file may be "": the page itself."""
    return re.findall(r"\]\(([^)#:]*)#?([^):]*)\)", page.read_text())


@pytest.mark.parametrize("page", LINKING, ids=lambda page: page.name)
def test_links_of_a_page_lead_somewhere(page):
    for link, anchor in links_of(page):
        linked = (page.parent / link) if link else page
        assert linked.exists(), link
        assert not anchor or anchor in anchors(linked), f"{link}#{anchor}"


def test_every_page_is_listed_in_the_contents():
    contents = ROOT / "docs/README.md"
    listed = {(contents.parent / link).resolve() for link, _ in links_of(contents)} | {ROOT / "README.md", contents}
    assert set(LINKING) - listed == set()
    assert contents in {(ROOT / link).resolve() for link, _ in links_of(ROOT / "README.md")}


@pytest.mark.parametrize("page", LINKING, ids=lambda page: page.name)
def test_files_that_a_page_names_exist(page):
    named = re.findall(r"`((?:src|tests|tools|examples|python|docs|bench)/[\w./-]+)`", page.read_text())
    missing = [name for name in named if not (ROOT / name).exists()]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_names_of_c_that_a_page_uses_exist(page):
    header = set(re.findall(r"\w+", (ROOT / "include/acrida.h").read_text()))
    own = set(re.findall(r"#define (\w+)", page.read_text()))
    named = set(re.findall(r"\b(?:acr|ACR)_\w+", page.read_text()))
    settings = {name for name in named if name.startswith("ACR_PYTHON_")}  # of the environment
    assert named - header - own - settings == set()


def test_every_example_is_named():
    pages = "".join(page.read_text() for page in PAGES)
    examples = [path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "examples").glob("*.py"))]
    assert len(examples) > 10
    assert [path for path in examples if f"`{path}`" not in pages] == []


@pytest.mark.parametrize("page", sorted((ROOT / "docs/internals").glob("*.md")), ids=lambda page: page.name)
def test_names_of_the_source_that_a_page_uses_exist(page):
    """So that a page about the inside is noticed when what it tells of is renamed."""
    sources = "".join(path.read_text() for folder in ("src", "python") for path in sorted((ROOT / folder).rglob("*.*"))
                      if path.suffix in (".c", ".h", ".py", ".def"))
    named = set(re.findall(r"\b(?:acr|ACR)_\w+", page.read_text()))
    assert [name for name in sorted(named) if name not in sources] == []
