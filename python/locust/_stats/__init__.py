# SPDX-License-Identifier: MIT
"""What `locust.stats` is made of: numbers drawn from response times, entries, and views on the engine's statistics."""
