"""`imports`: what nothing needs any more goes, what the new code needs comes, and the rest stays."""

from __future__ import annotations

from textwrap import dedent

import pytest

from adjoint2rrule.convert.model import Options, Severity
from tests.convert.building import conversion, converted

BODY = """\
def f(x): ...
@DECORATOR
def f(x):
    return f(x), lambda dy: (2 * dy,)
"""


def head(imports: str, decorator: str = "adjoint", root=None, files=None, path="rules.py") -> str:
    """Return what becomes of `imports` at the top of a file with one rule."""
    text = dedent(imports) + BODY.replace("DECORATOR", decorator)
    return converted(text, root, files, path).partition("def f(x): ...")[0]


NEW = "from adjoint2rrule.core import NoTangent, rrule\n"

# -- what goes ---------------------------------------------------------------------------------

GOES = {
    "alone": ("from zygoterules import adjoint\n", NEW),
    "under another name": ("from zygoterules import adjoint as adj\n", NEW),
    "one of several": ("from zygoterules import adjoint, nograd\n", NEW + "from zygoterules import nograd\n"),
    "one of several lines": (
        "from zygoterules import (\n    adjoint,\n    nograd,\n)\n",
        NEW + "from zygoterules import (\n    nograd,\n)\n",
    ),
    "from several places": ("from zygoterules import adjoint\nfrom zygote import adjoint\n", NEW),
    "with a comment for tools": ("from zygoterules import adjoint  # noqa: F401\n", NEW),
    "on one line": ("from zygoterules import adjoint; from zygote import adjoint\n", NEW),
    "on the line of another": ("import os; from zygoterules import adjoint\n", "import os\n" + NEW),
    "over continued lines": ("from zygoterules import \\\n    adjoint\n", NEW),
    "star": ("from zygoterules import *\n", NEW),
    "a try before other imports": (
        "try:\n    from zygoterules import adjoint\nexcept E:\n    from zygote import adjoint\n"
        "\nfrom .x import y\n",
        f"{NEW}\nfrom .x import y\n",
    ),
    "a try and what it falls back on": (
        "try:\n    from zygoterules import adjoint\nexcept ImportError:\n    from zygote import adjoint\n",
        NEW,
    ),
}


@pytest.mark.parametrize(("before", "after"), GOES.values(), ids=GOES)
def test_import_that_nothing_needs_goes(before, after):
    decorator = "adj" if "as adj" in before else "adjoint"
    assert head(before, decorator).strip() == after.strip()


@pytest.mark.parametrize(
    ("before", "decorator", "after"),
    [
        ("import zygoterules\n", "zygoterules.adjoint", NEW),
        ("import zygoterules as zr\n", "zr.adjoint", NEW),
        ("import numpy, zygoterules\n", "zygoterules.adjoint", "import numpy\n" + NEW),
        ("import adjoint2rrule.legacy\n", "adjoint2rrule.legacy.adjoint", NEW),
        ("from adjoint2rrule import legacy\n", "legacy.adjoint", NEW),
    ],
)
def test_module_that_nothing_needs_goes(before, decorator, after):
    assert head(before, decorator) == after


@pytest.mark.parametrize(
    "comment",
    [
        "# noqa: F401  re-exported for plugins",
        "# type: ignore[import]  # re-exported for plugins",
        "# NOQA re-exported for plugins",
    ],
)
def test_words_behind_a_directive_outlive_their_import(comment):
    found = head(f"import numpy\nfrom zygoterules import adjoint  {comment}\n")
    assert "# re-exported for plugins\n" in found
    assert "zygoterules" not in found
    assert comment not in found


@pytest.mark.parametrize(
    ("imports", "noted"),
    [
        ("import a\n# the AD\nfrom zygoterules import adjoint\n\n", False),
        ("from adjoint2rrule.core import rrule\n# the AD\nfrom zygoterules import adjoint\n\n", True),
        (
            "from adjoint2rrule.core import rrule\n# others\nfrom zygoterules import adjoint\nimport a\n",
            False,
        ),
    ],
)
def test_comment_is_noted_where_nothing_takes_the_place_of_its_import(imports, noted):
    outcome = conversion(imports + BODY.replace("DECORATOR", "adjoint"))
    slugs = [d.slug for d in outcome.diagnostics]
    assert slugs.count("left-comment") == noted
    assert not outcome.failed


@pytest.mark.parametrize("cotangent", ['{"b": dy}', '{"b": None}', 'literal_getproperty(x, "b") * dy'])
def test_import_that_was_never_used_may_be_named_like_a_field(cotangent):
    text = f"""
        from zygoterules import adjoint, literal_getproperty
        from elsewhere import b  # noqa: F401
        def f(x): ...
        @adjoint
        def f(x):
            return f(x), lambda dy: ({cotangent},)
        """
    assert not conversion(text).failed


