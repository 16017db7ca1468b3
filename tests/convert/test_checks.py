"""`checks`: what must hold of a changed file, whatever was decided about it."""

from __future__ import annotations

import pytest

from adjoint2rrule.convert.checks import broken_promise
from tests.convert.building import parsed


def problem(before: str, after: str) -> str | None:
    return broken_promise(parsed(before), parsed(after))


@pytest.mark.parametrize(
    ("before", "after", "wanted"),
    [
        ("x = 1  # one\n", "x = 1\n", "the comment `# one` is lost"),
        ("import a  # noqa: F401  why\n", "", "the comment `# why` is lost"),
        ("# one\n# one\nx = 1\n", "# one\nx = 1\n", "the comment `# one` is lost"),
        ("x = 1  # one\n", "x = 1  # two\n", "the comment `# one` is lost"),
        ("x = 1  # one\n", "x = 1  # one\ny = 2  # one\n", "the comment `# one` stands there once more"),
        ("x = 1\n", "x = 1  # new\n", "the comment `# new` stands there once more"),
        ("x = 1\n", "x = y\n", "the name `y` is not defined any more"),
        ("from a import *\nx\n", "from a import *\nx = y\n", "the name `y` is not defined any more"),
        (
            "def f():\n    import a\n    a\na\n",
            "def f():\n    a\na\n",
            "the name `a` is not defined any more",
        ),
        ("import a\na.b\n", "a.b\n", "the name `a` is not defined any more"),
        ("def f(x): return x\n", "def f(): return x\n", "the name `x` is not defined any more"),
        ("x = 1\n", "def f():\n    return lambda: y\n", "the name `y` is not defined any more"),
        (
            "x = 1\n",
            "class C:\n    a = 1\n    def f(self): return a\n",
            "the name `a` is not defined any more",
        ),
        ("x = 1\n", "z = y\ny = z = w\n", "the name `w` is not defined any more"),
        ("x = 1\n", "import a\nx = 1\n", "the import of `a` is not used"),
        ("import a\na\n", "import a\n", "the import of `a` is not used"),
        ("x = 1\n", "from a import b as c\nb = 1\n", "the import of `c` is not used"),
        ("x = 1\n", "import a.b\n", "the import of `a` is not used"),
        ("x = 1\n", "def f():\n    import a\n", "the import of `a` is not used"),
    ],
)
def test_broken_promise_is_named(before, after, wanted):
    assert problem(before, after) == wanted


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = 1\n", "x = 1\n"),
        ("x = 1  # one\n", "# one\nx = 2\n"),
        ("import a  # noqa\na\n", "a = 1\n"),
        ("import a  # type: ignore\na\n", "a = 1\n"),
        ("x = 1\n", "x = '# one'\n"),
        ("f = g = 1\nf, g  # noqa\n", "f = g = 1\nf  # noqa\ng  # noqa\n"),
        ("from a import *\ndef f(): return f\n", "from a import *\ndef g(): return f\n"),
        ("from a import *\nx(y)\n", "from a import *\nx\n"),
        ("x = y\n", "x = z(y)\nz = 1\n"),
        ("x = y\n", "w = y\n"),  # undefined before as well
        ("x = 1\n", "x = len(int)\n"),
        ("x = 1\n", "def f(y, *, z): return y + z\n"),
        ("x = 1\n", "def f():\n    y = 1\n    return lambda: y\n"),
        ("x = 1\n", "class C:\n    y = 1\n    z = y\n"),
        ("x = 1\n", "try: ...\nexcept ValueError as e: e\n"),
        ("x = 1\n", "x = __name__\n"),
        ("import a\n", "import a\n"),  # unused before as well
        ("x = 1\n", "import a\n__all__ = ['a']\n"),
        ("x = 1\n", "import a\nx: 'a.B'\n"),
        ("x = 1\n", "from a import *\n"),
        ("from a import b, c\nb, c\n", "from a import c\nc\n"),
        # unused before as well, though a string named it that is an attribute or a keyword now, or gone
        ("from a import b\nf(x, 'b')\n", "from a import b\nx.b\n"),
        ("from a import b\n{'b': 1}\n", "from a import b\ndict(b=1)\n"),
        ("from a import b\n{'b': None}\n", "from a import b\n{}\n"),
        ("import a  # noqa: F401  why\n", "# why\n"),
    ],
)
def test_kept_promises_are_no_problem(before, after):
    assert problem(before, after) is None


def test_first_broken_promise_is_the_one_about_comments():
    assert problem("x = 1  # one\n", "x = y\nimport a\n") == "the comment `# one` is lost"
