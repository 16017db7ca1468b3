"""``adjoint2rrule verify``, as it is installed: legacy and converted rules side by side."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.cli.conftest import SCRIPT

SQUARE = """\
from zygoterules import adjoint


def square(x):
    return x * x


@adjoint
def square(x: float):
    return square(x), lambda dy: (2 * dy * x,)
"""

EVERY_FORM = """\
from dataclasses import dataclass
from typing import Literal

import numpy as np
from zygoterules import adjoint, literal_getproperty, nograd, pullback


@dataclass
class Film:
    width: float
    index: float
    name: str = ""

    @property
    def depth(self):
        return self.width * self.index


@adjoint
def Film(width: float, index: float, name: str = ""):
    return Film(width, index, name), lambda df: (df["width"], df["index"], None)


@adjoint
def literal_getproperty(film: Film, name: Literal["depth"]):
    return film.depth, lambda dy: ({"width": dy * film.index, "index": dy * film.width, "name": None}, None)


@adjoint(np.linalg.solve)
def _(A, b):
    x = np.linalg.solve(A, b)

    def solve_pullback(dx):
        db = np.linalg.solve(A.T, dx)
        return (-np.outer(db, x) if x.ndim == 1 else -db @ x.T, db)

    return x, solve_pullback


def twice(f, x):
    return 2 * f(x)


@adjoint
def twice(f, x: float):
    y, back = pullback(f, x)

    def twice_pullback(dy):
        return (None, *back(2 * dy))

    return 2 * y, twice_pullback


@nograd
def count(x: float):
    return int(x)
"""

NEVER_RIGHT = SQUARE.replace("2 * dy * x", "3 * dy * x")


@pytest.fixture
def package(tree):
    """Return a function that makes a module of a package, in the current directory."""

    def make(text: str | bytes, path: str = "lab/rules.py") -> Path:
        file = tree / path
        file.parent.mkdir(parents=True, exist_ok=True)
        (file.parent / "__init__.py").touch()
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return file

    return make


@pytest.fixture
def git(tree):
    """Return a function that runs git in the current directory, which is a repository."""

    def run(*arguments: str):
        who = ("-c", "user.name=A", "-c", "user.email=a@b.example", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *who, *arguments], check=True, capture_output=True)

    run("init", "--quiet")
    return run


@pytest.fixture
def commit(git):
    """Return a function that commits all that there is."""

    def run(message: str = "One"):
        git("add", "--all")
        git("commit", "--quiet", f"--message={message}")

    return run


def rules(result) -> dict[str, dict[str, object]]:
    """Return what a JSON document says of each rule, by its name."""
    return {rule["name"]: rule for rule in json.loads(result.stdout)["rules"]}


# -- before a conversion is written -----------------------------------------------------------------


def test_rules_of_every_form_are_equal(command, package, tree):
    file = package(EVERY_FORM)
    result = command("verify", "lab", "--output-format", "json")
    assert result.returncode == 0, result.stderr.decode()
    found = rules(result)
    assert {name: rule["status"] for name, rule in found.items()} == dict.fromkeys(
        ["Film", "Film.depth", "np.linalg.solve", "twice", "count"], "equal"
    )
    assert found["np.linalg.solve"]["line"] == 29
    assert file.read_bytes() == EVERY_FORM.encode()
    assert sorted(os.listdir(tree / "lab")) == ["__init__.py", "rules.py"]


@pytest.mark.parametrize("ends", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_package_may_have_any_name_and_line_ends(command, package, ends):
    package(SQUARE.replace("\n", ends), "größe & form/läb/règles.py")
    result = command("verify", "größe & form")
    assert result.returncode == 0, result.stderr.decode()
    out = result.stdout.decode()
    assert out.startswith("größe & form/läb/règles.py:8: square: equal (")
    assert out.endswith("exactly)\n")
    assert result.stderr == b"1 rule: 1 equal, 0 different, 0 not run, 0 not converted.\n"


def test_legacy_rule_that_was_never_right_is_told_and_is_no_difference(command, package):
    package(NEVER_RIGHT)
    result = command("verify", "lab")
    assert result.returncode == 0
    lines = result.stdout.decode().splitlines()
    assert lines[0].startswith("lab/rules.py:8: square: equal (")
    assert lines[1].startswith(
        "lab/rules.py:8: square: wrong by finite differences, before and after, in square("
    )
    assert b"1 legacy rule is wrong by finite differences, and after the conversion too" in result.stderr


BAD = """\
import ctypes
import os
import sys
import time
import warnings

import numpy as np
from zygoterules import adjoint, adjoint_mut

LIMIT = [1.0]


def hangs(x): return x
def crashes(x): return x
def leaves(x): return x
def prints(x): return x
def mutates(x): return 2 * x
def meddles(x): return LIMIT[0] * x
def lacks(x): return x
def raises(x): return x
def unknown(f, x): raise NotImplementedError(f)
def fill(x): x[...] = 1
def fine(x): return x


@adjoint
def hangs(x: float):
    while True:
        time.sleep(1)
    return x, lambda dy: (dy,)


