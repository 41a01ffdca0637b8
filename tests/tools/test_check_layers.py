# SPDX-License-Identifier: MIT
import pytest


def test_a_tree_that_keeps_the_rule_passes(tree, tool):
    tree("src/net/a.c", '#include "net/good.h"\n#include "base/good.h"\n#include <stdio.h>\n')
    tree("src/python/a.c", '#include <Python.h>\n#include "net/good.h"\n')
    tree("src/cli/a.c", '#include "python/good.h"\n')
    finished = tool("check_layers", tree())
    assert (finished.returncode, finished.stdout) == (0, "")


@pytest.mark.parametrize("path, line, said", [
    ("src/base/a.c", '#include "net/good.h"', '"net/good.h" points upward: base may include nothing'),
    ("src/net/a.h", '  #  include  "python/good.h"', "net may include base"),
    ("src/python/a.c", '#include "cli/good.h"', '"cli/good.h" points upward'),
    ("src/net/a.c", "#include <Python.h>", "Python.h belongs to src/python"),
    ("src/net/a.c", "#include <greenlet/greenlet.h>", "belongs to src/python"),
    ("src/base/a.c", '#include "../net/good.h"', "no header of this project written from src/"),
    ("src/base/a.c", '#include "good.h"', "no header of this project written from src/"),
])
def test_an_include_that_breaks_the_rule_is_named_with_its_line(tree, tool, path, line, said):
    tree(path, f"/* two\nlines */\n{line}\n")
    finished = tool("check_layers", tree())
    assert finished.returncode == 1
    assert finished.stdout.startswith(f"{path}:3: ") and said in finished.stdout


def test_an_include_in_a_comment_is_none(tree, tool):
    tree("src/base/a.c", '// #include "net/good.h"\n/*\n#include "net/good.h"\n*/\nconst char *url = "http://x";\n')
    assert tool("check_layers", tree()).returncode == 0


def test_a_folder_outside_the_table_is_an_error(tree, tool):
    tree("src/drawer/a.c", "")
    finished = tool("check_layers", tree())
    assert finished.returncode == 1 and "src/drawer is not in the layer table" in finished.stdout


def test_a_row_without_a_folder_is_an_error(tree, tool):
    (tree() / "src/net/good.h").unlink()
    (tree() / "src/net").rmdir()
    finished = tool("check_layers", tree())
    assert finished.returncode == 1 and "names src/net, which does not exist" in finished.stdout


def test_a_row_may_name_only_rows_above_it(tree, tool):
    text = (tree() / "ARCHITECTURE.md").read_text()
    tree("ARCHITECTURE.md", text.replace("| ground | - |", "| ground | net |"))
    finished = tool("check_layers", tree())
    assert finished.returncode == 1 and "base may include net, which is no row above it" in finished.stdout


def test_a_missing_table_is_an_error(tree, tool):
    tree("ARCHITECTURE.md", "# Map\n")
    finished = tool("check_layers", tree())
    assert finished.returncode == 1 and "no table" in finished.stdout


def test_the_rule_holds_here(tool):
    finished = tool("check_layers")
    assert (finished.returncode, finished.stdout) == (0, "")
