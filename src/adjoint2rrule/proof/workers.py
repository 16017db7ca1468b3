"""Running rules in a subprocess, from the side of the process that asks for it.

Whatever a rule does there (hang, crash, exit, print) comes back as a `Trial` or a `Run`.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from adjoint2rrule.convert.model import Options
from adjoint2rrule.proof.answers import run_of, trial_of
from adjoint2rrule.proof.model import Expression, Inputs, Run, Side, Subject, Trial, Verdict
from adjoint2rrule.proof.processes import EndedError, Message, Process, SilentError

FORKS = hasattr(os, "fork") and sys.platform != "darwin"  # where the system's own libraries do not bear it
LEGACY_MODULES = ("zygoterules", "zygote")
START_LIMIT = 120.0  # seconds; a cold start reads all of numpy and sympy from the disk
GRACE = 5.0  # what the subprocess may take to find out that the time is over
ENOUGH = 3  # calls that pass, once all lines were run


class WorkerError(Exception):
    """The subprocess cannot be started."""


class Worker:
    """A subprocess in which the rules of one side are run; a context that ends it.

    Parameters
    ----------
    paths
        Where the project's modules stand: the folders in front of all others in `sys.path`.
    side
        Whose rules are run.
    legacy_modules
        Modules that `adjoint2rrule.legacy` stands in for where they cannot be imported.
    runtime
        The module that converted code imports the runtime from.
    timeout
        How many seconds a call may take.
    import_timeout
        How many seconds the import of a module may take.
    python
        The interpreter.

    Raises
    ------
    WorkerError
        From each method, where the subprocess cannot be started.
    """

    def __init__(
        self,
        paths: Sequence[str],
        side: Side,
        *,
        legacy_modules: Iterable[str] = LEGACY_MODULES,
        runtime: str = Options.runtime,
        timeout: float = 10.0,
        import_timeout: float = 60.0,
        python: str = sys.executable,
    ) -> None:
        self.paths = tuple(paths)
        self.side = side
        self.timeout = timeout
        self.import_timeout = import_timeout
        self._python = python
        self._settings = {
            "paths": self.paths,
            "side": side.value,
            "legacy_modules": tuple(dict.fromkeys((*LEGACY_MODULES, *legacy_modules))),
            "runtime": runtime,
            "forks": FORKS,
        }
        self._process: Process | None = None
        self._loaded: list[str] = []
        self._reasons: dict[str, str] = {}

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """End the subprocess."""
        if self._process is not None:
            self._process.close()
            self._process = None

    # -- what it does ------------------------------------------------------------------------------

    def load(self, modules: Iterable[str]) -> Mapping[str, str]:
        """Import modules; return for each why it cannot be imported, empty where it can."""
        return {module: self._load(module) for module in modules}

    def trials(
        self,
        subject: Subject,
        calls: Iterable[Inputs],
        *,
        lines: Collection[int] = (),
        enough: int = ENOUGH,
        budget: float = float("inf"),
    ) -> Iterator[Trial]:
        """Yield what comes of trying a rule on each of `calls`, one by one.

        Parameters
        ----------
        subject
            The rule; its module is loaded if that has not happened.
        calls
            What to call it with.
        lines
            The lines that the rule has, see `adjoint2rrule.proof.lines.rule_lines`. Once all of them
            were run, and `enough` calls have passed, no more are tried.
        enough
            How many calls those are.
        budget
            How many seconds all of it may take; a call that was begun is brought to its end.
        """
        deadline = time.monotonic() + budget
        missing, passes = set(lines), 0
        span = self._span(subject)
        for inputs in calls:
            if time.monotonic() > deadline or (passes >= enough and lines and not missing):
                return
            trial = trial_of(inputs, self._answer("try", subject, inputs, span))
            yield trial
            missing -= trial.lines
            passes += trial.verdict is Verdict.PASSES

    def run(self, subject: Subject, inputs: Inputs) -> Run:
        """Return what this side makes of a call."""
        return run_of(inputs, self._answer("run", subject, inputs, self._span(subject)))

    def _span(self, subject: Subject) -> tuple[int, int] | None:
        """Return the lines between which the functions of a rule start, where they are known."""
        is_known = self.side is Side.CONVERTED and subject.differentiable
        return (subject.line, subject.last_line) if is_known else None

    # -- how it is asked ---------------------------------------------------------------------------

    def _load(self, module: str) -> str:
        if module not in self._reasons:
            self._reasons[module] = self._import(module)
            if not self._reasons[module]:
                self._loaded.append(module)
        return self._reasons[module]

    def _import(self, module: str) -> str:
        request = {"load": module, "limit": self.import_timeout}
        try:
            answer = self._started().ask(request, self.import_timeout)
        except SilentError:
            self.close()
            return f"its import does not end within {self.import_timeout:g} s"
        except EndedError as ended:
            self.close()
            return f"its import ends the interpreter ({ending(ended.code)})"
        return self._tidied(str(answer["reason"]))

    def _answer(
        self, task: str, subject: Subject, inputs: Inputs, span: tuple[int, int] | None
    ) -> dict[str, Any]:
        if reason := self._load(subject.module):
            return {"verdict": Verdict.REJECTED.value, "message": reason, "failure": reason}
        request = {"task": task, "module": subject.module, "span": span, "limit": self.timeout}
        answer = dict(self._contained({**request, **request_of(inputs)}))
        if "hangs" in answer:
            reason = f"it does not end within {self.timeout:g} s"
            answer |= {"verdict": Verdict.HANGS.value, "message": reason, "failure": reason}
        elif "dies" in answer:
            reason = f"it ends the interpreter ({ending(answer['dies'])})"
            answer |= {"verdict": Verdict.DIES.value, "message": reason, "failure": reason}
        texts = ("message", "failure", "printed")
        return answer | {key: self._tidied(answer[key]) for key in texts if key in answer}

    def _contained(self, request: Message) -> Message:
        """Return the answer to a request; what becomes of the process is one too."""
        process = self._started()
        try:
            return process.ask(request, self.timeout + (GRACE if FORKS else 0.0))
        except SilentError:
            return {"hangs": self.timeout}
        except EndedError as ended:
            return {"dies": ended.code, "printed": ended.written}
        finally:
            if not FORKS:
                self.close()  # the next call finds nothing of this one

    def _tidied(self, text: str) -> str:
        """Return a text without the folders in which the modules happen to stand."""
        for path in self.paths:
            text = text.replace(os.path.join(path, ""), "")
        return text

    # -- the process -------------------------------------------------------------------------------

    def _started(self) -> Process:
        """Return a process that has loaded all modules that could be loaded so far."""
        if self._process is not None and not self._process.is_alive:
            self.close()
        if self._process is None:
            try:
                self._process = Process(self._python)
                self._process.ask(self._settings, START_LIMIT)
                for module in self._loaded:
                    self._process.ask({"load": module, "limit": self.import_timeout}, self.import_timeout)
            except (OSError, SilentError, EndedError) as err:
                self.close()
                raise WorkerError(_start_problem(err)) from err
        return self._process


def request_of(inputs: Inputs) -> Message:
    """Return a call in the types of JSON; two parts of it may import different things under one name."""
    return {
        "function": _part(inputs.function),
        "args": list(map(_part, inputs.args)),
        "keywords": {name: _part(value) for name, value in inputs.keywords},
    }


def _part(expression: Expression) -> Message:
    return {"text": expression.text, "imports": sorted(map(str, expression.imports))}


def ending(code: int) -> str:
    """Return how a process ended, in words.

    Examples
    --------
    >>> ending(3), ending(-6)
    ('exit code 3', 'SIGABRT')
    """
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


def _start_problem(err: OSError | SilentError | EndedError) -> str:
    if isinstance(err, SilentError):
        return f"the subprocess that runs the rules did not start within {START_LIMIT:g} s"
    last = str(err)
    if isinstance(err, EndedError):
        last = err.written.splitlines()[-1] if err.written else ending(err.code)
    hint = ". Install what it needs: pip install 'adjoint2rrule[test]'" if "ModuleNotFound" in last else ""
    return f"the subprocess that runs the rules cannot be started: {last}{hint}"
