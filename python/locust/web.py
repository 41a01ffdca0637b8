# SPDX-License-Identifier: MIT
"""Locust's web page: not there yet. A locustfile that extends it is told so where it imports this module."""
raise ImportError("locust.web: this version has no web page yet, so a locustfile cannot add to it. Leave out what imports "
                  "`web` and uses web.app; the test itself runs with --no-web", name=__name__)
