"""The examples: legacy rules that are right, as what a newcomer converts has to be, and a rule in use."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

TESTS = Path(__file__).parent


def wrong_rules(folder: Path) -> list[str]:
    """Return a line for each rule of the package in `folder` that finite differences contradict."""
    shutil.copy(TESTS / "support" / "heating_cases.py", folder)
    command = [sys.executable, "-X", "utf8", "-m", "tests.support.derivatives", folder / "heating_cases.py"]
    run = subprocess.run(command, cwd=TESTS.parent, capture_output=True, encoding="utf-8", check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout.splitlines()


def test_every_legacy_rule_agrees_with_finite_differences(tmp_path: Path) -> None:
    shutil.copytree(TESTS.parent / "examples" / "heating", tmp_path / "heating")
    assert wrong_rules(tmp_path) == []


def test_a_wrong_rule_would_be_noticed(tmp_path: Path) -> None:
    shutil.copytree(TESTS.parent / "examples" / "heating", tmp_path / "heating")
    pipes = tmp_path / "heating" / "pipes.py"
    pipes.write_text(pipes.read_text("utf-8").replace("0.4 * ȳ * nu", "0.41 * ȳ * nu"), "utf-8")
    assert [line.partition(":")[0] for line in wrong_rules(tmp_path)] == ["nusselt"]


def test_each_ad_system_trains_to_the_same_result() -> None:
    for package in ("autograd", "jax", "optax", "torch"):
        pytest.importorskip(package, reason=f"{package} is not installed")
    command = [sys.executable, TESTS.parent / "examples" / "one_rule_three_systems.py"]
    run = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert run.returncode == 0, run.stderr
    names, *orbits = zip(*(line.split() for line in run.stdout.splitlines()[1:]), strict=True)
    assert names == ("truth", "autograd", "JAX", "PyTorch")
    for truth, *fitted in np.array(orbits, float):
        np.testing.assert_allclose(fitted, fitted[0], rtol=1e-11)  # each optimiser took the same steps
        np.testing.assert_allclose(fitted, truth, rtol=1e-6)