@adjoint
def crashes(x: float):
    os.abort()
    return x, lambda dy: (dy,)


@adjoint
def leaves(x: float):
    sys.exit(0)
    return x, lambda dy: (dy,)


@adjoint
def prints(x: float):
    print("to you")
    os.write(1, b"as bytes\\n")
    warnings.warn("be careful")
    return x, lambda dy: (dy,)


@adjoint
def mutates(x: np.ndarray):
    def back(dy):
        x[...] = 0
        return (2 * dy,)

    return mutates(x), back


@adjoint
def meddles(x: float):
    y = meddles(x)
    scale = LIMIT[0]
    LIMIT[0] += 1
    np.seterr(all="raise")
    return y, lambda dy: (scale * dy,)


@adjoint
def lacks(x: float):
    import a_package_that_is_not_there

    return x, lambda dy: (dy,)


@adjoint
def raises(x: float):
    raise ValueError("not today")
    return x, lambda dy: (dy,)


@adjoint
def unknown(f, x):
    return unknown(f, x), lambda dy: (None, dy)


@adjoint_mut
def fill(x):
    return fill(x), lambda dy: (dy,)


@adjoint
def fine(x: float):
    return x, lambda dy: (dy,)
"""


def test_rules_that_misbehave_are_told_and_the_others_go_on(command, package, tree):
    package(BAD, "lab/bad.py")
    package("import a_package_that_is_not_there\n" + SQUARE, "lab/lost.py")
    package("from zygoterules import adjoint\n\n@adjoint\ndef f(:\n", "lab/broken.py")
    package(SQUARE, "lab/rules.py")
    result = command("verify", "lab", "--timeout", "2", "--output-format", "json")
    assert result.returncode == 0, result.stdout.decode()
    document = json.loads(result.stdout)
    found = rules(result)
    assert found["square"]["status"] == found["fine"]["status"] == "equal"
    assert found["hangs"]["status"] == found["crashes"]["status"] == "not run"
    assert "it does not end within 2 s, before and after, in hangs(" in found["hangs"]["message"]
    assert "it ends the interpreter (SIGABRT), before and after, in crashes(" in found["crashes"]["message"]
    assert "before and after, the rule raises SystemExit" in found["leaves"]["message"]
    assert found["prints"]["status"] == "equal"
    assert all(
        said in found["prints"]["printed"] for said in ("to you", "as bytes", "UserWarning: be careful")
    )
    assert found["mutates"]["status"] == "equal"
    assert "before and after" in found["mutates"]["notes"][0]
    assert found["meddles"]["status"] == "equal"
    assert found["lacks"]["status"] == "equal"
    assert "ModuleNotFoundError: No module named 'a_package_that_is_not_there'" in found["lacks"]["message"]
    assert "before and after, the rule raises ValueError: not today" in found["raises"]["message"]
    assert found["unknown"]["status"] == "not run"
    assert found["fill"]["status"] == "not converted"
    assert {file["path"]: file["rules"] for file in document["files_not_run"]} == {
        "lab/broken.py": 0,
        "lab/lost.py": 1,
    }
    lost = next(file for file in document["files_not_run"] if file["path"] == "lab/lost.py")
    assert "No module named 'a_package_that_is_not_there'" in lost["message"]
    assert b"Traceback" not in result.stderr
    assert sorted(os.listdir(tree / "lab")) == ["__init__.py", "bad.py", "broken.py", "lost.py", "rules.py"]


def test_nothing_legacy_is_told(command, tree):
    (tree / "a.py").write_text("import numpy\n")
    result = command("verify", ".")
    assert (result.returncode, result.stdout) == (0, b"")
    assert result.stderr == b"No legacy definitions found; nothing to compare.\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nope.py"], "Path 'nope.py' does not exist"),
        ([], "Missing argument 'PATHS...'"),
        (["--timeout", "0", "."], "0.0 is not in the range"),
        (["--timeout", "nan", "."], "nan is no number of seconds"),
        (["--output-format", "xml", "."], "'xml' is not one of"),
        (["--quiet", "--verbose", "."], "cannot be used together"),
        (["--against", "HEAD", "."], "in no git repository"),
    ],
)
def test_mistake_on_the_command_line_exits_with_2(command, tree, arguments, message):
    result = command("verify", *arguments, GIT_CEILING_DIRECTORIES=str(tree.parent))
    assert (result.returncode, result.stdout) == (2, b"")
    assert message in result.stderr.decode()
    assert b"Traceback" not in result.stderr


def test_help_says_first_that_code_is_run(command):
    text = command("verify", "--help").stdout.decode()
    assert "This runs your code" in text[: text.index("Options:")]


# -- after it was committed ---------------------------------------------------------------------------

LEGACY = """\
import numpy as np
from zygoterules import adjoint


def affine(A, x, b):
    return A @ x + b


@adjoint
def affine(A, x, b):
    return affine(A, x, b), lambda dy: (np.outer(dy, x), A.T @ dy, dy)


class Film:
    def __init__(self, width: float, index: float):
        self.width = width
        self.index = index


def path(film: Film, factor: float):
    return factor * film.width * film.index


