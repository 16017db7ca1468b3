"""`import_style`: a new import is wrapped as the file wraps its own."""

from __future__ import annotations

import pytest

from adjoint2rrule.convert.import_style import ImportStyle, import_style
from tests.convert.building import sample, write

NAMES = ["NoTangent", "Tangent", "ZeroTangent", "rrule"]
WRAPPED = {
    "one name a line": (
        "from a import (\n    b,\n    c,\n)\n",
        "from core import (\n    NoTangent,\n    Tangent,\n    ZeroTangent,\n    rrule,\n)",
    ),
    "no comma behind the last": (
        "from a import (\n    b,\n    c\n)\n",
        "from core import (\n    NoTangent,\n    Tangent,\n    ZeroTangent,\n    rrule\n)",
    ),
    "several names a line": (
        "from a import (\n    b, c,\n    d,\n)\n",
        "from core import (\n    NoTangent, Tangent,\n    ZeroTangent, rrule,\n)",
    ),
    "behind the bracket": (
        "from a import (b,  # one (1)\n               c)\n",
        "from core import (NoTangent,\n                  Tangent,\n                  ZeroTangent,\n"
        "                  rrule)",
    ),
    "backslashes": (
        "from a import b, \\\n    c\n",
        "from core import NoTangent, \\\n    Tangent, \\\n    ZeroTangent, rrule",
    ),
    "tabs": (
        "from a import (\n\tb,\n)\n",
        "from core import (\n\tNoTangent,\n\tTangent,\n\tZeroTangent,\n\trrule,\n)",
    ),
    "nothing wrapped": (
        "from a import b\n",
        "from core import (\n    NoTangent,\n    Tangent,\n    ZeroTangent,\n    rrule,\n)",
    ),
}
PROJECT = {"pyproject.toml": "[tool.ruff]\nline-length = 26\n"}


@pytest.mark.parametrize(("text", "wanted"), WRAPPED.values(), ids=WRAPPED)
def test_long_import_is_wrapped_as_the_first_that_the_file_wraps(text, wanted, tmp_path):
    file = sample(text, tmp_path, PROJECT)
    assert import_style(file.unit.module, file.project).write("core", NAMES) == wanted


@pytest.mark.parametrize("text", [text for text, _ in WRAPPED.values()], ids=WRAPPED)
def test_short_import_is_not_wrapped(text):
    file = sample(text)
    assert import_style(file.unit.module, file.project).write("core", NAMES).count("\n") == 0


@pytest.mark.parametrize(
    ("config", "imports", "length"),
    [
        ("[tool.ruff]\nline-length = 120", "", 120),
        ("[tool.black]\nline-length = 79", "", 79),
        ("[tool.ruff]\nline-length = 120\n[tool.black]\nline-length = 79", "", 120),
        ("[project]\nname = 'x'", "", 88),
        ("[tool.ruff]\nline-length = '120'", "", 88),
        ("not toml", "", 88),
        ("", f"from a import {'b' * 90}\n", 104),
        ("[tool.ruff]\nline-length = 100", f"from a import {'b' * 90}\n", 100),
    ],
)
def test_length_is_the_projects_else_that_of_the_longest_import(config, imports, length, tmp_path):
    write(tmp_path, {"pyproject.toml": config})
    file = sample(imports, tmp_path)
    assert import_style(file.unit.module, file.project).length == length


@pytest.mark.parametrize("style", [ImportStyle(12), ImportStyle(12, fills=True)])
def test_name_that_fits_no_line_has_one_of_its_own(style):
    lines = style.write("core", ["much_too_long", "x"]).splitlines()
    assert "    much_too_long" in [line.rstrip(" ,\\") for line in lines]
