"""Whole packages, legacy and converted side by side."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest

from adjoint2rrule.convert.model import Options
from adjoint2rrule.proof.findings import Finding, Status
from adjoint2rrule.proof.verification import verify
from adjoint2rrule.proof.work_tree import work_in_tree

TOP = Path(__file__).parents[2]
CORPUS = TOP.parent / "shared" / "corpus"


def findings(package: Path, folder: Path) -> list[Finding]:
    """Return what comes of each rule of a copy of `package`, all files of which can be run."""
    copy = shutil.copytree(package, folder / package.name, ignore=shutil.ignore_patterns("__pycache__"))
    work = work_in_tree([str(copy)], (), Options())
    found = [found for of_file in verify(work, Options(), timeout=30.0) for found in of_file]
    rules = [finding for finding in found if isinstance(finding, Finding)]
    assert rules == found
    return rules


def test_every_rule_of_the_example_is_equal(tmp_path):
    found = findings(TOP / "examples" / "heating", tmp_path)
    assert Counter(finding.status for finding in found) == {Status.EQUAL: 14}
    assert not [finding.name for finding in found if finding.wrong]


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not beside this checkout")
def test_every_rule_of_the_corpus_is_equal_and_those_that_were_never_right_are_found(tmp_path):
    found = findings(CORPUS / "optics_lab", tmp_path)
    assert Counter(finding.status for finding in found) == {Status.EQUAL: 67, Status.NOT_CONVERTED: 1}
    # The inputs that come with the corpus hide it: there, no residual is left, and no position is negative.
    assert [finding.name for finding in found if finding.wrong] == ["lstsq", "sample_mirror"]
    assert all(finding.wrong.still for finding in found if finding.wrong)
