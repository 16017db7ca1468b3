"""What importing the runtime costs: nothing but numpy, and no part of the converter."""

import subprocess
import sys

import adjoint2rrule.core as core

SCRIPT = """
import sys
at_start = set(sys.modules)  # what the environment itself loads
from adjoint2rrule.core import Tangent, rrule

@rrule.register(abs)
def abs_rrule(abs, x: float): ...

@rrule.register(abs)
def list_rrule(abs, x: list[float]): ...

rrule(abs, [1.0])
print(*set(sys.modules) - at_start)
"""


def test_the_runtime_loads_numpy_and_the_standard_library_alone():
    run = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    loaded = run.stdout.split()
    packages = {name.partition(".")[0] for name in loaded} - sys.stdlib_module_names
    assert packages == {"adjoint2rrule", "numpy"}
    parts = {name for name in loaded if name.startswith("adjoint2rrule.")}
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
            assert any(
                base.__module__ == "builtins" for base in error.__mro__[: error.__mro__.index(Exception)]
            )
