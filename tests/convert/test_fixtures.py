"""The fixture pairs: what a file becomes, to the byte, what is said of it, and that its rules stay right.

A case is a folder of `tests/fixtures`, named for what it shows:

``before.py``, ``after.py``
    A file and what it becomes; without the latter, it must stay as it is.
``before/``, ``after/``
    The same for several modules; those that are not in ``after`` must stay as they are.
``report.txt``
    Everything that is said of it, as ``line:column: slug``, with the path in front if there are several
    modules.  Notes need not be there.
``options.txt``
    What the user asks for, by the names of `Options`: ``thunks``, ``project``.
``call.py``
    Calls for which both versions must agree, on the value and on every cotangent: `calls` takes the
    module and yields a function, its arguments and, if there are any, its keywords.  Which module of
    several is meant, `MODULE` says.
"""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from difflib import unified_diff
from pathlib import Path

import pytest

from adjoint2rrule.convert.model import Conversion, Diagnostic, Options, Severity, SourceFile
from adjoint2rrule.convert.pipeline import closed_modules, convert_source
from adjoint2rrule.convert.project import project_around

TESTS = Path(__file__).parents[1]
CASES = sorted(path for path in (TESTS / "fixtures").iterdir() if path.is_dir())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Path, tmp_path: Path) -> None:
    before, after = lay_out(case, tmp_path)
    options = options_of(case)
    conversions = converted(before, options)

    expected = contents(after)
    assert_same_bytes({path: c.result for path, c in conversions.items()}, expected)
    # A second run changes nothing.
    assert_same_bytes({path: c.result for path, c in converted(after, options).items()}, expected)

    said = {f"{path}:{where(d)}": d for path, c in conversions.items() for d in diagnostics(c)}
    needed = {line for line, d in said.items() if d.severity is not Severity.NOTE}
    assert needed <= expected_report(case) <= said.keys()


@pytest.mark.parametrize("case", [c for c in CASES if (c / "call.py").exists()], ids=lambda case: case.name)
def test_gradients_agree(case: Path, disagreements: dict[str, str]) -> None:
    if case.name in disagreements:
        pytest.fail(disagreements[case.name], pytrace=False)


def test_every_kind_of_remark_has_a_case() -> None:
    kinds = {
        node.args[0].value
        for path in (TESTS.parent / "src" / "adjoint2rrule" / "convert").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.Call) and node.args and is_slug(node.args[0])
    }
    shown = {line.rpartition(" ")[2] for case in CASES for line in expected_report(case)}
    # An error of ours cannot be had on demand, nor can a file that is too deep for every version of Python.
    assert kinds - shown <= {"internal-error", "too-deep"}


def is_slug(node: ast.expr) -> bool:
    """Return whether an argument is the slug of a remark: words with hyphens between."""
    return isinstance(node, ast.Constant) and re.fullmatch(r"[a-z]+(-[a-z]+)+", str(node.value)) is not None


def test_a_rule_that_went_wrong_is_found(tmp_path: Path) -> None:
    wrong = {
        "value": ("return twice(x), lambda", "return twice(x) + 1, lambda"),
        "cotangent": ("2 * dy)", "3 * dy)"),
        "zero": ("2 * dy)", "ZeroTangent())"),
        "type": ("2 * dy)", "Tangent[tuple](2 * dy))"),
        "no tangent": ("2 * dy)", "None)"),
        "too short": (", 2 * dy)", ",)"),
    }
    (tmp_path / "before").mkdir()
    (tmp_path / "before" / "rules.py").write_text(LEGACY)
    (tmp_path / "call.py").write_text("def calls(m):\n    yield m.twice, (1.5,)\n")
    for name, (right, mistaken) in wrong.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "rules.py").write_text(CONVERTED.replace(right, mistaken))
    jobs = [
        job(tmp_path / "call.py", tmp_path / "before", tmp_path / name) | {"name": name} for name in wrong
    ]
    assert run_agreement(jobs).keys() == wrong.keys()


LEGACY = """from adjoint2rrule.legacy import adjoint

def twice(x):
    return 2 * x

@adjoint
def twice(x):
    return twice(x), lambda dy: (2 * dy,)
"""
CONVERTED = """from adjoint2rrule.core import NoTangent, Tangent, ZeroTangent, rrule

def twice(x):
    return 2 * x

@rrule.register(twice)
def twice_rrule(twice, x):
    return twice(x), lambda dy: (NoTangent(), 2 * dy)
"""


