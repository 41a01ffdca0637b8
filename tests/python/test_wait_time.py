# SPDX-License-Identifier: MIT
import pytest
from locust import between, constant, constant_pacing, constant_throughput, wait_time
from locust.user import wait_time as new_place


def test_between_stays_between():
    wait = between(1, 2)
    assert all(1 <= wait(None) <= 2 for _ in range(100))
    assert len({wait(None) for _ in range(100)}) > 50


def test_between_takes_its_bounds_in_either_order():
    assert 1 <= between(2, 1)(None) <= 2


def test_constant_is_constant():
    assert constant(3.5)(None) == 3.5


def test_pacing_does_not_wait_longer_than_its_interval():
    class One:
        wait_time = constant_pacing(2)
        other = constant_throughput(0.5)

    assert 0 <= One().wait_time() <= 2
    assert 0 <= One().other() <= 2


@pytest.mark.parametrize("make", [lambda: constant(-1), lambda: between(-1, 2), lambda: constant(float("nan"))])
def test_bounds_that_make_no_sense_are_a_value_error(make):
    with pytest.raises(ValueError):
        make()


def test_both_places_of_import_have_the_same_functions():
    assert wait_time.between is new_place.between is between
