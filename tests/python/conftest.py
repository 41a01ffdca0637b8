# SPDX-License-Identifier: MIT
"""Tests of python/locust: with the real extension when it is on the path, else with the stand-in."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "python"))
try:
    import _acrida  # noqa: F401
except ImportError:
    from gevent import monkey

    monkey.patch_all()
    sys.path.insert(0, os.path.dirname(__file__))
    import fake_acrida

    sys.modules["_acrida"] = fake_acrida

import locust  # noqa: E402, F401
