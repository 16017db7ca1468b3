"""`installed`: whether a name of an installed package is a class, from its sources and stubs."""

from __future__ import annotations

import sys
from itertools import count

import pytest

from adjoint2rrule.convert.installed import is_installed_class
from tests.convert.building import write

_fresh = count()


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Install a package with the given files, and return its name: one that nobody has asked for yet."""
    monkeypatch.syspath_prepend(tmp_path)

    def install(files):
        name = f"installed_{next(_fresh)}"
        write(
            tmp_path, {path.replace("PKG", name): text.replace("PKG", name) for path, text in files.items()}
        )
        return name

    return install


TEXTS = {
    "class A: ...": True,
    "class A(Base):\n    ...": True,
    "x = 1\nclass A: ...\n": True,
    "def A(): ...": False,
    "async def A(): ...": False,
    "cdef A(x): ...": False,
    "A: int": False,
    "A: _Ufunc_1_1": False,
    "A: type[int]": None,
    "A: TypeAlias = int": None,
    "A: typing.TypeAlias = int": None,
    "A = 1": None,
    "A = B\nclass B: ...\n": True,
    "A = B  # as it was called\ndef B(): ...\n": False,
    "A: TypeAlias = B\nclass B: ...\n": True,
    "A = B\nB = A\n": None,
    "A = B(1)\nclass B(Base): ...\n": False,
    "A = B('A', 'x y')\nclass B(Enum): ...\n": None,
    "A = B('A')\nclass B(type):\n    x: int\n": None,
    "A = B('A')\ndef B(name): ...\n": None,
    "A = B.m\nB: int\n": False,
    "A = B.C\nclass B:\n    class C: ...\n": True,
    "A = B | C\nclass B: ...\n": None,
    "class Another: ...": None,
    "class C:\n    def A(self): ...": None,
    "": None,
}


@pytest.mark.parametrize(("text", "wanted"), TEXTS.items(), ids=map(repr, TEXTS))
def test_source_tells(text, wanted, installed):
    assert is_installed_class(f"{installed({'PKG.py': text})}.A") is wanted


BODY = """
class C(Base):
    class Inner: ...

    Alias = Inner
    kind: type[int]
    a: int

    def method(self): ...

x: C
class Other:
    class Far: ...
"""


@pytest.mark.parametrize(
    ("member", "wanted"),
    [
        ("C.method", False),
        ("C.a", False),
        ("C.inherited", False),  # a class in a base of a class is too rare to ask
        ("C.Inner", True),
        ("C.Alias", None),
        ("C.kind", None),
        ("C.Far", False),
        ("C.method.__call__", False),
        ("x.method", False),
        ("y.method", None),
    ],
)
def test_member_is_a_class_where_the_class_says_so(member, wanted, installed):
    assert is_installed_class(f"{installed({'PKG.py': BODY})}.{member}") is wanted


@pytest.mark.parametrize(
    "name",
    [
        *("numpy.abs", "numpy.conj", "numpy.mod", "numpy.max", "numpy.random.normal", "numpy.add.reduce"),
        *("numpy.ndarray.sum", "scipy.stats.norm.pdf", "scipy.special.expit", "datetime.datetime.now"),
    ],
)
def test_common_functions_are_known_for_such(name):
    assert is_installed_class(name) is False


@pytest.mark.parametrize(
    "files",
    [
        {"PKG/__init__.py": "from ._impl import A", "PKG/_impl.py": "class A: ..."},
        {"PKG/__init__.py": "from PKG._impl import A", "PKG/_impl.py": "class A: ..."},
        {"PKG/__init__.py": "from ._impl import B as A", "PKG/_impl.py": "class B: ..."},
        {
            "PKG/__init__.py": "from ._impl import (  # (C)\n    B,  # )\n    A,\n)",
            "PKG/_impl.py": "class A: ...",
        },
        {
            "PKG/__init__.py": "from ._old import *\nfrom ._new import *",
            "PKG/_old.py": "def A(): ...",
            "PKG/_new.py": "class A: ...",
        },
        {"PKG/__init__.py": "from ._impl import *", "PKG/_impl.py": "class A: ..."},
        {"PKG/__init__.py": "from ._impl import (\n    B,  # one\n    A,\n)", "PKG/_impl.py": "class A: ..."},
        {
            "PKG/__init__.py": "from .a import *\nfrom .b import *",
            "PKG/a.py": "x = 1",
            "PKG/b.py": "class A: ...",
        },
        {
            "PKG/__init__.py": "from .sub import A",
            "PKG/sub/__init__.py": "from .deep import A",
            "PKG/sub/deep.py": "from ..base import A",
            "PKG/base.py": "class A: ...",
        },
        {"PKG/__init__.py": "A = _make()", "PKG/__init__.pyi": "class A: ..."},
        {"PKG/__init__.pyi": "x: int", "PKG/__init__.py": "class A: ..."},
    ],
)
def test_class_is_found_where_it_is_made(files, installed):
    assert is_installed_class(f"{installed(files)}.A") is True


def test_imports_in_circles_end(installed):
    files = {"PKG/__init__.py": "from .a import A", "PKG/a.py": "from . import A"}
    assert is_installed_class(f"{installed(files)}.A") is None


def test_nothing_is_imported(installed):
    name = installed({"PKG.py": "raise SystemExit\nclass A: ..."})
    assert is_installed_class(f"{name}.A") is True
    assert name not in sys.modules


@pytest.mark.parametrize("dotted", ["A", "no_such_package_at_all.A", "fractions.no_such_name"])
def test_unknown_name_is_neither(dotted):
    assert is_installed_class(dotted) is None


@pytest.mark.parametrize(
    ("dotted", "wanted"),
    [
        ("numpy.ndarray", True),
        ("numpy.linalg.inv", False),
        ("numpy.linalg.LinAlgError", True),
        ("numpy.sin", False),
        ("numpy.maximum", False),
        ("numpy.interp", False),
        ("scipy.sparse.csr_matrix", True),
        ("scipy.special.expit", False),
        ("scipy.linalg.solve", False),
        ("dataclasses.dataclass", False),
        ("collections.OrderedDict", True),
    ],
)
def test_what_rules_are_written_for_is_told_apart(dotted, wanted):
    assert is_installed_class(dotted) is wanted
