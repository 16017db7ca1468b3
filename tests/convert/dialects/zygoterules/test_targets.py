"""`targets`: what a definition is a rule for, and how `register` is told."""

from __future__ import annotations

import ast

import pytest

from adjoint2rrule.convert.dialects.zygoterules.problems import Problem
from adjoint2rrule.convert.dialects.zygoterules.targets import Target, Targets
from adjoint2rrule.convert.model import Kind, Severity
from tests.convert.building import Sample, expression, sample


def targets_in(file: Sample) -> Targets:
    rules = {
        node
        for node in ast.walk(file.unit.module.tree)
        if isinstance(node, ast.FunctionDef)
        and any(isinstance(d, ast.Name) and d.id == "adjoint" for d in node.decorator_list)
    }
    return Targets(file.project, file.unit, rules)


def plain(text: str, name: str = "f", root=None, files=None) -> Target | Problem:
    """Return what the last definition called `name` in a file is a rule for."""
    file = sample(text, root, files)
    node = file.definition(name)
    assert isinstance(node, ast.FunctionDef)
    return targets_in(file).of_plain(node, file.outside(name))


def explicit(head: str, target: str, root=None, files=None) -> Target | Problem:
    """Return what ``@adjoint(target)`` is a rule for."""
    file = sample(head, root, files)
    return targets_in(file).of_explicit(expression(target), file.scope)


def known(found: Target | Problem) -> tuple[Kind, str, str, int]:
    assert isinstance(found, Target), found
    return found.kind, found.text, found.name, len(found.notes)


RULE = "@adjoint\ndef f(x): ...\n"

# -- the plain form ----------------------------------------------------------------------------

PLAIN = {
    "def f(x): ...\n": (Kind.FUNCTION, "f", "f", 0),
    "f = lambda x: x\n": (Kind.FUNCTION, "f", "f", 0),
    "class f: ...\n": (Kind.CONSTRUCTOR, "type[f]", "f", 0),
    "from numpy import sin as f\n": (Kind.FUNCTION, "f", "f", 0),
    "from numpy import ndarray as f\n": (Kind.CONSTRUCTOR, "type[f]", "f", 0),
    "from bisect import bisect_left as f\n": (Kind.FUNCTION, "f", "f", 0),
    "from fractions import Fraction as f\n": (Kind.CONSTRUCTOR, "type[f]", "f", 0),
    "from collections import namedtuple\nf = namedtuple('f', 'x')\n": (Kind.CONSTRUCTOR, "type[f]", "f", 0),
    "from nowhere_at_all import f\n": (Kind.FUNCTION, "f", "f", 1),
    "f = make()\n": (Kind.FUNCTION, "f", "f", 1),
    "def f(x): ...\n@adjoint\ndef f(x: int): ...\n": (Kind.FUNCTION, "f", "f", 0),
}


@pytest.mark.parametrize(("before", "wanted"), PLAIN.items(), ids=PLAIN)
def test_plain_form_is_for_what_its_name_denotes(before, wanted):
    assert known(plain(before + RULE)) == wanted


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("len", (Kind.FUNCTION, "len", "len", 0)),
        ("sum", (Kind.FUNCTION, "sum", "sum", 0)),
        ("float", (Kind.CONSTRUCTOR, "type[float]", "float", 0)),
    ],
)
def test_plain_form_reaches_the_builtins(name, wanted):
    assert known(plain(f"@adjoint\ndef {name}(x): ...", name)) == wanted


def test_plain_form_reaches_what_a_star_import_gives(tmp_path):
    found = plain(f"from shapes import *\n{RULE}", "f", tmp_path, {"shapes.py": "class f: ...\n"})
    assert known(found) == (Kind.CONSTRUCTOR, "type[f]", "f", 0)


def test_star_import_of_a_legacy_module_gives_no_target():
    found = plain(f"from zygoterules import *\n{RULE}")
    assert isinstance(found, Problem)
    assert found.slug == "unknown-target"


