"""What `verify` tells: lines that can be grepped, one JSON document, and counts."""

from __future__ import annotations

import json

import pytest

from adjoint2rrule.proof.findings import Failure, Finding, Status, Wrong
from adjoint2rrule.report.verification import JsonReport, Results, TextReport, summary

EQUAL = Finding(
    "lab/films.py",
    8,
    "phase",
    Status.EQUAL,
    "2 calls, exactly",
    ("phase(0.5)", "phase(1.5)"),
    printed="hello\nyou",
)
DIFFERENT = Finding(
    "lab/films.py",
    120,
    "np.linalg.solve",
    Status.DIFFERENT,
    "the cotangent of args[0][0, 1] (`A[0, 1]`) is 1.25 before and -1.25 after, in np.linalg.solve(A, b)",
    ("np.linalg.solve(A, b)",),
    notes=("it changes its arguments, before and after: b",),
    wrong=Wrong("np.linalg.solve(A, b)", "finite differences say 2.5\nand mean it", still=False),
)
UNKNOWN = Finding("lab/films.py", 130, "root", Status.NOT_RUN, "no arguments are known: `f`: annotate it")
REFUSED = Finding("lab/films.py", 140, "scale", Status.NOT_CONVERTED, "mutating-rule: it is not converted")
ALWAYS_WRONG = Finding(
    "lab/two\nlines.py",
    3,
    "area",
    Status.EQUAL,
    "1 call, exactly",
    wrong=Wrong("area(2.0)", "it is 1.0", still=True),
)
LOST = Failure("lab/deep.py", 1, "it cannot be imported: ModuleNotFoundError: No module named 'torch'", 3)
FOUND = [[EQUAL, DIFFERENT, UNKNOWN, REFUSED], [ALWAYS_WRONG], [LOST]]


def told(report, capsys):
    for found in FOUND:
        report.tell(found)
    code = report.finish("Nothing to compare.")
    return code, capsys.readouterr()


def test_each_rule_has_a_line_and_those_of_a_file_are_aligned(capsys):
    code, output = told(TextReport(), capsys)
    assert code == 1
    assert output.out.splitlines() == [
        "lab/films.py:8:   phase:           equal (2 calls, exactly)",
        "lab/films.py:120: np.linalg.solve: different: the cotangent of args[0][0, 1] (`A[0, 1]`) is 1.25 "
        "before and -1.25 after, in np.linalg.solve(A, b)",
        "    it changes its arguments, before and after: b",
        "lab/films.py:130: root:            not run: no arguments are known: `f`: annotate it",
        "lab/films.py:140: scale:           not converted: mutating-rule: it is not converted",
        "lab/two\\nlines.py:3: area: equal (1 call, exactly)",
        "lab/deep.py:1: not run (3 rules): it cannot be imported: "
        "ModuleNotFoundError: No module named 'torch'",
        "lab/films.py:120: np.linalg.solve: wrong by finite differences, before, in "
        "np.linalg.solve(A, b): finite differences say 2.5",
        "        and mean it",
        "lab/two\\nlines.py:3: area: wrong by finite differences, before and after, in area(2.0): it is 1.0",
    ]
    assert output.err.splitlines() == [
        "8 rules: 2 equal, 1 different, 4 not run, 1 not converted.",
        "1 file could not be run, for the reasons above.",
        "2 legacy rules are wrong by finite differences, 1 of them after the conversion too: "
        "see the lines above.",
    ]


def test_verbose_shows_the_calls_and_what_was_printed(capsys):
    _, output = told(TextReport(verbose=True), capsys)
    assert output.out.splitlines()[1:6] == [
        "    phase(0.5)",
        "    phase(1.5)",
        "    it wrote:",
        "        hello",
        "        you",
    ]


def test_quiet_tells_what_differs_and_what_is_wrong_and_no_counts(capsys):
    code, output = told(TextReport(quiet=True), capsys)
    assert code == 1
    assert [line.split(":")[0] for line in output.out.splitlines()] == [
        "lab/films.py",
        "    it changes its arguments, before and after",
        "lab/deep.py",
        "lab/films.py",
        "        and mean it",
        "lab/two\\nlines.py",
    ]
    assert output.err == ""


def test_json_is_one_document_with_all_of_it(capsys):
    code, output = told(JsonReport(), capsys)
    assert code == 1
    document = json.loads(output.out)
    assert [rule["name"] for rule in document["rules"]] == [
        "phase",
        "np.linalg.solve",
        "root",
        "scale",
        "area",
    ]
    assert document["rules"][0] == {
        "path": "lab/films.py",
        "line": 8,
        "name": "phase",
        "status": "equal",
        "message": "2 calls, exactly",
        "calls": ["phase(0.5)", "phase(1.5)"],
        "notes": [],
        "printed": "hello\nyou",
    }
    assert document["wrong_before"][1] == {
        "path": "lab/two\nlines.py",
        "line": 3,
        "name": "area",
        "call": "area(2.0)",
        "message": "it is 1.0",
        "converted_too": True,
    }
    assert document["files_not_run"] == [
        {"path": "lab/deep.py", "line": 1, "message": LOST.message, "rules": 3}
    ]
    assert document["totals"] == {
        "equal": 2,
        "different": 1,
        "not run": 4,
        "not converted": 1,
        "wrong before": 2,
        "files not run": 1,
    }
    assert "8 rules: 2 equal" in output.err


@pytest.mark.parametrize("report", [TextReport(), JsonReport()])
def test_nothing_to_compare_is_told(report, capsys):
    assert report.finish("Nothing to compare.") == 0
    assert capsys.readouterr().err == "Nothing to compare.\n"


@pytest.mark.parametrize(
    ("found", "code"), [([EQUAL, UNKNOWN, REFUSED, LOST, ALWAYS_WRONG], 0), ([EQUAL, DIFFERENT], 1)]
)
def test_only_a_difference_fails(found, code):
    results = Results()
    results.add(found)
    assert results.exit_code == code


def test_one_wrong_rule_is_told_in_the_singular():
    assert summary(Results([ALWAYS_WRONG]), "").splitlines()[-1] == (
        "1 legacy rule is wrong by finite differences, and after the conversion too: see the line above."
    )
    assert summary(Results([DIFFERENT]), "").splitlines()[-1] == (
        "1 legacy rule is wrong by finite differences: see the line above."
    )
