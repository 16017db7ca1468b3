"""The proof: whole packages converted by the command line, and run before and after on the same inputs.

The packages are the example and the corpus beside this checkout.  Each is copied, converted with
``--write``, and imported in both forms in processes of their own, where every rule is called on the cases
that come with the package.
"""

from __future__ import annotations

import ast
import json
import pickle
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from adjoint2rrule.convert.model import (
    Adapted,
    Conversion,
    Converted,
    Decision,
    Kind,
    Options,
    Refused,
    SourceFile,
)
from adjoint2rrule.convert.pipeline import closed_modules, convert_source
from adjoint2rrule.convert.project import project_around

TESTS = Path(__file__).parent
CORPUS = TESTS.parent.parent / "shared" / "corpus"

#: each package, the cases for it, and how many of its rules are converted, adapted and refused
PACKAGES = {
    "heating": (TESTS.parent / "examples" / "heating", TESTS / "support" / "heating_cases.py", (11, 0, 0)),
    "optics_lab": (CORPUS / "optics_lab", CORPUS / "check_gradients.py", (52, 3, 1)),
}


@dataclass(frozen=True)
class Package:
    """A package as it was and as it became, each in a folder with its cases."""

    name: str
    cases: str
    before: Path
    after: Path
    outcomes: tuple[int, int, int]

    @property
    def exit_code(self) -> int:
        """What the command line ends with: 1 where some rules need a person."""
        return int(self.outcomes[2] > 0)

    @cached_property
    def conversions(self) -> dict[Path, Conversion]:
        """What became of each file, by its path in the folders."""
        closed = closed_modules(Options())
        return {
            path.relative_to(self.before): convert_source(
                SourceFile(str(path), path.read_bytes()), Options(), project_around(path, closed)
            )
            for path in sorted((self.before / self.name).rglob("*.py"))
        }

    @cached_property
    def legacy(self) -> dict[str, Any]:
        """What the rules gave."""
        return self._results("legacy", self.before)

    @cached_property
    def converted(self) -> dict[str, Any]:
        """What the rules give now."""
        return self._results("converted", self.after)

    def _results(self, form: str, folder: Path) -> dict[str, Any]:
        out = folder.parent / f"{form}.pickle"
        python("-m", "tests.support.case_results", form, folder / self.cases, out)
        results: dict[str, Any] = pickle.loads(out.read_bytes())
        return results


