"""`project`: names followed through imports and re-exports, and what files alone say of classes."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from adjoint2rrule.convert.model import SourceFile
from adjoint2rrule.convert.project import Project, project_around
from adjoint2rrule.convert.syntax import parse
from tests.convert.building import Sample, expression, sample, write

PACKAGE = {
    "pkg/__init__.py": "from .shapes import Disk\nfrom . import rules as made\n",
    "pkg/ad.py": """
        from zygoterules import adjoint, nograd as no_gradient
        __all__ = ["adjoint", "no_gradient"]
        """,
    "pkg/rules.py": "from .ad import *\nfrom . import ad\n_private = 1\npublic = 2\n",
    "pkg/shapes.py": "class Disk:\n    def area(self): ...\n    class Part: ...\nRound = Disk\nSIZE = 3\n",
    "pkg/left.py": "from .right import thing\n",
    "pkg/right.py": "from .left import thing\n",
    "pkg/circle_a.py": "from .circle_b import *\n",
    "pkg/circle_b.py": "from .circle_a import *\nhere = 1\n",
    "pkg/sub/__init__.py": "from ..ad import adjoint as rule\n",
    "pkg/sub/deep.py": "from . import rule\nfrom .. import Disk\n",
    "single.py": "import numpy\nfrom numpy.linalg import inv\n",
}


def beside_package(text: str, root: Path, path: str = "pkg/here.py") -> Sample:
    return sample(text, root, PACKAGE, path)


def resolved(file: Sample, text: str) -> list[str]:
    return [symbol.dotted for symbol in file.project.resolve(expression(text), file.scope, file.unit)]


# -- names -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("imports", "name", "wanted"),
    [
        # closed modules end the way
        ("from zygoterules import adjoint", "adjoint", ["zygoterules.adjoint"]),
        ("from zygoterules import adjoint as adj", "adj", ["zygoterules.adjoint"]),
        ("import zygoterules", "zygoterules.adjoint", ["zygoterules.adjoint"]),
        ("import zygoterules as zr", "zr.adjoint", ["zygoterules.adjoint"]),
        ("import adjoint2rrule.legacy", "adjoint2rrule.legacy.adjoint", ["adjoint2rrule.legacy.adjoint"]),
        ("import adjoint2rrule.legacy as zr", "zr.nograd", ["adjoint2rrule.legacy.nograd"]),
        ("from adjoint2rrule import legacy", "legacy.nograd", ["adjoint2rrule.legacy.nograd"]),
        ("from zygoterules import *", "adjoint", ["zygoterules.adjoint"]),
        ("from zygoterules import *", "_pullback", []),
        ("from zygoterules import *", "other", []),
        # modules outside the project end it too
        ("import numpy as np", "np.linalg.inv", ["numpy.linalg.inv"]),
        ("from numpy import linalg as la", "la.inv", ["numpy.linalg.inv"]),
        ("from numpy.linalg import inv", "inv", ["numpy.linalg.inv"]),
        ("from numpy import *", "sin", []),
        # re-exports are followed
        ("from .ad import adjoint", "adjoint", ["zygoterules.adjoint"]),
        ("from .ad import no_gradient", "no_gradient", ["zygoterules.nograd"]),
        ("from .ad import *", "no_gradient", ["zygoterules.nograd"]),
        ("from .rules import adjoint", "adjoint", ["zygoterules.adjoint"]),
        ("from .rules import *", "adjoint", ["zygoterules.adjoint"]),
        ("from pkg.rules import ad", "ad.adjoint", ["zygoterules.adjoint"]),
        ("from pkg import rules", "rules.ad.adjoint", ["zygoterules.adjoint"]),
        ("import pkg.ad", "pkg.ad.adjoint", ["zygoterules.adjoint"]),
        ("import pkg.ad as a", "a.adjoint", ["zygoterules.adjoint"]),
        ("from . import ad", "ad.adjoint", ["zygoterules.adjoint"]),
        ("from . import made", "made.adjoint", ["zygoterules.adjoint"]),
        ("from pkg import made", "made.ad.adjoint", ["zygoterules.adjoint"]),
        ("from .sub.deep import rule", "rule", ["zygoterules.adjoint"]),
        ("import single", "single.numpy.sin", ["numpy.sin"]),
        ("from single import inv", "inv", ["numpy.linalg.inv"]),
        # to where a name is made
        ("from . import Disk", "Disk", ["pkg.shapes.Disk"]),
        ("from pkg.sub.deep import Disk as D", "D", ["pkg.shapes.Disk"]),
        ("from .shapes import Disk", "Disk.area", ["pkg.shapes.Disk.area"]),
        ("from .shapes import Disk", "Disk.Part", ["pkg.shapes.Disk.Part"]),
        ("from .rules import *", "public", ["pkg.rules.public"]),
        ("from .rules import *", "_private", []),
        ("from .rules import _private", "_private", ["pkg.rules._private"]),
        # what is not there is unknown
        ("from .ad import absent", "absent", []),
        ("from .circle_a import *", "absent", []),
        ("from .circle_a import *", "here", ["pkg.circle_b.here"]),
        ("from ....far import thing", "thing", []),
        ("", "len", ["builtins.len"]),
        ("", "absent", []),
        ("", "f(x)", []),
        ("", "f(x).adjoint", []),
        # several places
        (
            "try:\n    from zygoterules import adjoint\nexcept E:\n    from .shapes import SIZE as adjoint",
            "adjoint",
            ["zygoterules.adjoint", "pkg.shapes.SIZE"],
        ),
        (
            "try:\n    import zygoterules as zr\nexcept ImportError:\n    zr = None",
            "zr",
            ["zygoterules", "pkg.here.zr"],
        ),
        ("from .ad import *\nadjoint = 1", "adjoint", ["pkg.here.adjoint"]),
        ("from .ad import *\nfrom .shapes import *", "Disk", ["pkg.shapes.Disk"]),
        ("from numpy import *\nfrom .shapes import *\nfrom .ad import *", "SIZE", ["pkg.shapes.SIZE"]),
    ],
)
def test_name_stands_for(imports, name, wanted, tmp_path):
    assert resolved(beside_package(imports, tmp_path), name) == wanted


def test_last_star_import_that_gives_a_name_gives_it(tmp_path):
    files = {"a.py": "f = 1\n", "b.py": "f = 2\ng = 3\n"}
    assert resolved(sample("from b import *\nfrom a import *", tmp_path, files), "f") == ["a.f"]


def test_chain_of_imports_that_goes_in_circles_ends(tmp_path):
    file = beside_package("from .left import thing\nfrom .circle_a import *", tmp_path)
    for name in ("thing", "absent"):
        assert not any(s.bindings for s in file.project.resolve(expression(name), file.scope, file.unit))


def test_local_name_hides_an_imported_one(tmp_path):
    file = beside_package("from .ad import adjoint\ndef f(adjoint): return adjoint", tmp_path)
    symbols = file.project.resolve(expression("adjoint"), file.inside("f"), file.unit)
    assert [(s.dotted, s.scope) for s in symbols] == [("adjoint", file.inside("f"))]


def test_relative_import_of_a_package_starts_in_it(tmp_path):
    file = beside_package(
        "from .deep import rule\nfrom ..shapes import SIZE", tmp_path, "pkg/sub/__init__.py"
    )
    assert resolved(file, "SIZE") == ["pkg.shapes.SIZE"]


def test_file_outside_of_every_root_has_no_relative_imports(tmp_path):
    module = parse(SourceFile(str(tmp_path / "a.py"), b"from . import b\n"))
    unit = Project((tmp_path / "elsewhere",)).unit(module)
    assert (unit.name, unit.absolute(module.tree.body[0])) == ("", None)


@pytest.mark.parametrize(
    ("path", "name", "is_package"),
    [
        ("a.py", "a", False),
        ("p/__init__.py", "p", True),
        ("p/q/r.py", "p.q.r", False),
        ("p/q.txt", "", False),
    ],
)
def test_file_is_named_by_where_it_stands(path, name, is_package, tmp_path):
    unit = sample("", tmp_path, path=path).unit
    assert (unit.name, unit.is_package) == (name, is_package)


# -- modules -----------------------------------------------------------------------------------


def test_package_comes_before_a_module_of_its_name(tmp_path):
    file = sample("import a", tmp_path, {"a.py": "x = 1\n", "a/__init__.py": "y = 1\n"})
    assert resolved(file, "a.y") == ["a.y"]
    assert resolved(file, "a.x") == []


def test_files_are_never_run(tmp_path):
    file = sample("from a import f", tmp_path, {"a.py": "raise SystemExit\ndef f(): ..."})
    assert resolved(file, "f") == ["a.f"]


def test_closed_modules_are_not_looked_into(tmp_path):
    write(tmp_path, {"lab.py": "from numpy import sin as adjoint\n", "rules.py": "from lab import adjoint\n"})
    project = Project((tmp_path,), {"lab": frozenset({"adjoint"})})
    unit = project.find("rules")
    assert unit is not None
    assert project.find("lab") is None
    assert [s.dotted for s in project.resolve(expression("adjoint"), unit.scope, unit)] == ["lab.adjoint"]


def test_file_is_read_once(tmp_path):
    file = sample("import a", tmp_path, {"a.py": "x = 1\n"})
    assert file.project.find("a") is file.project.find("a")


def test_fork_replaces_a_file_only_for_itself(tmp_path):
    file = sample("x = 1", tmp_path)
    fork = file.project.fork()
    other = fork.unit(parse(SourceFile(file.unit.module.source.path, b"y = 1\n")))
    assert fork.find("rules") is other
    assert file.project.find("rules") is file.unit


def test_unit_is_known_by_its_scope(tmp_path):
    file = sample("import a", tmp_path, {"a.py": "x = 1\n"})
    other = file.project.find("a")
    assert other is not None
    assert file.project.unit_of(other.scope) is other


def test_mentioning_yields_the_readable_modules_that_hold_all_words(tmp_path):
    files = {
        "a.py": "one two",  # no Python
        "b.py": "one = two = 1",
        "c.py": "one = 1",
        ".git/d.py": "one = two = 1",
        "node_modules/e.py": "one = two = 1",
        "p/f.py": "one = two = 1",
    }
    project = sample("", tmp_path, files).project
    assert [unit.name for unit in project.mentioning("one", "two")] == ["b", "p.f"]


@pytest.mark.parametrize(
    ("files", "path", "roots"),
    [
        ({"d/a.py": ""}, "d/a.py", ["d", "."]),
        ({"d/p/__init__.py": "", "d/p/q/__init__.py": "", "d/p/q/a.py": ""}, "d/p/q/a.py", ["d", "."]),
        ({"src/p/__init__.py": "", "src/p/a.py": "", "pyproject.toml": ""}, "src/p/a.py", ["src", "."]),
        ({"pyproject.toml": "", "tests/a.py": ""}, "tests/a.py", ["tests", ".", "src"]),
    ],
)
def test_project_has_the_roots_around_a_file(files, path, roots, tmp_path):
    write(tmp_path, files)
    assert list(project_around(tmp_path / path, {}).roots) == [tmp_path / root for root in roots]


def test_files_of_one_package_share_their_project(tmp_path):
    write(tmp_path, {"p/__init__.py": "", "p/a.py": "", "p/b.py": ""})
    closed = {"zygoterules": frozenset({"adjoint"})}
    first = project_around(tmp_path / "p/a.py", closed)
    assert project_around(tmp_path / "p/b.py", closed) is first
    assert project_around(tmp_path / "p/a.py", {}) is not first


# -- what a unit says of itself ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("__all__ = ['a', 'b']", ["a", "b"]),
        ("__all__ = ('a',)", ["a"]),
        ("__all__ = []", []),
        ("x = 1", None),
        ("__all__ = names()", None),
    ],
)
def test_exported_names_are_those_of_a_plain_all(text, wanted):
    assert sample(text).unit.exported == wanted


def test_names_for_type_checkers_alone():
    unit = sample("""
        from typing import TYPE_CHECKING
        import typing
        if TYPE_CHECKING:
            from a import A, B
        if typing.TYPE_CHECKING:
            from c import C
        else:
            C = None
        if other:
            from d import D
        from b import B
        """).unit
    assert unit.only_typing == {"A"}


def test_reads_are_every_place_that_reads_a_name_with_its_scope():
    file = sample("x = 1\ndef f(): return x + x\ny = x\ndel x")
    found = [(node.lineno, scope is file.scope) for node, scope in file.unit.reads["x"]]
    assert found == [(2, False), (2, False), (3, True)]


def test_unit_knows_what_is_called_for_its_effect():
    unit = sample("f(1)\nx = g(2)\ndef h():\n    k()\n    return m()").unit
    assert {node.id for node in unit.called_for_effect} == {"f", "k"}


def test_unit_knows_what_is_declared_global_or_nonlocal():
    assert sample("def f():\n    global a, b\n    def g():\n        nonlocal c").unit.borrowed == {
        "a",
        "b",
        "c",
    }


def test_unit_knows_what_stands_in_a_loop():
    file = sample("def f(): ...\nfor i in x:\n    def g(): ...\nwhile x:\n    if y:\n        def h(): ...")
    assert [file.definition(name) in file.unit.in_loops for name in "fgh"] == [False, True, True]


# -- who uses a name ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("other", "uses"),
    [
        ("from rules import adjoint", True),
        ("from rules import other, adjoint as a", True),
        ("from .elsewhere import adjoint\nrules = 1", False),
        ("import rules\nrules.adjoint", True),
        ("import rules as r\nr.adjoint", True),
        ("import rules\nrules.other", False),
        ("import elsewhere as rules\nrules.adjoint", False),
        ("from rules import other  # not adjoint", False),
        ("from elsewhere import adjoint, rules", False),
        ("def f():\n    from rules import adjoint", True),
    ],
)
def test_importers_are_the_modules_that_take_a_name_from_a_file(other, uses, tmp_path):
    file = sample("from zygoterules import adjoint\nother = 1", tmp_path, {"user.py": other})
    found = [unit.name for unit in file.project.importers(file.unit, "adjoint")]
    assert found == (["user"] if uses else [])


def test_file_does_not_import_from_itself(tmp_path):
    file = sample("import rules\nrules.f", tmp_path)
    assert list(file.project.importers(file.unit, "f")) == []


# -- classes -----------------------------------------------------------------------------------

CLASSES = {
    "class A: ...": True,
    "def A(): ...": False,
    "A = lambda: 1": False,
    "from collections import namedtuple\nA = namedtuple('A', 'x y')": True,
    "import typing\nA = typing.NamedTuple('A', [])": True,
    "A = type('A', (), {})": True,
    "class B: ...\nA = B": True,
    "def B(): ...\nA = B": False,
    "import numpy as np\nA = np.ndarray": True,
    "A = A": None,
    "A = make()": None,
    "A = 1\nclass A: ...": None,
    "if x:\n    class A: ...\nelse:\n    class A: ...": True,
    "if x:\n    class A: ...\nelse:\n    def A(): ...": None,
    "from fractions import Fraction as A": True,
    "from fractions import gcd_that_is_not_there as A": None,
    "from bisect import bisect_left as A": False,
    "from numpy import ndarray as A": True,
    "from numpy import sin as A": False,
    "from numpy import clip as A": False,
    "from nowhere_at_all import A": None,
}


@pytest.mark.parametrize(("text", "wanted"), CLASSES.items(), ids=CLASSES)
def test_whether_a_name_is_a_class(text, wanted):
    file = sample(text)
    (symbol,) = file.project.resolve(expression("A"), file.scope, file.unit)
    assert file.project.is_class(symbol) is wanted


@pytest.mark.parametrize(("name", "wanted"), [("sum", False), ("float", True), ("Exception", True)])
def test_whether_a_builtin_is_a_class(name, wanted):
    file = sample("")
    (symbol,) = file.project.resolve(expression(name), file.scope, file.unit)
    assert file.project.is_class(symbol) is wanted


@pytest.mark.parametrize(
    ("other", "wanted"),
    [
        ("from rules import A\nclass B(A): ...", True),
        ("import rules\nclass B(rules.A): ...", True),
        ("from rules import A as Base\nclass B(Mixin, Base): ...", True),
        ("from rules import A\nclass B:\n    class C(A): ...", True),
        ("from rules import A\nif x:\n    class B(A): ...", True),
        ("from rules import A\ndef f():\n    class B(A): ...", True),
        ("from rules import A\nBase = A\nclass B(Base): ...", True),
        ("from rules import A\nC = A\nD = C\nclass B(D): ...", True),
        ("from rules import A\nclass B(A[int]): ...", True),
        ("from rules import A\nclass B(typing.cast(type, A)): ...", True),
        ("from rules import A\nbases = [A]\nclass B(bases[0]): ...", True),
        ("from rules import A\nbases = (A,)\nclass B(*bases): ...", True),
        ("from rules import A\nC = A if x else object\nclass B(C): ...", True),
        ("from rules import A\nfor C in (A,):\n    class B(C): ...", True),
        ("from rules import A\ndef f(C):\n    class B(C): ...\nf(A)", True),
        ("from rules import A\nB = type('B', (A,), {})", True),
        ("import types, rules\nB = types.new_class('B', (rules.A,))", True),
        ("import rules\nclass B(getattr(rules, 'A')): ...", True),
        ("from rules import A\nclass B(namedtuple('B', 'x y')): ...", False),
        ("from rules import A\nclass B(Unknown, int, abc.ABC): ...", False),
        ("from rules import A\nkind = type(A(1))", False),
        ("from rules import A\nx = A(1)\ny = x", False),
        ("from elsewhere import A\nclass B(A): ...", False),
        ("class A: ...\nclass B(A): ...", False),
        ("from rules import A\nclass B: a = A()", False),
    ],
)
def test_subclasses_are_looked_for_in_the_whole_project(other, wanted, tmp_path):
    file = sample("class A: ...\n", tmp_path, {"p/__init__.py": "", "p/q.py": other})
    (symbol,) = file.project.resolve(expression("A"), file.scope, file.unit)
    assert file.project.has_subclasses(symbol) is wanted


@pytest.mark.parametrize(
    "files",
    [
        {"m.py": "from rules import A as B\n", "n.py": "from m import B as C\nclass D(C): ...\n"},
        {"m.py": "from rules import *\nB = A\n", "n.py": "from m import B\nclass D(B): ...\n"},
        {"m.py": "import rules as r\nB = r.A\n", "n.py": "import m\nclass D(m.B[int]): ...\n"},
        {"m.py": "def f(C):\n    class B(C): ...\n", "n.py": "import m, rules\nm.f(rules.A)\n"},
    ],
)
def test_subclasses_are_found_through_modules_that_know_the_class_otherwise(files, tmp_path):
    file = sample("class A: ...\n", tmp_path, files)
    (symbol,) = file.project.resolve(expression("A"), file.scope, file.unit)
    assert file.project.has_subclasses(symbol)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("f = 0\nfrom a import *", ["rules.f", "a.f"]),
        ("from a import *\nf = 0", ["rules.f"]),
        ("from b import f\nfrom a import *", ["b.f", "a.f"]),
        ("from b import f\nfrom c import *", ["b.f"]),
        ("from a import *\nfrom b import *", ["b.f"]),
        ("try:\n    from a import *\nexcept ImportError:\n    from b import *", ["b.f", "a.f"]),
        ("from a import *\nif x:\n    from b import *", ["b.f", "a.f"]),
    ],
)
def test_star_import_binds_names_in_its_turn(text, wanted, tmp_path):
    files = {"a.py": "f = 1\n", "b.py": "f = 2\n", "c.py": "g = 3\n"}
    assert resolved(sample(text, tmp_path, files), "f") == wanted


def test_symbol_bound_twice_has_no_class_of_its_own():
    file = sample("class A: ...\nclass A: ...")
    (symbol,) = file.project.resolve(expression("A"), file.scope, file.unit)
    assert symbol.class_node is None


def test_star_import_in_the_tree_is_named_absolutely(tmp_path):
    file = beside_package("from .sub import *", tmp_path)
    (statement,) = file.scope.star_imports
    assert isinstance(statement, ast.ImportFrom)
    assert file.unit.absolute(statement) == "pkg.sub"
