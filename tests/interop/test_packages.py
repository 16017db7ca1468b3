"""Whole packages under AD systems: every call of the converted code, differentiated by the bridges."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
CORPUS = TESTS.parent.parent / "shared" / "corpus"

#: what frameworks refuse besides: to differentiate functions that call numpy and have no rule
BY_JAX = {
    "solvers: checkpointed": "hypot has no rule for these arguments, and JAX cannot trace it",
    "solvers: find_root": "mode_condition has no rule for these arguments, and JAX cannot trace it",
}
BY_TORCH = {
    "solvers: checkpointed": "hypot calls numpy on a tensor",
    "solvers: find_root": "mode_condition calls numpy on a tensor",
}
#: each of `bridge_cases.FRAMEWORKS`, and by package the cases of which it refuses one call more
FRAMEWORKS: dict[str, dict[str, dict[str, str]]] = {
    "autograd": {},
    "jax": {"optics_lab": BY_JAX},
    "jax-host": {"optics_lab": BY_JAX},
    "torch": {"optics_lab": BY_TORCH},
}

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
            "sparse_ops: add_scaled": "add_scaled(ndarray, ndarray, float",
        },
    ),
}


@pytest.fixture(scope="module", params=PACKAGES)
def package(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """Convert a package, and return its name and the path of its cases."""
    source, cases, *_ = PACKAGES[request.param]
    if not source.exists():
        pytest.skip(f"the corpus is not beside this checkout: there is no {source}")
    root = tmp_path_factory.mktemp(request.param)
    shutil.copytree(source, root / source.name, ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "adjoint2rrule", "convert", "--write", root / source.name]
    subprocess.run(command, capture_output=True, check=False)
    return request.param, Path(shutil.copy(cases, root))


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_gradients_are_those_of_the_rules_and_pass_the_checker_of_the_framework(
    package: tuple[str, Path], framework: str
) -> None:
    module = framework.partition("-")[0]
    pytest.importorskip(module, reason=f"{module} is not installed")
    name, cases = package
    *_, agreeing, refused = PACKAGES[name]
    also_refused = FRAMEWORKS[framework].get(name, {})
    command = [sys.executable, "-m", "tests.support.bridge_cases", framework, cases]
    run = subprocess.run(command, cwd=TESTS.parent, capture_output=True, encoding="utf-8", check=False)
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    assert found["problems"] == {}
    reasons = refused | also_refused
    assert found["refused"].keys() == reasons.keys()
    assert all(message.startswith(reasons[case]) for case, message in found["refused"].items())
    assert found["agree"] == agreeing - len(also_refused)
