"""Debug mode is on where it was asked for."""

import os
import subprocess
import sys
import threading

import pytest

from adjoint2rrule.core import debug_mode, debugging


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
