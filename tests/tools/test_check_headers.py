# SPDX-License-Identifier: MIT


def test_headers_that_include_what_they_use_pass(tree, tool):
    tree("src/base/size.h", "#pragma once\n#include <stddef.h>\nsize_t acr_size(void);\n")
    tree("src/net/user.h", '#pragma once\n#include "base/size.h"\nsize_t acr_more(size_t size);\n')
    tree("src/python/object.h", "#pragma once\n#include <Python.h>\nextern PyTypeObject acr_type;\n")
    finished = tool("check_headers", tree())
    assert (finished.returncode, finished.stdout) == (0, "")


def test_a_header_that_needs_another_before_it_is_named(tree, tool):
    tree("src/net/broken.h", "#pragma once\nsize_t acr_size(void);\n")
    finished = tool("check_headers", tree())
    assert finished.returncode == 1
    assert "src/net/broken.h does not compile alone" in finished.stdout and "good.h" not in finished.stdout
