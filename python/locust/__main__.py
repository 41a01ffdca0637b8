# SPDX-License-Identifier: MIT
"""`python3 -m locust` is the program."""
from .main import main

main()
