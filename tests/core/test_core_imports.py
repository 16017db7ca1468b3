"""What importing the runtime costs: nothing but numpy and plum, and no part of the converter."""

import subprocess
import sys

import adjoint2rrule.core as core

FOREIGN = {"libcst", "click", "rich", "pathspec", "scipy", "jax", "torch", "autograd", "fdm", "attr", "sympy"}


def test_the_runtime_loads_nothing_that_it_does_not_need():
    code = "import sys, adjoint2rrule.core; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in run.stdout.split()}
    assert not loaded & FOREIGN
    parts = {name for name in run.stdout.split() if name.startswith("adjoint2rrule.")}
    assert all(name.startswith("adjoint2rrule.core") for name in parts)


def test_every_exported_name_is_there_once_and_in_order():
    assert len(set(core.__all__)) == len(core.__all__)
    assert core.__all__ == sorted(core.__all__)
    assert all(hasattr(core, name) for name in core.__all__)


def test_every_exception_is_a_rule_error_and_a_builtin_one():
    errors = [x for x in vars(core).values() if isinstance(x, type) and issubclass(x, BaseException)]
    assert len(errors) >= 9
    for error in errors:
        assert error.__doc__
        if error is not core.RuleError:
            assert issubclass(error, core.RuleError)
            assert any(base.__module__ == "builtins" for base in error.__bases__)
