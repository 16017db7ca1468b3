"""Whatever a rule does in the subprocess comes back as a value, and the others go on."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from adjoint2rrule.proof import workers
from adjoint2rrule.proof.model import Inputs, Run, Side, Trial, Verdict
from adjoint2rrule.proof.workers import Worker, WorkerError, ending
from tests.proof.labs import call, subject, write

# Each function has a rule that is right, and does what its name says on its way.
RULES = '''
import ctypes
import os
import sys
import time
import warnings

import numpy as np
from adjoint2rrule.core import NoTangent, rrule

LEVEL = 1.0
STATE = {"level": 1.0}


def rule_of(f, effect=lambda x: None):
    @rrule.register(f)
    def any_rule(f, x):
        effect(x)
        return f(x), lambda dy: (NoTangent(), 2.0 * dy)
    return any_rule


def double(x): return 2.0 * x
rule_of(double)
def hangs(x): return 2.0 * x
rule_of(hangs, lambda x: time.sleep(60))
def busy(x):
    while True: pass
rule_of(busy)
def ends(x): return 2.0 * x
rule_of(ends, lambda x: os._exit(3))
def crashes(x): return 2.0 * x
rule_of(crashes, lambda x: os.abort())
def exits(x): return 2.0 * x
rule_of(exits, lambda x: sys.exit("enough"))
def interrupts(x):
    raise KeyboardInterrupt
rule_of(interrupts)
def prints(x): return 2.0 * x
rule_of(prints, lambda x: print("a word from Python"))
def prints_from_c(x): return 2.0 * x
rule_of(prints_from_c, lambda x: ctypes.CDLL(None).puts(b"a word from C"))
def prints_much(x): return 2.0 * x
rule_of(prints_much, lambda x: print("x" * 200_000))
def reads(x): return 2.0 * x
rule_of(reads, lambda x: input())
def warns(x):
    warnings.warn("a word of warning")
    return 2.0 * x
rule_of(warns)
def needs(x):
    import a_package_that_is_not_there
rule_of(needs)
def falls(x): return falls(x)
rule_of(falls)
def raises(x):
    raise ValueError("not today")
rule_of(raises)
def grows(x):
    kept = []
    while True:
        kept.append(np.empty(2**24))
rule_of(grows)


def overflows(x): return x * np.inf
rule_of(overflows)
def forks(x): return 2.0 * x
rule_of(forks, lambda x: os.fork())
def kills(x): return 2.0 * x
rule_of(kills, lambda x: os.kill(os.getppid(), 9))
def closes(x): return 2.0 * x
rule_of(closes, lambda x: os.closerange(3, 256))


def leaves_traces(x):
    """Return the level that no other call has changed."""
    global LEVEL
    STATE["level"] += 1.0
    LEVEL += 1.0
    np.seterr(all="raise")
    return 2.0 * x * (STATE["level"] - 1.0)


@rrule.register(leaves_traces)
def leaves_traces_rrule(leaves_traces, x):
    return leaves_traces(x), lambda dy: (NoTangent(), dy * 2.0 * (STATE["level"] - 1.0))


def reads_traces(x): return 2.0 * x * LEVEL * STATE["level"] * (np.geterr()["over"] != "raise")
rule_of(reads_traces)
'''


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    path = write(tmp_path_factory.mktemp("rules"), rules=RULES)
    with Worker([path], Side.CONVERTED, timeout=2.0) as worker:
        yield worker


def tried(worker: Worker, *calls: Inputs, name: str = "any_rule") -> list[Trial]:
    return list(worker.trials(subject(name, RULES), calls))


def trial(worker: Worker, function: str, *args: str, name: str = "any_rule") -> Trial:
    return tried(worker, call(function, *(args or ("1.5",))), name=name)[0]


def run(worker: Worker, function: str, *args: str, **keywords: str) -> Run:
    return worker.run(subject(function), call(function, *args, **keywords))


@pytest.mark.parametrize(
    ("function", "verdict", "message"),
    [
        ("double", Verdict.PASSES, ""),
        ("ends", Verdict.DIES, "it ends the interpreter (exit code 3)"),
        ("crashes", Verdict.DIES, "it ends the interpreter (SIGABRT)"),
        ("exits", Verdict.UNFIT, "the rule raises SystemExit: enough"),
        ("interrupts", Verdict.REJECTED, "the function raises KeyboardInterrupt"),
        ("prints", Verdict.PASSES, ""),
        ("reads", Verdict.UNFIT, "the rule raises EOFError: EOF when reading a line"),
        ("warns", Verdict.PASSES, ""),
        ("needs", Verdict.REJECTED, "No module named 'a_package_that_is_not_there'"),
        ("falls", Verdict.REJECTED, "the function raises RecursionError"),
        ("raises", Verdict.REJECTED, "the function raises ValueError: not today"),
        ("grows", Verdict.REJECTED, "the function raises"),
        ("overflows", Verdict.REJECTED, "the value of the function is not finite: inf"),
        ("forks", Verdict.PASSES, ""),
        ("kills", Verdict.DIES, "it ends the interpreter"),
        ("closes", Verdict.DIES, "it ends the interpreter"),
    ],
)
def test_what_a_call_does_is_told(worker: Worker, function: str, verdict: Verdict, message: str) -> None:
    found = trial(worker, function)
    assert (found.verdict, message in found.message) == (verdict, True), found.message


@pytest.mark.parametrize("function", ["hangs", "busy"])
def test_a_call_that_hangs_is_ended_and_the_next_one_runs(tmp_path: Path, function: str) -> None:
    with Worker([write(tmp_path, rules=RULES)], Side.CONVERTED, timeout=0.5) as impatient:
        found, then = tried(impatient, call(function, "1.5"), call("double", "1.5"))
    assert (found.verdict, found.message) == (Verdict.HANGS, "it does not end within 0.5 s")
    assert then.verdict is Verdict.PASSES


@pytest.mark.parametrize(
    ("function", "words"),
    [
        ("prints", "a word from Python"),
        ("prints_from_c", "a word from C"),
        ("warns", "lab/rules.py:"),
        ("warns", "a word of warning"),
        ("crashes", "Fatal Python error"),
    ],
)
def test_what_is_printed_is_kept(worker: Worker, function: str, words: str) -> None:
    assert words in trial(worker, function).printed
    assert words in run(worker, function, "1.5").printed


def test_only_the_beginning_of_much_output_is_kept(worker: Worker) -> None:
    found = trial(worker, "prints_much")
    assert found.verdict is Verdict.PASSES
    assert 1000 < len(found.printed) < 10_000


def test_paths_of_copies_are_not_shown(worker: Worker) -> None:
    assert trial(worker, "warns").printed.startswith("lab/rules.py")


def test_the_next_call_does_not_see_what_a_call_did_to_global_state(worker: Worker) -> None:
    calls = call("leaves_traces", "1.5"), call("reads_traces", "1.5")
    _, after = tried(worker, *calls, name="leaves_traces_rrule")[0], trial(worker, "reads_traces")
    assert after.verdict is Verdict.PASSES, after.message


MODULES = {
    "good": "VALUE = 1",
    "missing": "import numpy\n\nimport no_such_package",
    "broken": "VALUE = (",
    "exits": "import sys\nsys.exit(3)",
    "ends": "import os\nos._exit(3)",
    "hangs": "import time\ntime.sleep(60)",
    "raises": "import numpy\nnumpy.zeros(2)[5]",
    "other": "VALUE = 2",
}


def test_a_module_that_cannot_be_imported_says_why_and_the_others_can(tmp_path: Path) -> None:
    with Worker([write(tmp_path, **MODULES)], Side.CONVERTED, import_timeout=1.0) as worker:
        reasons = worker.load([f"lab.{name}" for name in MODULES])
        found = next(worker.trials(subject("f", module="lab.hangs"), [call("f", "1.5")]))
    assert reasons == {
        "lab.good": "",
        "lab.missing": "ModuleNotFoundError: No module named 'no_such_package'"
        " (needed by lab/missing.py, line 3)",
        "lab.broken": "SyntaxError: '(' was never closed (broken.py, line 1) (lab/broken.py, line 1)",
        "lab.exits": "SystemExit: 3 (lab/exits.py, line 2)",
        "lab.ends": "its import ends the interpreter (exit code 3)",
        "lab.hangs": "its import does not end within 1 s",
        "lab.raises": "IndexError: index 5 is out of bounds for axis 0 with size 2 (lab/raises.py, line 2)",
        "lab.other": "",
    }
    assert (found.verdict, found.message) == (Verdict.REJECTED, "its import does not end within 1 s")


def test_a_module_of_another_project_is_not_taken_for_it(tmp_path: Path) -> None:
    with Worker([str(tmp_path)], Side.CONVERTED) as worker:
        assert worker.load(["json"])["json"].startswith("another module has the name json: ")


@pytest.mark.parametrize(
    ("python", "content", "words"),
    [
        (
            "python",
            "#!/bin/sh\necho \"ModuleNotFoundError: No module named 'numpy'\" >&2; exit 1\n",
            "pip install",
        ),
        ("python", "#!/bin/sh\nexit 7\n", "exit code 7"),
        ("missing", None, "No such file or directory"),
    ],
)
def test_a_subprocess_that_cannot_start_is_one_clear_error(
    tmp_path: Path, python: str, content: str | None, words: str
) -> None:
    executable = tmp_path / python
    if content is not None:
        executable.write_text(content)
        executable.chmod(0o755)
    with (
        Worker([str(tmp_path)], Side.CONVERTED, python=str(executable)) as worker,
        pytest.raises(WorkerError, match=f"cannot be started: .*{words}"),
    ):
        worker.load(["lab"])


def test_nothing_is_left_running(tmp_path: Path) -> None:
    source = RULES + "\nos.fork() or time.sleep(60)\n"  # a process that its module has started
    with Worker([write(tmp_path, rules=source)], Side.CONVERTED, timeout=1.0) as worker:
        trial(worker, "double")
        process = worker._process
        assert process is not None
        group = process._popen.pid
    assert _ends(group)


def _ends(group: int) -> bool:
    """Return whether no process of a group is left, once the system has cleared up behind them."""
    deadline = time.monotonic() + 5.0
    while _is_running(group) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not _is_running(group)


def _is_running(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_where_the_system_cannot_fork_each_call_has_a_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "FORKS", False)
    with Worker([write(tmp_path, rules=RULES)], Side.CONVERTED, timeout=2.0) as worker:
        names = ("prints", "ends", "hangs")
        found = tried(worker, *(call(name, "1.5") for name in names))
    assert [each.verdict for each in found] == [Verdict.PASSES, Verdict.DIES, Verdict.HANGS]
    assert "a word from Python" in found[0].printed


@pytest.mark.parametrize(
    ("code", "words"), [(0, "exit code 0"), (-signal.SIGSEGV, "SIGSEGV"), (-99, "signal 99")]
)
def test_the_end_of_a_process_is_told_in_words(code: int, words: str) -> None:
    assert ending(code) == words


INTERRUPTED = """
import os, sys
from pathlib import Path
from adjoint2rrule.proof.copies import package_copies
from adjoint2rrule.proof.model import Side
from adjoint2rrule.proof.workers import Worker
from tests.proof.labs import call, subject

root = Path(sys.argv[1])
copied = package_copies({root / "lab" / "rules.py": (root / "lab" / "rules.py").read_bytes()}, [root])
with copied as copies, Worker(copies.paths, Side.CONVERTED) as worker:
    worker.load(["lab.rules"])
    print(copies.paths[0], worker._process._popen.pid, flush=True)
    list(worker.trials(subject("hangs"), [call("hangs", "1.5")]))
"""


def test_an_interrupt_leaves_nothing_behind(tmp_path: Path) -> None:
    command = [sys.executable, "-c", INTERRUPTED, write(tmp_path, rules=RULES)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        folder, group = process.stdout.readline().split()
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
    assert errors.rstrip().endswith("KeyboardInterrupt")
    assert not Path(folder).exists()
    assert _ends(int(group))


def test_the_process_that_asks_loads_nothing_that_runs_rules() -> None:
    names = (
        "'numpy', 'fdm', 'autograd', 'adjoint2rrule.core', 'adjoint2rrule.testing', 'adjoint2rrule.legacy'"
    )
    script = f"import sys, adjoint2rrule.proof.workers; print(sys.modules.keys() & {{{names}}} or 'none')"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "none"
