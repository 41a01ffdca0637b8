# SPDX-License-Identifier: MIT
import argparse

import pytest
from locust import main
from locust._loading import LoadError, UsageError
from locust.argument_parser import LocustArgumentParser, own_options_help, read_options


@pytest.fixture
def parser():
    parser = LocustArgumentParser()
    parser.add_argument("--tenant", default="acme", env_var="SHOP_TENANT", help="whose shop it is")
    parser.add_argument("--batch-size", type=int, default=3, is_required=True, include_in_web_ui=False)
    parser.add_argument("--dry", action="store_true", env_var="SHOP_DRY")
    group = parser.add_argument_group("tuning", "How hard to push")
    group.add_argument("-Q", "--queue", choices=["fast", "slow"], env_var="SHOP_QUEUE", is_secret=True)
    either = group.add_mutually_exclusive_group()
    either.add_argument("--here", nargs="*", env_var="SHOP_HERE")
    either.add_argument("--there", dest="where", is_multiple=True)
    return parser


def read(parser, *rest, known=()):
    return read_options(parser, known, rest)


def test_values_and_names_of_classes_are_told_apart(parser):
    options, names = read(parser, "--tenant", "globex", "User", "--batch-size=7", "Other", "-Qfast", "--dry")
    assert names == ["User", "Other"] == options.user_classes
    assert (options.tenant, options.batch_size, options.queue, options.dry) == ("globex", 7, "fast", True)


def test_what_is_not_given_has_its_default_and_the_programs_options_are_there_by_both_names(parser):
    options, _ = read(parser, known=["-c", "5", "--no-web", "-t1m", "-T", "a", "b"])
    assert (options.tenant, options.batch_size, options.dry, options.queue) == ("acme", 3, False, None)
    assert options.num_users == options.num_clients == 5 and options.headless and options.run_time == 60
    assert options.tags == ["a", "b"] and options.exclude_tags is None and options.host is None


@pytest.mark.parametrize("rest, reason", [
    (["--nothing"], "no such option: --nothing"), (["--nothing=5"], "no such option: --nothing"),
    (["-xy"], "no such option: -x"), (["--batch-size", "x"], "argument --batch-size: invalid int value: 'x'"),
    (["--tenant"], "argument --tenant: expected one argument"), (["-Q", "medium"], "argument -Q/--queue: invalid choice"),
    (["--there", "a", "--here"], "not allowed with argument")])
def test_a_wrong_option_is_refused(parser, rest, reason):
    with pytest.raises(UsageError, match="(?s)^.*" + reason):
        read(parser, *rest)


@pytest.mark.parametrize("variable, value, name, wanted", [
    ("SHOP_TENANT", "-5 %", "tenant", "-5 %"), ("SHOP_DRY", "Yes", "dry", True), ("SHOP_DRY", "0", "dry", False),
    ("SHOP_QUEUE", "slow", "queue", "slow"), ("SHOP_HERE", "[a, b]", "here", ["a", "b"]),
    ("SHOP_HERE", "a b", "here", ["a b"])])
def test_the_environment_counts_when_the_option_is_not_given(parser, monkeypatch, variable, value, name, wanted):
    monkeypatch.setenv(variable, value)
    assert getattr(read(parser)[0], name) == wanted
    if name == "tenant":
        assert read(parser, "--tenant", "globex")[0].tenant == "globex"


def test_wrong_values_in_the_environment_are_refused(parser, monkeypatch):
    monkeypatch.setenv("SHOP_QUEUE", "medium")
    with pytest.raises(UsageError, match="invalid choice: 'medium'"):
        read(parser)
    monkeypatch.setenv("SHOP_DRY", "perhaps")
    with pytest.raises(UsageError, match="SHOP_DRY must be true or false, not 'perhaps'"):
        read(parser)


def test_options_of_the_program_cannot_be_added(parser):
    parser.add_argument("--users")
    with pytest.raises(LoadError, match="conflicting option string: --users"):
        read(parser)
    with pytest.raises(argparse.ArgumentError):
        parser.add_argument("--tenant")


def test_help_shows_what_was_added(parser):
    text = own_options_help(parser)
    assert "whose shop it is [env var: SHOP_TENANT]" in text and "tuning:\n  How hard to push" in text
    assert own_options_help(LocustArgumentParser()) == ""


def test_the_programs_names_are_known():
    assert {"-h", "--help", "-c", "--users", "--tags", "-V"} <= main.option_names()
