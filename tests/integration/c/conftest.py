# SPDX-License-Identifier: MIT
"""What tests of scenarios in C share."""
import pytest

from c_source import HEAD


@pytest.fixture
def play_c(play, script):
    """play_c(text, *options, name): as play(), for a scenario in C."""

    def play_scenario(text, *options, name="scenario.c", **more):
        return play(script(HEAD + text, name), *options, **more)

    return play_scenario
