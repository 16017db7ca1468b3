"""Debug mode is on where it was asked for."""

import os
import subprocess
import sys
import threading

import pytest

from adjoint2rrule.core import (
    BadInplaceError,
    LyingRuleError,
    PrimalAdditionError,
    TangentMismatchError,
    debug_mode,
    debugging,
)


def test_it_is_on_inside_the_block_alone():
    outside = debug_mode()
    with debugging():
        assert debug_mode() is True
        with debugging(False):
            assert debug_mode() is False
        assert debug_mode() is True
    assert debug_mode() is outside


def test_an_error_switches_it_back():
    outside = debug_mode()
    with pytest.raises(KeyError), debugging(not outside):
        raise KeyError
    assert debug_mode() is outside


def test_other_threads_are_not_concerned():
    seen = []
    with debugging():
        thread = threading.Thread(target=lambda: seen.append(debug_mode()))
        thread.start()
        thread.join()
    assert seen == [debug_mode()]


@pytest.mark.parametrize(("value", "on"), [("1", True), ("0", False), ("", False), (None, False)])
def test_the_environment_switches_it_on(value, on):
    environment = {name: text for name, text in os.environ.items() if name != "ADJOINT2RRULE_DEBUG"}
    if value is not None:
        environment["ADJOINT2RRULE_DEBUG"] = value
    code = "from adjoint2rrule.core import debug_mode; print(debug_mode())"
    run = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == str(on)


def test_the_environment_has_rules_checked():
    code = """
from adjoint2rrule.core import LyingRuleError, rrule
def f(x):
    return x
rrule.register(f)(lambda f, x: (x, lambda y: None))
try:
    rrule(f, 1.0)[1](1.0)
except LyingRuleError:
    print("found")
"""
    run = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"ADJOINT2RRULE_DEBUG": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout == "found\n"


def test_a_generator_that_is_left_inside_a_block_leaves_others_alone():
    def values():
        with debugging():
            yield debug_mode()

    outside = debug_mode()
    generator = values()
    assert next(generator) is True
    generator.close()
    assert debug_mode() is outside


def test_every_error_that_debug_mode_finds_is_in_its_documentation():
    documented = sys.modules[debug_mode.__module__].__doc__
    for error in (LyingRuleError, BadInplaceError, PrimalAdditionError, TangentMismatchError):
        assert f"`{error.__name__}`" in documented