@adjoint
def path(film: Film, factor: float):
    def back(dy):
        return ({"width": factor * dy * film.index, "index": factor * dy * film.width}, dy * path(film, 1.0))

    return path(film, factor), back
"""


def test_committed_conversion_is_equal_to_what_it_was(command, package, commit):
    package(LEGACY)
    commit()
    command("convert", "--write", "lab")
    commit("Convert")
    result = command("verify", "lab", "--against", "HEAD~1")
    assert result.returncode == 0, result.stdout.decode()
    assert b"2 rules: 2 equal" in result.stderr
    again = command("verify", "lab", "--against", "HEAD")
    assert (again.returncode, again.stdout) == (0, b"")
    assert again.stderr == b"No rules differ in their text from HEAD; nothing to compare.\n"


# what is right, what stands there instead, and how the argument is called whose cotangent is wrong by that
MISTAKES = {
    "sign": ("np.outer(dy, x), A.T", "-np.outer(dy, x), A.T", "`A["),
    "transposed": ("np.outer(dy, x), A.T", "np.outer(dy, x), A", ""),
    "zero": ("np.outer(dy, x), A.T @ dy, dy", "np.outer(dy, x), A.T @ dy, ZeroTangent()", "`b"),
    "swapped": ("width=factor * dy * film.index", "width=factor * dy * film.width", "`film.width`"),
    "missing": (", index=factor * dy * film.width", "", "`film.index`"),
    "untold": ("dy * path(film, 1.0)", "NoTangent()", "`factor`"),
    "raises": ("dy * path(film, 1.0)", "dy * film.area", "AttributeError"),
}


def test_wrong_conversions_are_different_and_the_arguments_are_named(command, package, commit):
    files = {mistake: package(LEGACY, f"lab/{mistake}.py") for mistake in MISTAKES}
    commit()
    command("convert", "--write", "lab")
    for mistake, (right, wrong, _) in MISTAKES.items():
        text = files[mistake].read_text()
        assert right in text
        text = text.replace(
            "import NoTangent, Tangent, rrule", "import NoTangent, Tangent, ZeroTangent, rrule"
        )
        files[mistake].write_text(text.replace(right, wrong))
    result = command("verify", "lab", "--against", "HEAD")
    assert result.returncode == 1, result.stdout.decode()
    assert b"14 rules: 7 equal, 7 different" in result.stderr
    told = {
        line.partition(":")[0]: line for line in result.stdout.decode().splitlines() if " different: " in line
    }
    for mistake, (_, _, name) in MISTAKES.items():
        line = told[f"lab/{mistake}.py"]
        assert name in line
        assert " before" in line
        assert " after" in line


def test_repository_may_be_above_and_files_may_be_new(command, package, commit):
    file = package(SQUARE, "sub folder/lab/rules.py")
    package(SQUARE, "sub folder/lab/gone.py")
    commit()
    command("convert", "--write", "sub folder")
    (file.parent / "new.py").write_bytes(file.read_bytes())
    (file.parent / "gone.py").unlink()
    os.chdir("sub folder/lab")
    result = command("verify", "rules.py", "new.py", "--against", "HEAD")
    assert result.returncode == 0
    out = result.stdout.decode().splitlines()
    assert out[0].startswith("rules.py:8: square: equal (")
    assert out[1] == "new.py:1: not run (1 rule): there is no such file in HEAD"


def test_what_is_still_legacy_is_converted_in_memory(command, package, commit):
    file = package(SQUARE)
    commit()
    result = command("verify", str(file), "--against", "HEAD")
    assert result.returncode == 0, result.stderr.decode()
    assert b"1 rule: 1 equal" in result.stderr
    assert file.read_text() == SQUARE


@pytest.mark.parametrize("revision", ["v9.9", "--all", "HEAD:lab"])
def test_unknown_revision_exits_with_2(command, package, commit, revision):
    package(SQUARE)
    commit()
    result = command("verify", "lab", f"--against={revision}")
    assert (result.returncode, result.stdout) == (2, b"")
    assert f"{revision!r} is no revision" in result.stderr.decode()


# -- Ctrl-C -------------------------------------------------------------------------------------------

ENDLESS = """\
import time
from zygoterules import adjoint


def square(x):
    return x * x


@adjoint
def square(x: float):
    while True:
        with open({there!r}, "a") as file:
            file.write("beat")
        time.sleep(0.02)
    return square(x), lambda dy: (2 * dy * x,)
"""


def test_interrupt_ends_what_runs_and_leaves_nothing_behind(package, tree):
    there, temporary = tree / "there", tree / "temporary"
    temporary.mkdir()
    package(ENDLESS.format(there=str(there)))
    with subprocess.Popen(
        [SCRIPT, "verify", "lab", "--timeout", "600"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(temporary)},
    ) as process:
        deadline = time.monotonic() + 120
        while not there.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, b"")
    assert err.strip().startswith(b"Interrupted")  # after the line that the terminal shows ^C in
    assert b"Traceback" not in err
    assert os.listdir(temporary) == []
    beats = there.stat().st_size
    time.sleep(0.5)
    assert there.stat().st_size == beats