def test_plain_form_in_a_function_is_for_what_the_function_or_the_module_binds():
    local = "def outer():\n    class f: ...\n    @adjoint\n    def f(x): ..."
    assert known(plain(local))[0] is Kind.CONSTRUCTOR
    module = "class f: ...\ndef outer():\n    @adjoint\n    def f(x): ..."
    assert known(plain(module))[0] is Kind.CONSTRUCTOR


@pytest.mark.parametrize(
    "text",
    [
        RULE,
        f"{RULE}def g(): ...\n",
        f"{RULE}def f(y): ...\n",
    ],
)
def test_name_that_is_not_bound_above_is_no_target(text):
    file = sample(text)
    node = next(n for n in file.unit.module.tree.body if getattr(n, "decorator_list", None))
    found = targets_in(file).of_plain(node, file.scope)
    assert isinstance(found, Problem)
    assert found.slug == "unknown-target"
    assert "`f` is not bound where the rule stands" in found.message


def test_name_that_may_be_a_class_or_a_function_is_no_target():
    found = plain(f"if x:\n    class f: ...\nelse:\n    def f(x): ...\n{RULE}")
    assert isinstance(found, Problem)
    assert found.slug == "unknown-target"
    assert "`f` may be a class or a function" in found.message


# -- functors ----------------------------------------------------------------------------------


@pytest.mark.parametrize("annotation", ["Affine", "'Affine'", "shapes.Affine", "Affine[int]"])
def test_call_is_a_rule_for_the_instances_of_its_first_parameters_class(annotation, tmp_path):
    text = f"import shapes\nfrom shapes import Affine\n@adjoint\ndef __call__(self: {annotation}, x): ...\n"
    found = plain(text, "__call__", tmp_path, {"shapes.py": "class Affine: ...\n"})
    text = annotation.strip("'").removesuffix("[int]")
    assert known(found) == (Kind.FUNCTOR, text, "Affine", 0)
    assert isinstance(found, Target)
    assert found.symbol is not None
    assert found.symbol.dotted == "shapes.Affine"


@pytest.mark.parametrize("parameters", ["self, x", "", "self: Optional[Affine]", "self: 'not valid('"])
def test_call_without_a_class_is_no_target(parameters):
    found = plain(f"class Affine: ...\n@adjoint\ndef __call__({parameters}): ...\n", "__call__")
    assert isinstance(found, Problem)
    assert found.slug == "unknown-target"
    assert "the first parameter of `__call__` does not say whose instances are called" in found.message


def test_call_on_a_function_is_no_target():
    found = plain("def affine(): ...\n@adjoint\ndef __call__(self: affine): ...\n", "__call__")
    assert isinstance(found, Problem)
    assert "`affine` is not a class, as far as can be told" in found.message


def test_class_of_a_functor_that_is_not_found_is_assumed():
    found = plain(
        "from nowhere_at_all import Affine\n@adjoint\ndef __call__(self: Affine): ...\n", "__call__"
    )
    assert known(found) == (Kind.FUNCTOR, "Affine", "Affine", 1)


# -- the explicit form -------------------------------------------------------------------------

HEAD = """\
import numpy as np
from numpy.linalg import inv
from nowhere_at_all import Thing, thing
import nowhere_at_all as nw
import functools, enum
class Layer:
    def forward(self, x): ...
    @staticmethod
    def make(x): ...
    @property
    def size(self): ...
    @functools.cached_property
    def depth(self): ...
    def __call__(self, x): ...
    class Inner:
        def __call__(self, x): ...
class Deep(Layer): ...
class Wrapped:
    @functools.lru_cache
    def __call__(self, x): ...
class Assigned:
    def forward(self, x): ...
    __call__ = forward
class Foreign(nw.Thing): ...
class Op(enum.Enum):
    ADD = 1
def solve(A): ...
HALF = functools.partial(solve, 0.5)
LAYER = Layer()
"""
EXPLICIT = {
    "np.linalg.inv": (Kind.FUNCTION, "np.linalg.inv", "inv", 0),
    "inv": (Kind.FUNCTION, "inv", "inv", 0),
    "np.sin": (Kind.FUNCTION, "np.sin", "sin", 0),
    "len": (Kind.FUNCTION, "len", "len", 0),
    "solve": (Kind.FUNCTION, "solve", "solve", 0),
    "np.ndarray": (Kind.CONSTRUCTOR, "type[np.ndarray]", "ndarray", 0),
    "complex": (Kind.CONSTRUCTOR, "type[complex]", "complex", 0),
    "Layer": (Kind.CONSTRUCTOR, "type[Layer]", "Layer", 0),
    "Layer.Inner": (Kind.CONSTRUCTOR, "type[Layer.Inner]", "Inner", 0),
    "Layer.forward": (Kind.FUNCTION, "Layer.forward", "forward", 0),
    "Layer.make": (Kind.FUNCTION, "Layer.make", "make", 0),
    "Deep.make": (Kind.FUNCTION, "Deep.make", "make", 0),
    "Deep.forward": (Kind.FUNCTION, "Deep.forward", "forward", 0),
    "Deep.Inner": (Kind.CONSTRUCTOR, "type[Deep.Inner]", "Inner", 0),
    "Foreign.forward": (Kind.FUNCTION, "Foreign.forward", "forward", 1),
    "Op.ADD": (Kind.FUNCTION, "Op.ADD", "ADD", 0),
    "HALF": (Kind.FUNCTION, "HALF", "HALF", 0),
    "LAYER": (Kind.FUNCTION, "LAYER", "LAYER", 0),
    "Layer.__call__": (Kind.FUNCTOR, "Layer", "Layer", 0),
    "Layer.Inner.__call__": (Kind.FUNCTOR, "Layer.Inner", "Inner", 0),
    "Thing": (Kind.CONSTRUCTOR, "type[Thing]", "Thing", 1),
    "thing": (Kind.FUNCTION, "thing", "thing", 1),
    "nw.Thing": (Kind.CONSTRUCTOR, "type[nw.Thing]", "Thing", 1),
    "nw._Thing": (Kind.CONSTRUCTOR, "type[nw._Thing]", "_Thing", 1),
    "Thing.__call__": (Kind.FUNCTOR, "Thing", "Thing", 1),
    "parameter": (Kind.FUNCTION, "parameter", "parameter", 1),
}


@pytest.mark.parametrize(("target", "wanted"), EXPLICIT.items(), ids=EXPLICIT)
def test_explicit_form_is_for_its_target(target, wanted):
    assert known(explicit(HEAD, target)) == wanted


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("make(x)", "what `make(x)` is cannot be told from the source"),
        ("table['f']", "what `table['f']` is cannot be told"),
        ("lambda x: x", "cannot be told"),
        ("Layer.size", "`Layer.size` is a property, which the legacy runtime takes no rules for"),
        ("Deep.depth", "`Deep.depth` is a property"),
        ("Deep.__call__", "`Deep` has its `__call__` from elsewhere, so that the rule is not its own"),
        ("Wrapped.__call__", "`Wrapped` has its `__call__` from elsewhere"),
        ("Assigned.__call__", "`Assigned` has its `__call__` from elsewhere"),
        ("Op.__call__", "`Op` has its `__call__` from elsewhere"),
        ("LAYER.__call__", "`LAYER` is not a class"),
        ("solve.__call__", "`solve` is not a class"),
    ],
)
def test_what_is_no_target_says_why(target, message):
    found = explicit(HEAD, target)
    assert isinstance(found, Problem)
    assert found.slug == "unknown-target"
    assert message in found.message
    assert found.hint


@pytest.mark.parametrize(
    ("target", "message", "hint"),
    [
        ("Thing", "`Thing` is taken for a class, by its name: no source or stub of it was found", ""),
        (
            "nw.thing",
            "`nw.thing` is taken for a function, by its name: no source or stub of it was found",
            "If it is a class, write `type[nw.thing]` in the rule's `register`.",
        ),
    ],
)
def test_assumption_is_noted(target, message, hint):
    file = sample(HEAD + target)
    node = file.unit.module.tree.body[-1].value
    found = targets_in(file).of_explicit(node, file.scope)
    assert isinstance(found, Target)
    (note,) = found.notes
    assert (note.slug, note.severity, note.line) == ("assumed-target", Severity.NOTE, HEAD.count("\n") + 1)
    assert (note.message, note.hint) == (message, hint)
