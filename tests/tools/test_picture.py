# SPDX-License-Identifier: MIT
import xml.etree.ElementTree as ElementTree

SVG = "{http://www.w3.org/2000/svg}"


def test_a_picture_holds_the_command_and_each_line_at_its_place(tree, tool):
    path = tree() / "run.svg"
    finished = tool("picture", path, "printf", r"[now] a record\n\n Name  <1 & 2>\n")
    assert (finished.returncode, finished.stdout) == (0, "")
    image = ElementTree.parse(path).getroot()
    lines = image.findall(f"{SVG}text")
    assert [line.text for line in lines] == [r"$ printf '[now] a record\n\n Name  <1 & 2>\n'", "[now] a record",
                                             " Name  <1 & 2>"]
    assert [line.get("class") for line in lines] == ["command", "record", None]
    heights = [int(line.get("y")) for line in lines]
    assert heights[2] - heights[1] == 2 * (heights[1] - heights[0]), "an empty line takes its place"
    assert max(heights) < int(image.get("height"))


def test_without_a_command_its_use_is_told(tree, tool):
    finished = tool("picture", tree() / "run.svg")
    assert finished.returncode == 1 and "picture.py FILE COMMAND" in finished.stdout
