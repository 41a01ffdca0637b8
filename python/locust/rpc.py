# SPDX-License-Identifier: MIT
"""Locust's messages between master and slaves: not there yet. Who imports this module is told so."""
raise ImportError("locust.rpc: this version has no cluster yet, so there are no messages between master and slaves",
                  name=__name__)
