"""`scan`: which files are worth a parse; it may say yes too often, but never no where it matters."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from adjoint2rrule.convert.scan import LegacyWords, read, survey


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """Make an empty directory the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "source",
    [
        "from zygoterules import *",
        "import zygote as z",
        "from zygoterules import gradient",
        "from adjoint2rrule.legacy import gradient",
        "from adjoint2rrule import legacy",
        "import adjoint2rrule . legacy",
        "from adjoint2rrule import (\n    core,\n    legacy,\n)",
        "from ._ad import adjoint as adj",
        "@_ad.adjoint\ndef f(x): ...",
        "@adjoint_mut",
        "nograd(f)",
        "y, back = _ad.pullback(f, x)",
        "y, back = _pullback(f, x)",
        'literal_getproperty(x, "a")',
        'literal_getfield(x, "a")',
        "y=adjoint(f)",
        "é = 1; éadjoint = 2",  # bytes do not tell whether é is a letter
    ],
)
def test_legacy_word_is_seen(source):
    assert source.encode() in LegacyWords()


@pytest.mark.parametrize(
    "source",
    [
        "",
        "from numpy import gradient",
        "def f_pullback(dy): ...",
        "adjoints = self_adjoint",
        "from adjoint2rrule.core import NoTangent, rrule\n\n\ndef f_pullback(dy): ...",
        "from adjoint2rrule.testing import test_rrule",
        "import adjoint2rrule . interop . jax",
        "is_nogradient = True",
        "literal_get = 1",
    ],
)
def test_words_that_only_look_alike_are_passed_over(source):
    assert source.encode() not in LegacyWords()


@pytest.mark.parametrize(
    "source",
    [
        "from lab.rules import *",
        "from lab import rules as r",
        "from .rules import vjp",
        "from . import rules",
        "import lab.rules",
    ],
)
def test_module_that_the_user_names_is_seen_in_each_form_of_import(source):
    assert source.encode() in LegacyWords(modules=["lab.rules"])
    assert source.encode() not in LegacyWords()
    assert b"import lab.ruleset" not in LegacyWords(modules=["lab.rules"])


def test_module_with_a_name_that_is_not_ascii_is_seen():
    assert "from .règles import *".encode() in LegacyWords(modules=["lab.règles"])


def test_survey_keeps_order_and_counts_all(tree):
    (tree / "b.py").write_text("import zygote\n")
    (tree / "a.py").write_text("@adjoint\n")
    (tree / "c.py").write_text("import numpy\n")
    result = survey(["."])
    assert result.found == ("./a.py", "./b.py")
    assert result.files == 3


def test_survey_hands_on_what_cannot_be_read(tree, monkeypatch):
    (tree / "b.py").write_text("@adjoint\n")
    missing, path = survey(["nope", "b.py"]).found
    assert isinstance(missing, FileNotFoundError)
    assert path == "b.py"


def test_file_that_vanishes_is_an_error_and_no_crash(tree):
    error = read("gone.py")
    assert isinstance(error, FileNotFoundError)
    assert error.filename == "gone.py"


def test_survey_leaves_out_what_is_excluded(tree):
    (tree / "a.py").write_text("@adjoint\n")
    (tree / "b.py").write_text("@adjoint\n")
    result = survey(["."], exclude=["b.py"])
    assert (result.found, result.files) == (("./a.py",), 1)


@pytest.mark.parametrize(
    "statement",
    [
        "from zygoterules import adjoint as rule",
        "from zygoterules import (\n    adjoint\n    as rule,\n)",
        "from zygoterules import nograd as constant, adjoint \\\n  as  rule",
        "from zygoterules import adjoint as ȳ, adjoint_mut as rule",
    ],
)
def test_name_that_another_file_gives_to_a_legacy_name_is_seen(tree, statement):
    # The file that renames comes last.
    (tree / "a.py").write_text("from .z import rule\n\n@rule\ndef f(x): return f(x), lambda dy: (dy,)\n")
    (tree / "b.py").write_text("rules = 1\n")
    (tree / "z.py").write_text(statement, encoding="utf-8")
    assert survey(["."]).found == ("./a.py", "./z.py")


def test_names_are_followed_through_several_files(tree):
    (tree / "a.py").write_text("@third\ndef f(x): ...\n")
    (tree / "b.py").write_text("from .c import second as third, ȳ\n")
    (tree / "c.py").write_text("from .d import adjoint as second\n")
    assert survey(["."]).found == ("./a.py", "./b.py", "./c.py")


def test_scan_imports_nothing_heavy(tree):
    (tree / "a.py").write_text("import zygote\n")
    code = "import sys, adjoint2rrule.convert.scan as s; s.survey(['.']); print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, env=dict(os.environ)
    ).stdout.split()
    assert "adjoint2rrule.convert.scan" in loaded
    assert not {"libcst", "rich", "click", "numpy", "plum", "pathspec"} & set(loaded)
