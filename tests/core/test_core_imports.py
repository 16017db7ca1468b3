"""What importing the runtime costs and gives: nothing but numpy, and the public names, in any interpreter."""

import ast
import inspect
import pydoc
import re
import subprocess
import sys
from pathlib import Path

import pytest

import adjoint2rrule.core as core

PACKAGE = Path(core.__file__).parent
TESTS = Path(__file__).parent
#: Tables that have an entry for every name, and so show nothing about one.
OF_ALL_NAMES = ("test_core_imports.py", "test_docstrings.py", "test_public_objects.py", "test_typing.py")

SCRIPT = """
import sys
import numpy
at_start = set(sys.modules)  # what numpy and the environment itself load
from adjoint2rrule.core import Tangent, rrule

@rrule.register(abs)
def abs_rrule(abs, x: float): ...

@rrule.register(abs)
def list_rrule(abs, x: list[float]): ...

rrule(abs, [1.0])
print(*set(sys.modules) - at_start)
"""


def output_of(script, *options):
    run = subprocess.run(
        [sys.executable, *options, "-c", script], capture_output=True, text=True, encoding="utf-8"
    )
    assert run.stderr == ""
    assert run.returncode == 0
    return run.stdout


def test_the_runtime_loads_numpy_and_the_standard_library_alone():
    loaded = output_of(SCRIPT).split()
    packages = {name.partition(".")[0] for name in loaded} - sys.stdlib_module_names
    assert packages - {"numpy"} == {"adjoint2rrule"}
    parts = {name for name in loaded if name.startswith("adjoint2rrule.")}
    assert all(name.startswith("adjoint2rrule.core") for name in parts)


# Every kind of tangent once, and what looks for libraries that may not be there.
USE = """
from dataclasses import dataclass

import numpy as np
from adjoint2rrule.core import *

@dataclass
class Layer:
    weights: object
    bias: float = 0.0

def apply(layer, x):
    return layer.weights @ x

@rrule.register(apply)
def apply_rrule(apply, layer, x: np.ndarray):
    def apply_pullback(ȳ):
        weights = InplaceableThunk(lambda w: np.add(w, np.outer(ȳ, x), out=w), thunk(lambda: np.outer(ȳ, x)))
        return NoTangent(), Tangent[Layer](weights=weights), thunk(lambda: layer.weights.T @ ȳ)

    return apply(layer, x), apply_pullback

layer = Layer(np.eye(2))
y, pullback = rrule(apply, layer, np.ones(2))
_, dlayer, dx = pullback(y)
total = add_inplace(zero_tangent(layer), dlayer)
print(repr(canonicalize(total)), unthunk(dx), layer + dlayer, backing(dlayer)["weights"] + 1, sep="\\n")
try:
    1 / ZeroTangent()
except RuleError as error:
    print(error)
"""
WITHOUT = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"attr", "attrs", "jax", "plum", "scipy", "torch"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
"""
THREADS = """
import importlib, threading
barrier, seen = threading.Barrier(8), []

def load():
    barrier.wait()
    seen.append(importlib.import_module("adjoint2rrule.core").ZeroTangent())

threads = [threading.Thread(target=load) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert len(seen) == 8 and len(set(map(id, seen))) == 1
"""
AGAIN = """
import sys, adjoint2rrule.core
first = adjoint2rrule.core
for name in [name for name in sys.modules if name.startswith("adjoint2rrule")]:
    del sys.modules[name]
import adjoint2rrule.core
assert adjoint2rrule.core is not first and adjoint2rrule.core.__all__ == first.__all__
"""
EXPECTED = """\
MutableTangent[Layer](weights=array([[1., 1.],
       [1., 1.]]), bias=0.0)
[1. 1.]
Layer(weights=array([[2., 1.],
       [1., 2.]]), bias=0.0)
[[2. 2.]
 [2. 2.]]
division by ZeroTangent()
"""


@pytest.mark.parametrize(
    ("before", "options"),
    [
        ("", []),
        ("", ["-O"]),
        ("", ["-OO"]),
        ("", ["-W", "error"]),
        ("", ["-X", "dev", "-W", "error"]),
        (WITHOUT, []),
        (THREADS, []),
        (AGAIN, []),
    ],
    ids=["plain", "-O", "-OO", "-W error", "-X dev", "without scipy and attrs", "from threads", "once more"],
)
def test_the_runtime_works_the_same_in_every_interpreter(before, options):
    assert output_of(before + USE, *options) == EXPECTED


def test_every_exported_name_is_there_once_and_in_order():
    assert len(set(core.__all__)) == len(core.__all__)
    assert core.__all__ == sorted(core.__all__)
    assert all(hasattr(core, name) for name in core.__all__)


def test_a_star_imports_the_public_names_and_no_others():
    namespace = {}
    exec("from adjoint2rrule.core import *", namespace)
    assert sorted(namespace.keys() - {"__builtins__"}) == core.__all__


def test_no_public_name_is_left_out_of_the_exports():
    defined = {name for name, x in vars(core).items() if not name.startswith("_") and not inspect.ismodule(x)}
    assert defined == set(core.__all__)


@pytest.mark.parametrize("name", core.__all__)
class TestName:
    """What an editor or the interactive interpreter shows of a name."""

    def test_its_signature_can_be_asked_for(self, name):
        signature = inspect.signature(getattr(core, name))
        # what `*args` and `**kwargs` alone would hide
        assert str(signature) not in ("(*args, **kwargs)", "(*args: 'Any', **kw: 'Any')")

    def test_it_says_which_module_of_the_runtime_it_is_from(self, name):
        x = getattr(core, name)
        assert x.__module__.startswith("adjoint2rrule.core.")
        assert getattr(sys.modules[x.__module__], name) is x

    def test_its_help_shows_its_docstring(self, name):
        x = getattr(core, name)
        text = pydoc.plain(pydoc.render_doc(x))
        summary = inspect.getdoc(x).splitlines()[0]
        assert summary in text
        assert name in text.splitlines()[0] + text.splitlines()[2]
        assert " object at 0x" not in text

    def test_a_test_names_it(self, name):
        tests = [path for path in TESTS.rglob("test_*.py") if path.name not in OF_ALL_NAMES]
        assert any(re.search(rf"\b{name}\b", path.read_text(encoding="utf-8")) for path in tests)


def test_the_documentation_of_the_whole_package_can_be_rendered():
    text = pydoc.plain(pydoc.render_doc(core))
    assert all(re.search(rf"\b{name}\b", text) for name in core.__all__)


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_a_module_has_no_more_than_250_lines_beside_its_docstrings(path):
    source = path.read_text(encoding="utf-8")
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    docstrings = [
        node.body[0]
        for node in ast.walk(ast.parse(source))
        if isinstance(node, documented) and ast.get_docstring(node) is not None
    ]
    in_docstrings = sum(node.end_lineno - node.lineno + 1 for node in docstrings)
    assert len(source.splitlines()) - in_docstrings <= 250


def test_every_exception_is_a_rule_error_and_a_builtin_one():
    errors = [x for x in vars(core).values() if isinstance(x, type) and issubclass(x, BaseException)]
    assert len(errors) >= 17
    for error in errors:
        if error is not core.RuleError:
            assert issubclass(error, core.RuleError)
            assert any(
                base.__module__ == "builtins" for base in error.__mro__[: error.__mro__.index(Exception)]
            )
