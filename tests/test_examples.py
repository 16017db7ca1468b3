"""The example package: its legacy rules are right, so that what a newcomer converts is worth converting."""

import shutil
import subprocess
import sys
from pathlib import Path

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