@pytest.fixture(scope="module", params=PACKAGES)
def package(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Package:
    """Copy a package and its cases twice, and convert the second copy."""
    source, cases, outcomes = PACKAGES[request.param]
    if not source.exists():
        pytest.skip(f"the corpus is not beside this checkout: there is no {source}")
    root = tmp_path_factory.mktemp(request.param)
    for folder in (root / "before", root / "after"):
        shutil.copytree(source, folder / source.name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(cases, folder)
    run = adjoint2rrule("convert", "--write", root / "after" / source.name)
    package = Package(source.name, cases.name, root / "before", root / "after", outcomes)
    assert run.returncode == package.exit_code, run.stderr
    return package


def test_every_rule_has_its_outcome(package: Package) -> None:
    found = Counter(type(decision) for decision in rules(package))
    assert (found[Converted], found[Adapted], found[Refused]) == package.outcomes


def test_what_is_refused_is_what_has_no_form_as_a_rule(package: Package) -> None:
    refused = [d for d in decisions(package) if isinstance(d, Refused)]
    assert {d.reason.slug for d in refused} <= {"mutating-rule"}


def test_what_is_written_is_what_the_centre_says(package: Package) -> None:
    for path, conversion in package.conversions.items():
        assert (package.after / path).read_bytes() == conversion.result, path


def test_values_and_cotangents_agree(package: Package) -> None:
    old, new = package.legacy["described"], package.converted["described"]
    compared = {case for case in old if new[case] is not None}
    assert old.keys() == new.keys()
    for case in compared:
        (old_value, old_cotangents), (new_value, new_cotangents) = old[case], new[case]
        np.testing.assert_equal(new_value, old_value, str(case))
        for new_one, old_one in zip(new_cotangents, old_cotangents, strict=True):
            if old_one is not None:  # the legacy rule takes such a seed
                np.testing.assert_equal(new_one, old_one, str(case))


def test_every_rule_was_compared_that_is_converted_or_adapted(package: Package) -> None:
    written = set(registered(package))
    assert len(written) == sum(package.outcomes[:2])
    called = {(Path(file).resolve(), line) for file, line in package.converted["called"]}
    assert written <= called


def test_what_is_marked_has_no_gradient(package: Package) -> None:
    marked = sum(d.definition.kind is Kind.NOGRAD for d in decisions(package))
    assert package.legacy["without_gradient"] == package.converted["without_gradient"]
    assert len(package.converted["without_gradient"]) >= marked > 0


def test_refused_definitions_stay_as_they_are(package: Package) -> None:
    refused = 0
    for path, conversion in package.conversions.items():
        after = (package.after / path).read_bytes()
        for decision in conversion.decisions:
            if isinstance(decision, Refused):
                span = decision.definition.span
                assert conversion.source.content[span.start : span.end] in after
                refused += 1
    assert refused == package.outcomes[2]


def test_only_definitions_their_helpers_and_imports_change(package: Package) -> None:
    for path, conversion in package.conversions.items():
        before = conversion.source.content.splitlines(keepends=True)
        after = (package.after / path).read_bytes().splitlines(keepends=True)
        free = set(changeable_lines(conversion))
        for kind, start, end, _, _ in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
            if kind == "insert":
                assert {start, start + 1} & free, f"{path}:{start + 1}"
            elif kind != "equal":
                for number in range(start + 1, end + 1):
                    assert number in free or not before[number - 1].strip(), f"{path}:{number}"


def test_files_without_definitions_stay_as_they_are(package: Package) -> None:
    without = [path for path, conversion in package.conversions.items() if not conversion.decisions]
    assert without
    for path in without:
        assert (package.after / path).read_bytes() == (package.before / path).read_bytes()


def test_a_second_run_changes_nothing(package: Package, tmp_path: Path) -> None:
    shutil.copytree(package.after, tmp_path / "again")
    run = adjoint2rrule("convert", "--write", tmp_path / "again" / package.name)
    assert run.returncode == package.exit_code
    for path in package.conversions:
        assert (tmp_path / "again" / path).read_bytes() == (package.after / path).read_bytes()
    assert adjoint2rrule("convert", tmp_path / "again" / package.name).stdout == b""


def test_check_says_whether_anything_is_legacy(package: Package, tmp_path: Path) -> None:
    assert adjoint2rrule("convert", "--check", package.before / package.name).returncode == 1
    shutil.copytree(package.after, tmp_path / "clean")
    for path, conversion in package.conversions.items():
        if any(isinstance(d, Refused) for d in conversion.decisions):
            (tmp_path / "clean" / path).unlink()
    run = adjoint2rrule("convert", "--check", tmp_path / "clean" / package.name)
    assert run.returncode == 0, run.stderr


def test_the_diff_is_one_that_git_applies(package: Package, tmp_path: Path) -> None:
    shutil.copytree(package.before, tmp_path / "before")
    diff = adjoint2rrule("convert", package.name, cwd=tmp_path / "before").stdout
    command = ["git", "apply", "--whitespace=nowarn", "-"]
    subprocess.run(command, input=diff, cwd=tmp_path / "before", check=True)
    for path in package.conversions:
        assert (tmp_path / "before" / path).read_bytes() == (package.after / path).read_bytes()


def test_linters_find_nothing_new(package: Package) -> None:
    assert lint(package.after / package.name) <= lint(package.before / package.name)


@pytest.mark.parametrize("package", ["optics_lab"], indirect=True)
@pytest.mark.parametrize("form", ["before", "after"])
def test_the_corpus_finds_nothing_wrong_itself(form: str, package: Package) -> None:
    assert "68 rules checked, 0 wrong" in python(getattr(package, form) / package.cases)


# -- what the tests ask -----------------------------------------------------------------------


def decisions(package: Package) -> list[Decision]:
    """Return the decision on every definition of a package."""
    return [decision for conversion in package.conversions.values() for decision in conversion.decisions]


def rules(package: Package) -> list[Decision]:
    """Return the decision on every rule of a package: on every definition of a function under a decorator."""
    return [
        decision
        for conversion in package.conversions.values()
        for decision in conversion.decisions
        if decision.definition.kind is not Kind.NOGRAD
        and conversion.source.content[decision.definition.span.start :].startswith(b"@")
    ]


def registered(package: Package) -> Iterator[tuple[Path, int]]:
    """Yield file and first line of every rule in a converted package."""
    for path in package.conversions:
        file = (package.after / path).resolve()
        for node in ast.walk(ast.parse(file.read_bytes())):
            decorators = getattr(node, "decorator_list", [])
            if any(ast.unparse(d).startswith("rrule.register(") for d in decorators):
                yield file, decorators[0].lineno


def changeable_lines(conversion: Conversion) -> Iterator[int]:
    """Yield the lines, from 1, of definitions that change, of helpers that serve only them, imports."""
    content = conversion.source.content
    for decision in conversion.decisions:
        if isinstance(decision, Converted | Adapted):
            span = decision.definition.span
            first = content.count(b"\n", 0, span.start) + 1
            yield from range(first, first + content.count(b"\n", span.start, span.end) + 1)
    tree = ast.parse(content)
    for helper in helpers(tree):
        yield from range(helper.lineno, (helper.end_lineno or helper.lineno) + 1)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):  # and the blank lines around them
            yield from range(node.lineno, (node.end_lineno or node.lineno) + 2)


def helpers(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    """Yield the functions of a module that are named in functions under decorators and nowhere else."""
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    inside = {node for f in functions if f.decorator_list for node in ast.walk(f)}
    for function in functions:
        uses = [n for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id == function.name]
        if not function.decorator_list and uses and inside.issuperset(uses):
            yield function


def lint(folder: Path) -> Counter[tuple[str, str]]:
    """Return how often ruff finds what, by file and rule."""
    options = ("--isolated", "--no-cache", "--select=E4,E7,E9,F,I", "--output-format=json", "--exit-zero")
    command = [sys.executable, "-m", "ruff", "check", *options, "."]
    run = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", check=True)
    found = json.loads(run.stdout)
    return Counter((Path(remark["filename"]).name, remark["code"]) for remark in found)


def adjoint2rrule(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[bytes]:
    """Run the command line; its diff holds line ends of every kind, so it is not decoded."""
    program = "from adjoint2rrule.cli import main; main()"
    command = [sys.executable, "-X", "utf8", "-c", program, *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, check=False)


def python(*arguments: str | Path) -> str:
    """Run a script or a module and return what it prints."""
    command = [sys.executable, "-X", "utf8", *map(str, arguments)]
    run = subprocess.run(command, cwd=TESTS.parent, capture_output=True, encoding="utf-8", check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout
