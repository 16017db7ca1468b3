"""How a test gets hold of what a rule is for."""

import pytest

from adjoint2rrule.proof.model import Reach
from tests.convert.building import write
from tests.proof.building import subject_in, subjects_in

CALLEES = [
    # what stands above the rule, the target, how it is reached, its expression, the imports
    ("def f(x): ...", "f", Reach.NAMED, "f", ["from lab.rules import f"]),
    ("import numpy as np", "np.linalg.inv", Reach.NAMED, "np.linalg.inv", ["import numpy as np"]),
    ("import numpy.linalg", "numpy.linalg.inv", Reach.NAMED, "numpy.linalg.inv", ["import numpy.linalg"]),
    ("from scipy.special import erf", "erf", Reach.NAMED, "erf", ["from scipy.special import erf"]),
    ("from scipy import special as s", "s.erf", Reach.NAMED, "s.erf", ["from scipy import special as s"]),
    ("from .films import phase", "phase", Reach.NAMED, "phase", ["from lab.films import phase"]),
    ("class Foo: ...", "type[Foo]", Reach.NAMED, "Foo", ["from lab.rules import Foo"]),
    ("class Foo: ...", "Foo", Reach.INSTANCE, "Foo", ["from lab.rules import Foo"]),
    ("class Foo:\n    def go(self): ...", "Foo.go", Reach.NAMED, "Foo.go", ["from lab.rules import Foo"]),
    ("", "getattr", Reach.NAMED, "getattr", []),
    ("", "abs", Reach.NAMED, "abs", []),
    # what the module has by one way or another, it has
    (
        "try:\n    from fast import f\nexcept ImportError:\n    from slow import f",
        "f",
        Reach.NAMED,
        "f",
        ["from lab.rules import f"],
    ),
    ("from numpy import *", "inv", Reach.NAMED, "inv", ["from lab.rules import inv"]),
]


@pytest.mark.parametrize(("above", "target", "reach", "text", "imports"), CALLEES)
def test_target_is_reached_as_the_module_has_it(above, target, reach, text, imports, tmp_path):
    callee = subject_in(f"{above}\n@rrule.register({target})\ndef rule(f, x): ...", tmp_path).callee
    assert (callee.reach, callee.expression.text, callee.problem) == (reach, text, "")
    assert sorted(map(str, callee.expression.imports)) == imports


def test_function_that_gives_rules_to_its_arguments_stands_for_each_of_them(tmp_path):
    text = """
    import numpy as np
    from adjoint2rrule.core import rrule

    def elementwise(f, df):
        @rrule.register(f)
        def rule(f, x): ...

    elementwise(np.sin, np.cos)
    elementwise(df=np.exp, f=np.exp)
    """
    subjects = subjects_in(text, tmp_path)
    assert [s.callee.expression.text for s in subjects] == ["np.sin", "np.exp"]
    assert [s.name for s in subjects] == ["np.sin", "np.exp"]


def test_function_that_another_makes_and_returns_is_reached_through_it(tmp_path):
    text = """
    def make_filter(n: int, low=0.1):
        def apply(x): ...

        @rrule.register(apply)
        def rule(apply, x): ...

        return apply
    """
    callee = subject_in(text, tmp_path).callee
    assert (callee.reach, callee.expression.text) == (Reach.MADE, "make_filter")
    assert [p.name for p in callee.parameters] == ["n", "low"]


def test_import_inside_of_a_function_that_runs_on_import_is_followed(tmp_path):
    text = """
    def register_norm():
        from scipy.sparse.linalg import norm

        @rrule.register(norm)
        def rule(norm, A): ...

    register_norm()
    """
    callee = subject_in(text, tmp_path).callee
    assert list(map(str, callee.expression.imports)) == ["from scipy.sparse.linalg import norm"]


def test_method_named_in_the_body_of_its_class_is_read_from_the_class(tmp_path):
    text = """
    class Layer:
        def phase(self, wavelength): ...

        @rrule.register(phase)
        def _(phase, self, wavelength): ...
    """
    subject = subject_in(text, tmp_path)
    assert (subject.name, subject.callee.expression.text) == ("Layer.phase", "Layer.phase")
    assert [p.name for p in subject.parameters] == ["self", "wavelength"]


OUT_OF_REACH = [
    ("@rrule.register(table['f'])\ndef rule(f, x): ...", "no name of its own"),
    (
        "def later(f):\n    @rrule.register(f)\n    def rule(f, x): ...",
        "nothing calls `later` as the module is imported",
    ),
    (
        "def later():\n    import numpy as np\n    @rrule.register(np.sin)\n    def rule(f, x): ...",
        "only when `later` runs",
    ),
    (
        "def both():\n    def f(x): ...\n    @rrule.register(f)\n    def rule(f, x): ...\n    return f, 1",
        "`both` makes it and does not simply return it",
    ),
]


@pytest.mark.parametrize(("text", "problem"), OUT_OF_REACH)
def test_what_is_out_of_reach_says_why(text, problem, tmp_path):
    callee = subject_in(text, tmp_path).callee
    assert callee.reach is Reach.NONE
    assert problem in callee.problem


def test_class_of_another_module_is_known_for_one(tmp_path):
    write(tmp_path, {"lab/__init__.py": "", "lab/kernels.py": "class RBF:\n    def __call__(self, X): ..."})
    text = "from .kernels import RBF\n@rrule.register(RBF)\ndef rule(self: RBF, X): ..."
    subject = subject_in(text, tmp_path)
    assert subject.callee.reach is Reach.INSTANCE
    assert subject.callee.symbol is not None
    assert subject.callee.symbol.dotted == "lab.kernels.RBF"
