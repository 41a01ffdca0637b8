# SPDX-License-Identifier: MIT
"""The Python side of HttpSession: only what real `requests` objects are asked for runs here, nothing of a plain request."""
