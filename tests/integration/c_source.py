# SPDX-License-Identifier: MIT
"""What every scenario in C of the tests begins with."""

HEAD = "#include <acrida.h>\n#include <stdio.h>\n#include <string.h>\n"
