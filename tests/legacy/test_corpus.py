"""A whole legacy package runs, and each of its gradients agrees with finite differences."""

import subprocess
import sys
from pathlib import Path

import pytest

CORPUS = Path(__file__).parents[2] / ".." / "shared" / "corpus"


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not beside this checkout")
def test_every_rule_of_the_corpus_agrees_with_finite_differences():
    # `-B`, since the folder may be read-only
    command = [sys.executable, "-B", "-W", "error", str(CORPUS / "check_gradients.py")]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.stdout.strip(), result.stderr) == ("68 rules checked, 0 wrong", "")
