# SPDX-License-Identifier: MIT
"""Helpers that scripts import."""
