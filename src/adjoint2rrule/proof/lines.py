"""Which lines of a file can be run, told from its text."""

from __future__ import annotations

import dis
from collections.abc import Iterator
from types import CodeType

from adjoint2rrule.proof.model import Subject

# What stands at the line of the `def` and runs before the function does.
PROLOGUE = frozenset({"RESUME", "COPY_FREE_VARS", "MAKE_CELL", "RETURN_GENERATOR", "POP_TOP"})


def rule_lines(content: bytes, subject: Subject) -> frozenset[int]:
    """Return the lines that a rule can run; none for a statement that there is no gradient.

    Parameters
    ----------
    content
        The converted file that it stands in.
    subject
        The rule.
    """
    return (
        executable_lines(content, subject.line, subject.last_line) if subject.differentiable else frozenset()
    )


def executable_lines(content: bytes, first: int, last: int) -> frozenset[int]:
    """Return the lines that the functions which start between two lines can run.

    Parameters
    ----------
    content
        The file; it is compiled, and never run.
    first, last
        The lines of a rule, from its first decorator on.

    Examples
    --------
    >>> rule = b'''@rrule.register(f)
    ... def f_rrule(f, x):
    ...     "Return the pair."
    ...     if x > 0:
    ...         return x, lambda dy: (NoTangent(), dy)
    ...     return -x, lambda dy: (NoTangent(), -dy)
    ... '''
    >>> sorted(executable_lines(rule, 1, 6))
    [4, 5, 6]
    """
    try:
        code = compile(content, "<rules>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return frozenset()
    functions = (inner for inner in _inside(code) if first <= inner.co_firstlineno <= last)
    return frozenset().union(*map(_lines, functions))


def _inside(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _inside(constant)


def _lines(code: CodeType) -> frozenset[int]:
    instructions = (i for i in dis.get_instructions(code) if i.opname not in PROLOGUE)
    lines = (i.positions.lineno for i in instructions if i.positions is not None)
    return frozenset(line for line in lines if line is not None)