STAYS = {
    "it is used in another way": "g(adjoint)",
    "a function uses it": "def g():\n    return adjoint",
    "an annotation in a string names it": "x: 'adjoint'",
    "it is exported by name": "__all__ = ['f', 'adjoint']",
}


@pytest.mark.parametrize("use", STAYS.values(), ids=STAYS)
def test_import_stays_where(use):
    text = f"from zygoterules import adjoint\n{BODY.replace('DECORATOR', 'adjoint')}{use}\n"
    outcome = conversion(text)
    assert not outcome.failed
    assert b"from zygoterules import adjoint\n" in outcome.result
    assert b"@rrule.register(f)" in outcome.result


@pytest.mark.parametrize("doc", ["Rules for the adjoint of f.", "adjoint", "The adjoint rules"])
def test_word_in_a_docstring_is_no_use_of_an_import(doc):
    assert head(f"'''{doc}'''\nfrom zygoterules import adjoint\n") == f"'''{doc}'''\n{NEW}"


def test_name_bound_elsewhere_is_no_use_of_the_import():
    text = f"from zygoterules import adjoint\n{BODY.replace('DECORATOR', 'adjoint')}"
    out = converted(text + "def g(adjoint):\n    return adjoint\n")
    assert "zygoterules" not in out


@pytest.mark.parametrize(
    ("path", "other"),
    [
        ("p/__init__.py", "x = 1"),  # a package hands on what it imports
        ("p/rules.py", "from p.rules import adjoint"),
        ("p/rules.py", "from .rules import *"),
        ("p/rules.py", "from . import rules\nrules.adjoint"),
        ("p/rules.py", "from p import rules as r\nr.adjoint"),
        ("p/rules.py", "import p.rules as r\n@r.adjoint\ndef g(x): return make(x)"),
    ],
)
def test_import_stays_where_another_module_takes_it(path, other, tmp_path):
    files = {"p/__init__.py": "", "p/other.py": other}
    found = head("from zygoterules import adjoint\n", root=tmp_path, files=files, path=path)
    assert "from zygoterules import adjoint\n" in found


def test_import_goes_where_another_module_takes_other_names(tmp_path):
    files = {"p/__init__.py": "", "p/other.py": "from .rules import f  # no adjoint"}
    found = head("from zygoterules import adjoint\n", root=tmp_path, files=files, path="p/rules.py")
    assert found == NEW


def test_import_of_a_refused_rule_stays():
    outcome = conversion("""
        from zygoterules import adjoint, nograd
        def f(x): ...
        @adjoint
        def f(x):
            return f(x), lambda dy: [2 * dy]
        @nograd
        def g(x): ...
        """)
    assert outcome.result.decode().startswith(
        "\nfrom adjoint2rrule.core import non_differentiable\nfrom zygoterules import adjoint\n"
    )


def test_star_import_stays_where_another_of_its_names_is_used():
    text = f"from zygoterules import *\n{BODY.replace('DECORATOR', 'adjoint')}x = gradient(f, 1.0)\n"
    assert b"from zygoterules import *\n" in conversion(text).result


def test_import_of_a_namespace_goes_with_its_last_use():
    found = converted("""
        from types import SimpleNamespace
        from zygoterules import adjoint
        def f(x): ...
        @adjoint
        def f(x):
            return f(x), lambda dy: (SimpleNamespace(a=dy),)
        """)
    assert "SimpleNamespace" not in found


def test_import_of_a_namespace_stays_for_its_other_uses():
    found = converted("""
        from types import SimpleNamespace
        from zygoterules import adjoint
        def f(x): return SimpleNamespace(b=x)
        @adjoint
        def f(x):
            return f(x), lambda dy: (SimpleNamespace(a=dy),)
        """)
    assert "from types import SimpleNamespace\n" in found


def test_conditional_import_with_comments_in_it_stays_and_is_noted():
    before = "if x:\n    from zygoterules import (  # ours\n        adjoint)\n"
    text = before + BODY.replace("DECORATOR", "adjoint")
    outcome = conversion(text)
    (note,) = outcome.diagnostics
    assert (note.slug, note.severity, note.line) == ("unused-import", Severity.NOTE, 2)
    assert "`from zygoterules import adjoint`" in note.message
    assert before.encode() in outcome.result


@pytest.mark.parametrize("promise", ["__all__ += ['adjoint']", "__all__.append('adjoint')"])
def test_import_that_all_is_extended_by_stays(promise):
    assert "from zygoterules import adjoint\n" in head(
        f"from zygoterules import adjoint\n__all__ = ['f']\n{promise}\n"
    )


# -- what comes --------------------------------------------------------------------------------

LONG = [letter * 9 for letter in "bcdefg"]
COMES = {
    "into the import that is there": (
        "from adjoint2rrule.core import ZeroTangent\nfrom zygoterules import adjoint\nx = ZeroTangent()\n",
        "from adjoint2rrule.core import NoTangent, ZeroTangent, rrule\nx = ZeroTangent()\n",
    ),
    "into the one over several lines": (
        "from adjoint2rrule.core import (\n    thunk,\n)\nfrom zygoterules import adjoint\nx = thunk\n",
        "from adjoint2rrule.core import (\n    NoTangent,\n    rrule,\n    thunk,\n)\nx = thunk\n",
    ),
    "into one that gets too long": (
        f"from adjoint2rrule.core import {', '.join(LONG)}\n"
        f"from zygoterules import adjoint\nx = {', '.join(LONG)}\n",
        "from adjoint2rrule.core import (\n    NoTangent,\n"
        f"{''.join(f'    {name},{chr(10)}' for name in LONG)}    rrule,\n)\nx = {', '.join(LONG)}\n",
    ),
    "not twice": (
        f"{NEW}from zygoterules import adjoint\nx = NoTangent, rrule\n",
        "from adjoint2rrule.core import NoTangent, rrule\nx = NoTangent, rrule\n",
    ),
    "under another name where it is taken": (
        "from zygoterules import adjoint\nNoTangent = 1\n",
        "from adjoint2rrule.core import NoTangent as core_NoTangent, rrule\nNoTangent = 1\n",
    ),
}


@pytest.mark.parametrize(("before", "after"), COMES.values(), ids=COMES)
def test_runtime_is_imported(before, after):
    assert head(before) == after


def test_runtime_comes_from_where_the_options_say():
    text = f"from zygoterules import adjoint\n{BODY.replace('DECORATOR', 'adjoint')}"
    result = conversion(text, options=Options(runtime="lab.rules.runtime")).result
    assert result.startswith(b"from lab.rules.runtime import NoTangent, rrule\ndef f")


def test_import_of_a_function_is_replaced_where_it_stands():
    found = converted("""
        def register():
            from zygoterules import adjoint

            @adjoint(len)
            def rule(x):
                return len(x), lambda dy: (2 * dy,)
        """)
    assert found.startswith(
        "\ndef register():\n    from adjoint2rrule.core import NoTangent, rrule\n\n    @rrule.register(len)\n"
    )


def test_import_of_a_function_keeps_what_else_it_imports():
    found = converted("""
        def register():
            from zygoterules import adjoint, gradient
            @adjoint(len)
            def rule(x):
                return len(x), lambda dy: (2 * dy,)
            return gradient
        """)
    assert (
        "    from zygoterules import gradient\n    from adjoint2rrule.core import NoTangent, rrule\n"
    ) in found


def test_import_of_a_function_that_is_still_needed_stays():
    result = conversion("""
        def register():
            from zygoterules import adjoint
            @adjoint(len)
            def rule(x):
                return len(x), lambda dy: (2 * dy,)
            return adjoint
        """).result
    assert result.decode().startswith(
        "\nfrom adjoint2rrule.core import NoTangent, rrule\n\n"
        "def register():\n    from zygoterules import adjoint\n    @rrule.register(len)\n"
    )


def test_file_without_anything_to_convert_keeps_its_imports():
    text = "from zygoterules import adjoint\nfrom types import SimpleNamespace\n"
    assert conversion(text).result == text.encode()


# -- imports in blocks, and flags ---------------------------------------------------------------

CORE = "from adjoint2rrule.core import NoTangent, rrule\n"
IN_BLOCKS = {
    "by a condition": ("if x:\n    from zygoterules import adjoint\n", f"if x:\n    {CORE}"),
    "beside another import": (
        "try:\n    import scipy\n    from zygoterules import adjoint\nexcept ImportError:\n    pass\n",
        f"try:\n    import scipy\n    {CORE}except ImportError:\n    pass\n",
    ),
    "with a flag of its own": (
        "try:\n    from zygoterules import adjoint\n    HAS = True\nexcept ImportError:\n    HAS = False\n",
        f"try:\n    {CORE}    HAS = True\nexcept ImportError:\n    HAS = False\n",
    ),
    "with others that stay": (
        "try:\n    from zygoterules import adjoint, nograd\nfinally:\n    g = nograd\n",
        f"try:\n    from zygoterules import nograd\n    {CORE}finally:\n    g = nograd\n",
    ),
    "by a star": (
        "try:\n    from zygoterules import *\nexcept ImportError:\n    x = 1\n",
        f"{CORE}\ntry:\n    pass\nexcept ImportError:\n    x = 1\n",
    ),
    "as a flag": (
        "try:\n    from zygoterules import adjoint\nexcept ImportError:\n    adjoint = None\n"
        "if adjoint is not None:\n    x = 1\nelif not adjoint:\n    x = 2 if adjoint is None else 3\n",
        f"try:\n    {CORE}except ImportError:\n    rrule = None\n"
        "if rrule is not None:\n    x = 1\nelif not rrule:\n    x = 2 if rrule is None else 3\n",
    ),
}


