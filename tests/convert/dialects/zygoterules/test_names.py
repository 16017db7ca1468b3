"""`names`: a name is legacy only where an import makes it so."""

from __future__ import annotations

import pytest

from adjoint2rrule.convert.dialects.zygoterules.names import ALL, AMBIGUOUS, closed_modules, legacy_name, uses
from adjoint2rrule.convert.units import Symbol
from tests.convert.building import Sample, sample


def used(file: Sample) -> list[tuple[str, str]]:
    """Return the legacy names of a file with the front of each use, in order."""
    return [(use.name, use.root.id) for use in uses(file.unit, file.project, closed_modules())]


LEGACY = {
    "from zygoterules import adjoint\nadjoint": ("adjoint", "adjoint"),
    "from zygote import adjoint\nadjoint": ("adjoint", "adjoint"),
    "from adjoint2rrule.legacy import adjoint\nadjoint": ("adjoint", "adjoint"),
    "from zygoterules import adjoint as adj\nadj": ("adjoint", "adj"),
    "from zygoterules import adjoint_mut\nadjoint_mut": ("adjoint_mut", "adjoint_mut"),
    "from zygoterules import nograd\nnograd": ("nograd", "nograd"),
    "from zygoterules import pullback\npullback": ("pullback", "pullback"),
    "from zygoterules import _pullback\n_pullback": ("_pullback", "_pullback"),
    "from zygoterules import gradient\ngradient": ("gradient", "gradient"),
    "from zygoterules import __context__\n__context__": ("__context__", "__context__"),
    "from zygoterules import literal_getproperty\nliteral_getproperty": (
        "literal_getproperty",
        "literal_getproperty",
    ),
    "from zygoterules import literal_getfield as g\ng": ("literal_getfield", "g"),
    "import zygoterules\nzygoterules.adjoint": ("adjoint", "zygoterules"),
    "import zygoterules as zr\nzr.adjoint": ("adjoint", "zr"),
    "import zygoterules as zr\nzr.adjoint(f)": ("adjoint", "zr"),
    "import adjoint2rrule.legacy\nadjoint2rrule.legacy.adjoint": ("adjoint", "adjoint2rrule"),
    "from adjoint2rrule import legacy\nlegacy.nograd": ("nograd", "legacy"),
    "from zygoterules import *\nadjoint": ("adjoint", "adjoint"),
    "from zygoterules import *\nfrom zygoterules import _pullback\n_pullback": ("_pullback", "_pullback"),
    "try:\n    from zygoterules import adjoint\nexcept E:\n    from zygote import adjoint\nadjoint": (
        "adjoint",
        "adjoint",
    ),
    "if TYPE_CHECKING:\n    from zygoterules import adjoint\nadjoint": ("adjoint", "adjoint"),
    "def f():\n    from zygoterules import adjoint\n    adjoint": ("adjoint", "adjoint"),
    "def f():\n    from zygoterules import adjoint\n    def g():\n        adjoint": ("adjoint", "adjoint"),
}


@pytest.mark.parametrize(("text", "wanted"), LEGACY.items(), ids=LEGACY)
def test_name_from_a_legacy_module_is_legacy(text, wanted):
    assert used(sample(text)) == [wanted]


NOT_LEGACY = [
    "adjoint",
    "from pennylane import adjoint\nadjoint",
    "import pennylane as qml\nqml.adjoint(f)",
    "from numpy import *\nadjoint",
    "from zygoterules import version\nversion",
    "import zygoterules\nzygoterules",
    "import zygoterules\nzygoterules.other.adjoint",
    "import zygoterules.tools as zr\nzr.adjoint",
    "def adjoint(A): ...\nadjoint(1)",
    "from zygoterules import adjoint\ndef f(adjoint):\n    adjoint",
    "from zygoterules import adjoint\ndef f():\n    adjoint = 1\n    return adjoint",
    "def f():\n    from zygoterules import adjoint\nadjoint",
    "from zygoterules import adjoint\nx.adjoint\nf(adjoint=1)\n'adjoint'  # adjoint",
    "from zygoterules import adjoint\nx = [adjoint for adjoint in (1, 2)]",
    "from zygoterules import adjoint\nx = {adjoint: 1 for i, adjoint in y if adjoint}",
    "from zygoterules import *\n_pullback",
    "from zygoterules import adjoint\nadjoint = 1",
    "class C:\n    from zygoterules import adjoint\n    def f(self): adjoint",
]


