"""Whole packages under AD systems: every call of the converted code, differentiated by the bridges."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).parents[1]
CORPUS = TESTS.parent.parent / "shared" / "corpus"
FRAMEWORKS = ["autograd"]

#: each package, the cases for it, how many of their calls agree, and the start of why others are refused
PACKAGES: dict[str, tuple[Path, Path, int, dict[str, str]]] = {
    "heating": (TESTS.parent / "examples" / "heating", TESTS / "support" / "heating_cases.py", 18, {}),
    "optics_lab": (
        CORPUS / "optics_lab",
        CORPUS / "check_gradients.py",
        92,
        {
            "sparse_ops: from_triplets": "rrule of from_triplets",  # its value is a sparse matrix
            # it was not converted
            "sparse_ops: add_scaled": "add_scaled(ndarray, ndarray, float) has no rrule",
        },
    ),
}


@pytest.fixture(scope="module", params=PACKAGES)
def package(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, int, Any]:
    """Convert a package, and return the path of its cases, how many agree and which are refused."""
    source, cases, agreeing, refused = PACKAGES[request.param]
    if not source.exists():
        pytest.skip(f"the corpus is not beside this checkout: there is no {source}")
    root = tmp_path_factory.mktemp(request.param)
    shutil.copytree(source, root / source.name, ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "adjoint2rrule", "convert", "--write", root / source.name]
    subprocess.run(command, capture_output=True, check=False)
    return Path(shutil.copy(cases, root)), agreeing, refused


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_gradients_are_those_of_the_rules_and_pass_the_checker_of_the_framework(
    package: tuple[Path, int, dict[str, str]], framework: str
) -> None:
    pytest.importorskip(framework, reason=f"{framework} is not installed")
    cases, agreeing, refused = package
    command = [sys.executable, "-m", "tests.support.bridge_cases", framework, cases]
    run = subprocess.run(command, cwd=TESTS.parent, capture_output=True, encoding="utf-8", check=False)
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    assert found["problems"] == {}
    assert found["refused"].keys() == refused.keys()
    assert all(message.startswith(refused[case]) for case, message in found["refused"].items())
    assert found["agree"] == agreeing
