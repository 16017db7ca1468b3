"""`import_block`: a new import goes where a person would put it, and blank lines keep groups apart."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from adjoint2rrule.convert.import_block import insertion, is_headed, without_lines
from adjoint2rrule.convert.model import Edit, Span
from adjoint2rrule.convert.splice import splice
from tests.convert.building import Sample, parsed, sample

NAMES = ("NoTangent", "rrule")
NEW = "from adjoint2rrule.core import NoTangent, rrule\n"


HEADED = {
    "right above": (
        "import aaa\n# the AD\nOLD# more\nimport numpy\n",
        "import aaa\n# the AD\nNEW# more\nimport numpy\n",
    ),
    "over a section": (
        "import aaa\n\n# -- AD --\n\nOLD\n# -- more --\n\nimport numpy\n",
        "import aaa\n\n# -- AD --\n\nNEW\n# -- more --\n\nimport numpy\n",
    ),
    "over two that go": ("import zzz\n# the AD\nOLDOLD\nx = 1\n", "import zzz\n# the AD\nNEW\nx = 1\n"),
    "at the end": ("import zzz\n# the AD\nOLD", "import zzz\n# the AD\nNEW"),
}


def with_legacy_import(text: str) -> tuple[Sample, list[ast.stmt]]:
    """Return a file that holds `text`, and the imports that go from it."""
    file = sample(text.replace("OLD", "from zygote import adjoint\n"))
    return file, [s for s in file.unit.module.tree.body if "zygote" in file.unit.module.text(s)]


@pytest.mark.parametrize(("before", "after"), HEADED.values(), ids=HEADED)
def test_import_under_a_comment_of_its_own_is_replaced_where_it_stands(before, after):
    file, removed = with_legacy_import(before)
    module = file.unit.module
    edit = insertion(file.unit, file.project, [("adjoint2rrule.core", NAMES)], removed)
    result = splice(module.source.content, without_lines(module, removed, edit))
    assert result.decode() == after.replace("NEW", NEW)


@pytest.mark.parametrize(
    "text",
    [
        "import aaa\n# others\nOLDimport numpy\n",
        "import aaa\n# others\nimport numpy\nOLD",
        "# licence\nOLD\nx = 1\n",
        "import aaa\n# others\n\n\nOLD\nx = 1\n",
        "import aaa\n# others\n\nOLDimport numpy\n",
        "import aaa\n\nOLD\nx = 1\n",
    ],
)
def test_comment_over_other_lines_heads_no_import_that_goes(text):
    file, removed = with_legacy_import(text)
    assert not is_headed(file.unit.module, removed[0], removed)


def test_import_of_third_parties_does_not_stand_in_for_one_of_the_project():
    file, removed = with_legacy_import("import os\n\n# ours\nfrom .zygote import adjoint\n\nx = 1\n")
    edit = insertion(file.unit, file.project, [("adjoint2rrule.core", NAMES)], removed)
    assert edit.span.start < file.unit.module.lines_of(removed[0]).start


def inserted(text: str | bytes, root: Path | None = None, path: str = "rules.py", names=NAMES) -> bytes:
    """Return the file with the runtime's `names` imported."""
    file = sample(text, root, {"lab/__init__.py": ""}, path)
    edit = insertion(file.unit, file.project, [("adjoint2rrule.core", names)], ())
    return splice(file.unit.module.source.content, [edit])


PLACES = {
    "no imports": ("x = 1\n", f"{NEW}\nx = 1\n"),
    "docstring and a blank line": ("'''Doc.'''\n\nx = 1\n", f"'''Doc.'''\n\n{NEW}\nx = 1\n"),
    "shebang and encoding": (
        "#!/bin/python\n# coding: utf-8\nx = 1\n",
        f"#!/bin/python\n# coding: utf-8\n{NEW}\nx = 1\n",
    ),
    "future": (
        "from __future__ import annotations\nx = 1\n",
        f"from __future__ import annotations\n\n{NEW}\nx = 1\n",
    ),
    "docstring and future": (
        "'''Doc.'''\n\nfrom __future__ import annotations\n\nx = 1\n",
        f"'''Doc.'''\n\nfrom __future__ import annotations\n\n{NEW}\nx = 1\n",
    ),
    "standard library": ("import os\n\nx = 1\n", f"import os\n\n{NEW}\nx = 1\n"),
    "third party after it": ("import zzz\n\nx = 1\n", f"import zzz\n{NEW}\nx = 1\n"),
    "sorted before": ("from numpy import pi\n", f"{NEW}from numpy import pi\n"),
    "sorted behind": ("from aaa import pi\n", f"from aaa import pi\n{NEW}"),
    "sorted between": (
        "from aaa import pi\nfrom numpy import e\n",
        f"from aaa import pi\n{NEW}from numpy import e\n",
    ),
    "plain imports first": (
        "import numpy as np\nfrom scipy import fft\n",
        f"import numpy as np\n{NEW}from scipy import fft\n",
    ),
    "plain imports among the others": (
        "from aaa import b\nimport numpy\nfrom scipy import fft\n",
        f"from aaa import b\n{NEW}import numpy\nfrom scipy import fft\n",
    ),
    "all groups": (
        "import os\n\nfrom numpy import pi\n\nfrom .x import y\n",
        f"import os\n\n{NEW}from numpy import pi\n\nfrom .x import y\n",
    ),
    "no third party": (
        "import os\n\nfrom .x import y\n",
        f"import os\n\n{NEW}\nfrom .x import y\n",
    ),
    "relative imports alone": ("from .x import y\n", f"{NEW}\nfrom .x import y\n"),
    "over several lines": (
        "from aaa import (\n    b,\n)\nx = 1\n",
        f"from aaa import (\n    b,\n)\n{NEW}x = 1\n",
    ),
    "conditional imports between": (
        "import os\ntry:\n    import a\nexcept ImportError:\n    a = None\nimport aaa\nx = 1\n",
        f"import os\ntry:\n    import a\nexcept ImportError:\n    a = None\nimport aaa\n{NEW}x = 1\n",
    ),
    "imports further down": (
        "import os\n\nx = 1\nimport numpy\n",
        f"import os\n\n{NEW}\nx = 1\nimport numpy\n",
    ),
    "no last line end": ("import aaa", f"import aaa\n{NEW}".rstrip()),
    "a comment behind": ("import aaa  # noqa\n", f"import aaa  # noqa\n{NEW}"),
}


@pytest.mark.parametrize(("before", "after"), PLACES.values(), ids=PLACES)
def test_import_joins_the_block(before, after):
    assert inserted(before).decode() == after


def test_modules_of_the_project_are_no_third_party(tmp_path):
    text = "import os\n\nimport lab\nfrom lab.x import y\n"
    assert inserted(text, tmp_path).decode() == f"import os\n\n{NEW}\nimport lab\nfrom lab.x import y\n"


def test_package_of_the_file_is_no_third_party(tmp_path):
    assert (
        inserted("from lab.x import y\n", tmp_path, "lab/rules.py").decode()
        == f"{NEW}\nfrom lab.x import y\n"
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"import aaa\r\nx = 1\r\n", b"import aaa\r\n%sx = 1\r\n"),
        (b"import os\r\nx = 1\r\n", b"import os\r\n\r\n%s\r\nx = 1\r\n"),
        (b"x = 1\r\n", b"%s\r\nx = 1\r\n"),
    ],
)
def test_new_lines_end_as_the_others(before, after):
    assert inserted(before) == after % NEW.replace("\n", "\r\n").encode()


def test_byte_order_mark_stays_in_front():
    assert inserted(b"\xef\xbb\xbfx = 1\n") == b"\xef\xbb\xbf" + NEW.encode() + b"\nx = 1\n"


MANY = ("HasReverseMode", "NoTangent", "RuleConfig", "Tangent", "ZeroTangent", "rrule", "rrule_via_ad")


@pytest.mark.parametrize(
    ("text", "indent"), [("import aaa\n", "    "), ("import aaa\n\ndef f():\n\treturn 1\n", "\t")]
)
def test_long_import_has_one_name_a_line(text, indent):
    lines = "".join(f"{indent}{name},\n" for name in MANY)
    wanted = text.replace("import aaa\n", f"import aaa\nfrom adjoint2rrule.core import (\n{lines})\n")
    assert inserted(text, names=MANY).decode() == wanted


def test_long_import_has_the_line_ends_of_the_file():
    result = inserted(b"import aaa\r\n", names=MANY)
    assert result.count(b"\n") == result.count(b"\r\n") == len(MANY) + 3


def test_import_of_88_characters_stays_on_one_line():
    names = ("NoTangent", "x" * (88 - len("from adjoint2rrule.core import NoTangent, ")))
    assert inserted("import aaa\n", names=names).count(b"\n") == 2
    assert inserted("import aaa\n", names=(*names[:1], names[1] + "x")).count(b"\n") == 5


# -- what goes ---------------------------------------------------------------------------------

GONE = {
    "a line": ("a\nB\nc\n", "a\nc\n"),
    "the first line": ("B\nc\n", "c\n"),
    "the last line": ("a\nB\n", "a\n"),
    "the last line without an end": ("a\nB", "a\n"),
    "lines side by side": ("a\nB\nB\nc\n", "a\nc\n"),
    "lines apart": ("a\nB\nc\nB\nd\n", "a\nc\nd\n"),
    "a group and the blank line before it": ("a\n\nB\n\nc\n", "a\n\nc\n"),
    "a group of two": ("a\n\nB\nB\n\nc\n", "a\n\nc\n"),
    "the first of a group": ("a\n\nB\nb\n\nc\n", "a\n\nb\n\nc\n"),
    "the last of a group": ("a\n\nb\nB\n\nc\n", "a\n\nb\n\nc\n"),
    "groups in a row": ("a\n\nB\n\nB\n\nc\n", "a\n\nc\n"),
    "groups in a row at the start": ("B\n\nB\n\n\nc\n", "c\n"),
    "a group at the end": ("a\n\nB\n", "a\n"),
    "windows": ("a\r\n\r\nB\r\n\r\nc\r\n", "a\r\n\r\nc\r\n"),
    "a comment for tools": ("a\nB  # noqa\nc\n", "a\nc\n"),
    "all but a comment for people": ("a\n\nB  # why\n\nc\n", "a\n\n# why\n\nc\n"),
    "all but comments in brackets": ("a\n(  # one\n    B,  # two\n)\nc\n", "a\n# one\n# two\nc\n"),
}


@pytest.mark.parametrize(("before", "after"), GONE.values(), ids=GONE)
def test_lines_go_with_the_blank_line_that_set_them_apart(before, after):
    module = parsed(before.encode())
    edits = without_lines(module, [s for s in module.tree.body if "B" in module.text(s)], None)
    assert splice(before.encode(), edits).decode() == after


def test_line_that_another_stands_in_for_leaves_its_blank_lines():
    module = parsed("a\n\nB\n\nc\n")
    place = Edit(Span(3, 3), b"new\n")
    edits = without_lines(module, [module.tree.body[1]], place)
    assert splice(module.source.content, sorted(edits, key=lambda e: e.span)) == b"a\n\nnew\n\nc\n"