@pytest.mark.parametrize("text", NOT_LEGACY)
def test_any_other_name_is_not(text):
    assert used(sample(text)) == []


@pytest.mark.parametrize(
    ("imports", "name"),
    [
        ("from .ad import rule", "rule"),
        ("from .ad import *", "rule"),
        ("from p.ad import rule as r", "r"),
        ("from . import ad", "ad.adjoint"),
        ("import p.ad", "p.ad.adjoint"),
        ("import p", "p.ad.adjoint"),
        ("from . import again", "again"),
        ("from .chain import again", "again"),
    ],
)
def test_name_that_the_project_hands_on_is_legacy(imports, name, tmp_path):
    files = {
        "p/__init__.py": "from . import ad\nfrom .ad import rule as again\n",
        "p/ad.py": "from zygoterules import adjoint, adjoint as rule\n",
        "p/chain.py": "from p import again\n",
    }
    file = sample(f"{imports}\n@{name}\ndef f(x): ...", tmp_path, files, "p/rules.py")
    assert [found for found, _ in used(file)] == ["adjoint"]


@pytest.mark.parametrize(
    "other", ["from pennylane import adjoint", "adjoint = 1", "def adjoint(f): return f"]
)
def test_name_that_is_legacy_on_some_paths_is_ambiguous(other):
    text = f"try:\n    from zygoterules import adjoint\nexcept ImportError:\n    {other}\nadjoint\n"
    assert used(sample(text)) == [(AMBIGUOUS, "adjoint")]


def test_name_that_is_none_where_it_was_not_found_is_legacy_and_no_use_where_it_is_asked_for():
    text = "try:\n    from zygoterules import adjoint\nexcept ImportError:\n    adjoint = None\n"
    assert used(sample(f"{text}adjoint\nif adjoint is not None: ...\nif not adjoint: ...\n")) == [
        ("adjoint", "adjoint")
    ]


def test_extra_modules_are_legacy():
    modules = closed_modules(("lab.rules",))
    assert {"zygoterules", "zygote", "adjoint2rrule.legacy", "lab.rules"} == set(modules)
    assert legacy_name((Symbol("lab.rules.nograd"),), modules) == "nograd"


def test_star_import_gives_the_public_names():
    assert closed_modules()["zygoterules"] == ALL - {"_pullback", "__context__"}


@pytest.mark.parametrize(
    ("symbols", "wanted"),
    [
        ([], None),
        (["numpy.sin"], None),
        (["zygote.adjoint"], "adjoint"),
        (["zygote.adjoint", "zygoterules.adjoint"], "adjoint"),
        (["zygote.adjoint", "zygoterules.nograd"], AMBIGUOUS),
        (["zygote.adjoint", "numpy.sin"], AMBIGUOUS),
        (["zygote.sin"], None),
        (["zygote.deep.adjoint"], None),
    ],
)
def test_symbols_stand_for_a_legacy_name(symbols, wanted):
    assert legacy_name(tuple(Symbol(dotted) for dotted in symbols), closed_modules()) == wanted


def test_use_knows_its_place():
    file = sample("""
        import zygoterules as zr
        def outer():
            @zr.adjoint
            def f(x):
                return zr.pullback(f, x)
        """)
    first, second = uses(file.unit, file.project, closed_modules())
    assert (first.name, first.node.attr, first.scope) == ("adjoint", "adjoint", file.inside("outer"))
    assert first.functions == (file.definition("outer"),)
    assert second.functions == (file.definition("outer"), file.definition("f"))
    assert second.scope is file.inside("f")


def test_uses_come_in_the_order_of_the_file():
    text = "from zygoterules import adjoint, nograd, gradient\n@nograd\ndef f(x=gradient): adjoint\nnograd"
    assert [name for name, _ in used(sample(text))] == ["nograd", "gradient", "adjoint", "nograd"]


def test_rule_on_a_property_leaves_the_name_legacy():
    text = """
        from zygoterules import adjoint, literal_getproperty
        @adjoint
        def literal_getproperty(x: Foo, name): ...
        literal_getproperty(x, "a")
        """
    assert ("literal_getproperty", "literal_getproperty") in used(sample(text))
