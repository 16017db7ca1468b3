"""What there is to compare today: rules that are legacy, and what is known of the others."""

from __future__ import annotations

from adjoint2rrule.convert.model import Options
from adjoint2rrule.proof.findings import Failure, Finding, Status
from adjoint2rrule.proof.work_tree import work_in_tree

RULES = """\
from adjoint2rrule.core import NoTangent, rrule
from zygoterules import adjoint, adjoint_mut

def double(x): return 2 * x
def square(x): return x * x
def scale(x): x *= 2

@rrule.register(double)
def double_rrule(double, x):
    return double(x), lambda dy: (NoTangent(), 2 * dy)

@adjoint
def square(x):
    return square(x), lambda dy: (2 * dy * x,)

@adjoint_mut
def scale(x):
    return scale(x), lambda dy: (dy,)
"""


def work(tree, **files):
    for path, text in files.items():
        file = tree / path.replace("__", "/")
        file = file.with_suffix(".py")
        file.parent.mkdir(parents=True, exist_ok=True)
        (file.parent / "__init__.py").touch()
        file.write_text(text)
    return work_in_tree([str(tree)], (), Options())


def test_rules_that_are_legacy_are_compared_and_others_are_not(tmp_path):
    found = work(tmp_path, lab__rules=RULES)
    (batch,) = found.batches
    (pair,) = batch.pairs
    assert [subject.name for subject in pair.subjects] == ["square"]
    assert found.rules == 1
    assert batch.before == {pair.path: RULES.encode()}
    assert b"rrule.register(square)" in (batch.after[pair.path] or b"")


def test_what_is_refused_and_what_cannot_be_read_is_known_at_once(tmp_path):
    found = work(tmp_path, lab__rules=RULES, lab__broken="import zygoterules\ndef f(:\n")
    broken, refused = found.told
    assert isinstance(broken, Failure)
    assert broken.path.endswith("broken.py")
    assert isinstance(refused, Finding)
    assert (refused.name, refused.status, refused.line) == ("scale", Status.NOT_CONVERTED, 16)


def test_packages_side_by_side_are_run_together(tmp_path):
    found = work(tmp_path, one__rules=RULES, two__sub__rules=RULES, two__rules=RULES, two__none="x = 1")
    tops = [sorted({pair.top.name for pair in batch.pairs}) for batch in found.batches]
    assert tops == [["one", "two"]]


def test_file_without_a_package_is_its_own_top(tmp_path):
    (tmp_path / "script.py").write_text(RULES)
    (batch,) = work_in_tree([str(tmp_path / "script.py")], (), Options()).batches
    assert batch.pairs[0].top == tmp_path / "script.py"
