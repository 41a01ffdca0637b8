# SPDX-License-Identifier: MIT


def test_every_test_function_is_called_in_order(tmp_path, tool):
    source, output = tmp_path / "test_a.c", tmp_path / "out.c"
    source.write_text("static int setup(void **state)\n{\n}\nstatic void test_b(void **state)\n{\n}\n"
                      "static void helper(void)\n{\n}\nstatic void test_a(void **state)\n{\n}\n")
    assert tool("collect_tests", source, output).returncode == 0
    text = output.read_text()
    assert text.index("teardown(test_b, setup, NULL)") < text.index("teardown(test_a, setup, NULL)")
    assert "helper" not in text and f'#include "{source}"' in text


def test_a_file_without_tests_is_an_error(tmp_path, tool):
    (tmp_path / "test_a.c").write_text("static void check_a(void **state)\n{\n}\n")
    finished = tool("collect_tests", tmp_path / "test_a.c", tmp_path / "out.c")
    assert finished.returncode == 1 and "no function" in finished.stdout
