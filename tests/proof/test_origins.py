"""Lines of a converted file, and those of the file as it was."""

from __future__ import annotations

import pytest

from adjoint2rrule.convert.model import Options, SourceFile
from adjoint2rrule.convert.pipeline import closed_modules, convert_source
from adjoint2rrule.convert.project import Project
from adjoint2rrule.proof.converted import converted_file
from adjoint2rrule.proof.origins import is_rewritten, line_before

LEGACY = b'''\
"""Rules, old and new."""

import numpy as np
from adjoint2rrule.core import rrule
from zygoterules import adjoint, adjoint_mut, nograd


@rrule.register(np.exp)
def exp_rrule(exp, x):
    return exp(x), exp_pullback


@adjoint(np.sin)
def _(x):
    return np.sin(x), lambda dy: (dy * np.cos(x), )


def square(x):
    return x * x


@adjoint_mut
def scale(x):
    return scale(x), lambda dy: (dy,)


@adjoint
def square(x):
    def square_pullback(dy):
        return (2 * dy * x, )

    return square(x), square_pullback


nograd(np.argmax, np.sign)


@rrule.register(np.cos)
def cos_rrule(cos, x):
    return cos(x), cos_pullback
'''


@pytest.fixture(params=[b"\n", b"\r\n", b"\r"], ids=["LF", "CRLF", "CR"])
def file(request, tmp_path):
    """Return the file as it becomes, with each kind of line ends."""
    source = SourceFile(str(tmp_path / "rules.py"), LEGACY.replace(b"\n", request.param))
    project = Project((tmp_path,), closed_modules(Options()))
    return converted_file(convert_source(source, Options(), project), Options())


def test_rules_are_told_with_their_lines_as_they_were(file):
    lines = {subject.name: line_before(file.conversion, subject) for subject in file.subjects}
    assert lines == {"np.exp": 8, "np.sin": 13, "square": 27, "np.argmax": 35, "np.sign": 35, "np.cos": 38}


def test_only_rules_that_were_legacy_are_rewritten(file):
    rewritten = [subject.name for subject in file.subjects if is_rewritten(file.conversion, subject)]
    assert rewritten == ["np.sin", "square", "np.argmax", "np.sign"]