@pytest.mark.parametrize(("before", "after"), IN_BLOCKS.values(), ids=IN_BLOCKS)
def test_import_in_a_block_is_replaced_where_it_stands(before, after):
    text = before + BODY.replace("DECORATOR", "adjoint")
    assert conversion(text).result.decode().partition("def f(x): ...")[0] == after


def test_each_flag_becomes_a_name_of_what_it_stood_for():
    before = (
        "try:\n    from zygoterules import adjoint, nograd\n"
        "except ImportError:\n    adjoint = nograd = None\n"
        "if nograd is not None and x:\n    nograd(len)\n"
    )
    assert head(before) == (
        "try:\n    from adjoint2rrule.core import NoTangent, non_differentiable, rrule\n"
        "except ImportError:\n    rrule = non_differentiable = None\n"
        "if non_differentiable is not None and x:\n    non_differentiable(len)\n"
    )


def test_import_that_a_function_makes_for_the_module_stays():
    before = "def load():\n    global adjoint\n    from zygoterules import adjoint\nload()\n"
    assert head(before) == f"{CORE}\n{before}"


def test_module_that_serves_as_a_flag_becomes_the_runtimes():
    before = (
        "try:\n    import zygoterules as zr\nexcept ImportError:\n    zr = None\nif zr is not None: x = 1\n"
    )
    wanted = f"try:\n    {CORE}except ImportError:\n    rrule = None\nif rrule is not None: x = 1\n"
    assert head(before, "zr.adjoint") == wanted


@pytest.mark.parametrize("use", ["g(adjoint)", "y = adjoint or 1", "__all__ = ['adjoint']"])
def test_flag_that_is_used_otherwise_stays(use):
    before = f"try:\n    from zygoterules import adjoint\nexcept E:\n    adjoint = None\n{use}\n"
    result = conversion(before + BODY.replace("DECORATOR", "adjoint")).result.decode()
    assert result.partition("def f(x): ...")[0].endswith(before)
    assert "@rrule.register(f)" in result


@pytest.mark.parametrize("fallback", ["lambda f: f", "print", "0"])
def test_rule_with_a_fallback_of_another_kind_is_refused(fallback):
    before = f"try:\n    from zygoterules import adjoint\nexcept E:\n    adjoint = {fallback}\n"
    text = before + BODY.replace("DECORATOR", "adjoint")
    assert conversion(text).result.decode() == text


# -- comments ----------------------------------------------------------------------------------


def test_comment_beside_an_import_that_goes_stays():
    before = "import numpy as np\nfrom zygoterules import adjoint  # our rules\nfrom zzz import z\n"
    assert head(before) == f"import numpy as np\n{NEW}# our rules\nfrom zzz import z\n"


# -- the runtime's names -----------------------------------------------------------------------


def test_imports_of_the_runtime_under_other_names_are_used():
    found = converted(
        "from adjoint2rrule.core import rrule as r, NoTangent as NT\nfrom zygote import adjoint\n"
        + BODY.replace("DECORATOR", "adjoint")
    )
    assert "import rrule as r, NoTangent as NT\n" in found
    assert "@r.register(f)" in found
    assert "lambda dy: (NT(), 2 * dy)" in found


def test_name_that_another_function_has_taken_needs_no_alias():
    other = "def other(rrule):\n    NoTangent = 1\n    return rrule, NoTangent\n"
    found = converted("from zygote import adjoint\n" + BODY.replace("DECORATOR", "adjoint") + other)
    assert NEW in found


def test_name_that_a_helper_has_taken_gets_an_alias():
    found = converted("""
        from zygote import adjoint
        def f(x): ...
        @adjoint
        def f(x):
            return make(x)
        def make(x):
            NoTangent = x
            return x, lambda dy: (dy * NoTangent,)
        """)
    assert "NoTangent as core_NoTangent" in found


# -- re-exports --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "noted"),
    [
        ("from zygote import adjoint\n__all__ = ['adjoint']\n", True),
        ("from zygote import adjoint as adjoint\n", True),
        ("from zygote import adjoint  # noqa: F401  for the rules\n", True),
        ("from zygote import adjoint\n", False),
        ("from zygote import adjoint as adj\n", False),
        ("from zygote import adjoint  # for the rules\n", False),
    ],
)
def test_import_is_a_reexport_where_it_shows_that_it_is_for_others(text, noted, tmp_path):
    outcome = conversion(text, tmp_path, {"p/__init__.py": ""}, "p/_ad.py")
    assert [d.slug for d in outcome.diagnostics] == ["unused-reexport"] * noted