@pytest.fixture(scope="module")
def disagreements(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return what is wrong with each case; one process runs them all, since starting takes time."""
    with_calls = [case for case in CASES if (case / "call.py").exists()]
    folders = [lay_out(case, tmp_path_factory.mktemp(case.name)) for case in with_calls]
    return run_agreement([job(case / "call.py", *f) for case, f in zip(with_calls, folders, strict=True)])


def job(calls: Path, before: Path, after: Path) -> dict[str, str]:
    """Return the job of comparing two folders, for `agreement.py`."""
    module = re.search(r'^MODULE = "(.*)"$', calls.read_text("utf-8"), re.MULTILINE)
    return {
        "name": calls.parent.name,
        "before": str(before),
        "after": str(after),
        "module": module[1] if module else "rules",
        "calls": str(calls),
    }


def run_agreement(jobs: list[dict[str, str]]) -> dict[str, str]:
    """Return a message for each job that fails."""
    command = [sys.executable, "-X", "utf8", "-W", "error", "-m", "tests.support.agreement"]
    text = json.dumps(jobs)
    run = subprocess.run(
        command, input=text, cwd=TESTS.parent, capture_output=True, encoding="utf-8", check=False
    )
    assert run.returncode == 0, run.stderr
    found: dict[str, str] = json.loads(run.stdout)
    return found


def lay_out(case: Path, folder: Path) -> tuple[Path, Path]:
    """Copy a case to two folders, with the modules before and after."""
    before, after = folder / "before", folder / "after"
    if (case / "before.py").exists():
        before.mkdir()
        shutil.copy(case / "before.py", before / "rules.py")
        shutil.copytree(before, after)
        if (case / "after.py").exists():
            shutil.copy(case / "after.py", after / "rules.py")
    else:
        shutil.copytree(case / "before", before)
        shutil.copytree(before, after)
        if (case / "after").exists():
            shutil.copytree(case / "after", after, dirs_exist_ok=True)
    return before, after


def contents(folder: Path) -> dict[str, bytes]:
    """Return the bytes of every file in `folder`, by its path in there."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.py"))}


def assert_same_bytes(found: dict[str, bytes], expected: dict[str, bytes]) -> None:
    """Fail with a diff, in which line ends and the like can be seen."""
    assert found.keys() == expected.keys()
    for path in expected:
        lines = [[repr(line)[2:-1] for line in x[path].splitlines(True)] for x in (expected, found)]
        difference = "\n".join(unified_diff(*lines, "expected", "found", lineterm=""))
        if difference:
            pytest.fail(f"{path}:\n{difference}", pytrace=False)


def options_of(case: Path) -> Options:
    """Return what the user asks for."""
    asked = case / "options.txt"
    return replace(
        Options(), **dict.fromkeys(asked.read_text("utf-8").split() if asked.exists() else (), True)
    )


def converted(folder: Path, options: Options) -> dict[str, Conversion]:
    """Return what becomes of every file in `folder`, a project of its own."""
    closed = closed_modules(options)
    found = {}
    for name, content in contents(folder).items():
        path = folder / name
        source = SourceFile(str(path), content)
        found[name] = convert_source(source, options, project_around(path, closed))
    return found


def diagnostics(conversion: Conversion) -> list[Diagnostic]:
    """Return everything that is said of a file."""
    found = list(conversion.diagnostics)
    for decision in conversion.decisions:
        found += [*getattr(decision, "notes", ()), *getattr(decision, "advice", ())]
        found += [decision.reason] if hasattr(decision, "reason") else []
    return found


def where(diagnostic: Diagnostic) -> str:
    """Return a diagnostic as a report has it."""
    return f"{diagnostic.line}:{diagnostic.column}: {diagnostic.slug}"


def expected_report(case: Path) -> set[str]:
    """Return the lines of the report, each with a path."""
    report = case / "report.txt"
    lines = report.read_text("utf-8").splitlines() if report.exists() else []
    return {line if (case / "before").exists() else f"rules.py:{line}" for line in lines}
