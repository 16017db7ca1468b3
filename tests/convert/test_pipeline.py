"""The centre of the converter, on modules at random: what must hold of every conversion.

``ADJOINT2RRULE_EXAMPLES=2000`` looks at more of them.
"""

from __future__ import annotations

import ast
import io
import itertools
import os
import sys
import tokenize
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from hypothesis import HealthCheck, Phase, given, settings

from adjoint2rrule.convert.model import Conversion, Converted, Options, SourceFile
from adjoint2rrule.convert.pipeline import closed_modules, convert_source
from adjoint2rrule.convert.project import Project
from adjoint2rrule.convert.syntax import first_line
from tests.support.agreement import Run, compare
from tests.support.legacy_programs import Program, programs

at_random = settings(
    max_examples=int(os.environ.get("ADJOINT2RRULE_EXAMPLES", "100")),
    deadline=None,
    report_multiple_bugs=False,
    phases=[phase for phase in Phase if phase is not Phase.explain],  # which takes minutes
    suppress_health_check=[HealthCheck.too_slow],
)
numbers = itertools.count()


@at_random
@given(programs())
def test_rules_in_the_common_forms_are_converted_and_agree(program: Program) -> None:
    conversion = converted(program.content)
    assert not conversion.failed, conversion.diagnostics
    assert all(isinstance(d, Converted) for d in conversion.decisions), conversion.decisions
    assert len(conversion.decisions) == len(program.calls)
    with executed(program.content) as old, executed(conversion.result) as new:
        for f, args in program.calls:
            expected = Run(eval(f, vars(old)), eval(args, vars(old))).legacy()
            compare(Run(eval(f, vars(new)), eval(args, vars(new))).converted(), expected, f)


@at_random
@given(programs())
def test_a_second_conversion_changes_nothing(program: Program) -> None:
    once = converted(program.content).result
    again = converted(once)
    assert again.result == once
    assert not again.decisions


@at_random
@given(programs())
def test_all_but_rules_and_imports_keeps_its_bytes(program: Program) -> None:
    conversion = converted(program.content)
    assert untouchable(conversion.result) == untouchable(program.content)


@at_random
@given(programs())
def test_comments_line_ends_and_indentation_are_kept(program: Program) -> None:
    before, after = program.content, converted(program.content).result
    assert not Counter(comments(before)) - Counter(comments(after))
    assert after.startswith(b"\xef\xbb\xbf") == before.startswith(b"\xef\xbb\xbf")
    assert before.endswith(b"\n") == after.endswith(b"\n")
    assert (b"\r\n" in before) == (b"\r\n" in after)
    assert (after.count(b"\r\n") == after.count(b"\n")) == (before.count(b"\r\n") == before.count(b"\n"))
    if b"\n\t" in before:
        assert b"\n  " not in after.replace(b"\r", b"")


def converted(content: bytes) -> Conversion:
    """Return what becomes of a module that stands by itself."""
    options = Options()
    return convert_source(SourceFile("rules.py", content), options, Project((), closed_modules(options)))


@contextmanager
def executed(content: bytes) -> Iterator[ModuleType]:
    """Run a module under a name of its own."""
    module = ModuleType(f"module_at_random_{next(numbers)}")
    sys.modules[module.__name__] = module  # where dataclasses look their annotations up
    try:
        exec(compile(content, module.__name__, "exec"), vars(module))
        yield module
    finally:
        del sys.modules[module.__name__]


def untouchable(content: bytes) -> list[str]:
    """Return the statements of a module that are neither imports nor rules, as they are written."""
    text = content.decode("utf-8-sig")
    lines = text.splitlines(keepends=True)
    return [
        "".join(lines[first_line(node) - 1 : node.end_lineno])
        for node in ast.parse(text).body
        if not isinstance(node, ast.Import | ast.ImportFrom | ast.Try) and not is_rule(node)
    ]


def is_rule(node: ast.stmt) -> bool:
    """Return whether a statement is a rule, before its conversion or after."""
    decorators = node.decorator_list if isinstance(node, ast.FunctionDef) else []
    return any(word in ast.unparse(d) for d in decorators for word in ("adjoint", "rule", ".register("))


def comments(content: bytes) -> Iterator[str]:
    """Yield every comment of a module."""
    for token in tokenize.tokenize(io.BytesIO(content).readline):
        if token.type == tokenize.COMMENT:
            yield token.string
