# SPDX-License-Identifier: MIT
import pytest

FOLDER = "tests/integration/acceptance"
TEST = 'def test_M4_07_waits(play):\n    """A set\'s waits | count.\n\n    More.\n    """\n'


@pytest.fixture
def rows(tree, tool):
    """rows(without, more, tests): a tree with every row in elsewhere.txt but `without`; returns its root."""

    def write(without=(), more=(), tests=None):
        tree("docs/page.md")
        tree(f"{FOLDER}/elsewhere.txt", "# nothing\n")
        missing = tool("acceptance", "--check", tree()).stdout.splitlines()
        names = [line.split()[0] for line in missing if line.endswith(" is missing")]
        assert len(names) == 354
        lines = [f"{name} | promise | later" for name in names if name not in without]
        tree(f"{FOLDER}/elsewhere.txt", "\n".join([*lines, *more]) + "\n")
        for area, text in (tests or {}).items():
            tree(f"{FOLDER}/test_rows_{area}.py", text)
        return tree()

    return write


def test_a_complete_table_passes_once_it_is_written(rows, tool):
    root = rows(without=["M4-07"], tests={"users": TEST + "def test_other():\n    pass\n"})
    assert tool("acceptance", root).returncode == 0
    page = (root / "docs/acceptance.md").read_text()
    assert f"| M4-07 | A set's waits \\| count. | [users](../{FOLDER}/test_rows_users.py) |" in page
    assert "| B-54 | promise | later |" in page
    assert "| other |" not in page
    finished = tool("acceptance", "--check", root)
    assert (finished.returncode, finished.stdout) == (0, "")


def test_a_vector_is_listed_though_it_is_no_row(rows, tool):
    root = rows(tests={"stats": 'def test_vector_of_medians():\n    """The median of two is the first."""\n'})
    assert tool("acceptance", root).returncode == 0
    assert "| of_medians | The median of two is the first. | [stats]" in (root / "docs/acceptance.md").read_text()


@pytest.mark.parametrize("change, said", [
    ({"without": ["M4-07"]}, "M4-07 is missing"),
    ({"tests": {"users": TEST}}, f"M4-07 is there more than once: {FOLDER}/elsewhere.txt:"),
    ({"without": ["M4-07"], "tests": {"a": TEST, "b": TEST}}, f"{FOLDER}/test_rows_b.py:1"),
    ({"tests": {"users": TEST.replace("07", "64")}}, f"{FOLDER}/test_rows_users.py:1: there is no row M4-64"),
    ({"tests": {"users": "def test_B_99(): pass\n"}}, "there is no row B-99"),
    ({"without": ["B-01"], "tests": {"users": "def test_B_01(): pass\n"}}, "B-01 does not say what is promised"),
    ({"more": ["M4-07, in words"]}, f"{FOLDER}/elsewhere.txt:355: there is no row M4-07, in words"),
    ({"more": ["M14-01 | promise | later"]}, "there is no row M14-01"),
])
def test_what_is_wrong_is_named_with_its_place(rows, tool, change, said):
    root = rows(**change)
    written, checked = tool("acceptance", root), tool("acceptance", "--check", root)
    assert (written.returncode, checked.returncode) == (1, 1)
    assert said in written.stdout and written.stdout == checked.stdout


def test_a_page_that_is_out_of_date_is_an_error(rows, tool):
    root = rows()
    tool("acceptance", root)
    elsewhere = root / FOLDER / "elsewhere.txt"
    elsewhere.write_text(elsewhere.read_text().replace("later", "now"))
    finished = tool("acceptance", "--check", root)
    assert finished.returncode == 1 and finished.stdout.startswith("docs/acceptance.md is out of date")
