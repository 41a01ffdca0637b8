# SPDX-License-Identifier: MIT
"""The Python side of HttpSession: what real `requests` objects are asked for, nothing of a plain request."""
