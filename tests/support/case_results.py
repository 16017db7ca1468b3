"""Runs the cases of a package and writes down what its rules give.

It is a script: ``python -m tests.support.case_results FORM CASES OUT``.

`FORM` is ``legacy`` or ``converted``.  `CASES` is a module beside the package, with `CASES`, tuples of a
name, a function, several lists of arguments and keywords, and `NOGRAD`, tuples of a name, a function and
a list of arguments.  The file `OUT` gets a pickled dict with the attributes of a `Results`.
"""

from __future__ import annotations

import importlib
import pickle
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import adjoint2rrule.legacy
from adjoint2rrule.core import NoTangent, rrule
from adjoint2rrule.legacy import __context__, _pullback
from tests.support.agreement import Run

Described = tuple[Any, list[list[Any] | None]]  # a value, and cotangents for each of several seeds


@dataclass
class Results:
    """What the rules of a package give.

    Attributes
    ----------
    described
        Value and cotangents by case and number of the arguments; `None` where there is no `rrule`.
    without_gradient
        The names in `NOGRAD` that indeed have none.
    called
        File and first line of every function that ran.
    """

    described: dict[tuple[str, int], Described | None] = field(default_factory=dict)
    without_gradient: list[str] = field(default_factory=list)
    called: set[tuple[str, int]] = field(default_factory=set)


@contextmanager
def watched(called: set[tuple[str, int]]) -> Iterator[None]:
    """Note every function that is called."""

    def note(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call":
            called.add((frame.f_code.co_filename, frame.f_code.co_firstlineno))

    sys.setprofile(note)
    try:
        yield
    finally:
        sys.setprofile(None)


def run(cases: Any, form: str) -> Results:
    """Return what the rules of a package give in one of the two forms."""
    results = Results()
    describe, has_no_gradient = FORMS[form]
    with watched(results.called):
        for name, f, inputs, kwargs in cases.CASES:
            for args in inputs:
                # One name can stand for several cases.
                results.described[name, len(results.described)] = describe(Run(f, tuple(args), kwargs))
        for name, f, args in cases.NOGRAD:
            if has_no_gradient(f, args):
                results.without_gradient.append(name)
    return results


def legacy(call: Run) -> Described:
    """Describe what a legacy rule gives."""
    return astuple(call.legacy())


def converted(call: Run) -> Described | None:
    """Describe what an `rrule` gives, if there is one."""
    found = rrule(__context__, call.now, *call.args, **call.kwargs)
    return None if found is None else astuple(call.converted())


def legacy_has_no_gradient(f: Any, args: list[Any]) -> bool:
    """Return whether a legacy function gives nothing but `None`."""
    return all(cotangent is None for cotangent in _pullback(f, *args)[1](1.0))


def converted_has_no_gradient(f: Any, args: list[Any]) -> bool:
    """Return whether an `rrule` gives nothing but `NoTangent`."""
    pair = rrule(f, *args)
    return pair is not None and all(tangent is NoTangent() for tangent in pair[1](1.0))


FORMS: dict[str, tuple[Callable[[Run], Described | None], Callable[[Any, list[Any]], bool]]] = {
    "legacy": (legacy, legacy_has_no_gradient),
    "converted": (converted, converted_has_no_gradient),
}


if __name__ == "__main__":
    form, path, out = sys.argv[1:]
    sys.modules["zygoterules"] = adjoint2rrule.legacy
    sys.modules["autograd"] = None  # type: ignore[assignment]  # it would stand in for a rule that is missing
    sys.path.insert(0, str(Path(path).parent))
    Path(out).write_bytes(pickle.dumps(vars(run(importlib.import_module(Path(path).stem), form))))
