"""The text of a test file: a function for each rule of a module, made of the calls that were selected."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from textwrap import wrap

from adjoint2rrule.proof.model import Import, Inputs
from adjoint2rrule.proof.selection import Selection
from adjoint2rrule.proof.test_files.importing import Names, import_block, names_for
from adjoint2rrule.proof.test_files.layout import wrapped, written

LINE_LENGTH = 88  # as ruff and black have it, where the project says nothing

_NOTE = "# Once you edit this file, it is yours, and is not written over."
_TESTER = Import("adjoint2rrule.testing", "test_rrule")
_PYTEST = Import("pytest")
_REGISTERS = "noqa: F401 (registers the rules)"
_TAKEN = frozenset({"test_rrule", "pytest"})


def rendered(
    module: str,
    selections: Sequence[Selection],
    is_first_party: Callable[[str], bool],
    width: int = LINE_LENGTH,
) -> str:
    """Return the tests of the rules of a module.

    Parameters
    ----------
    module
        Its dotted name.
    selections
        What the test of each of its rules calls.
    is_first_party
        Whether a top-level module belongs to the project.
    width
        The longest line.
    """
    labels = [f"test_{selection.subject.label}" for selection in selections]
    calls = [call for selection in selections for call in selection.calls]
    names = names_for((e for call in calls for e in call.expressions), {*_TAKEN, *labels})
    imports = [names.imported(i) for call in calls for i in call.imports]
    if calls:
        imports.append(_TESTER)
    if not all(selection.calls for selection in selections):
        imports.append(_PYTEST)
    loader = Import(module)
    if calls and not any(i.loads(module) for i in imports):
        imports.append(loader)
    lines = [_NOTE, f'"""Rule tests of `{module}`."""', ""]
    lines += import_block(imports, is_first_party, width, {loader: _REGISTERS})
    for label, selection in zip(labels, selections, strict=True):
        lines += ["", "", *_function(label, selection, names, width)]
    return "\n".join(lines) + "\n"


def _function(name: str, selection: Selection, names: Names, width: int) -> Iterator[str]:
    if selection.calls:
        yield f"def {name}():"
        for call in selection.calls:
            yield from wrapped(_test(call, names), width)
    else:
        yield from _skip(selection.reason, width)
        yield f"def {name}(): ..."


def _skip(reason: str, width: int) -> Iterator[str]:
    line = f"@pytest.mark.skip(reason={_literal(reason)})"
    if len(line) <= width:
        yield line
        return
    room = width - len('    reason=""')
    first, *others = wrap(reason, room, drop_whitespace=False, break_long_words=False)
    yield "@pytest.mark.skip("
    yield f"    reason={_literal(first)}"
    yield from (f"    {_literal(other)}" for other in others)
    yield ")"


def _literal(text: str) -> str:
    return written(ast.Constant(text))


def _test(call: Inputs, names: Names) -> ast.expr:
    """Return the call of `test_rrule` that tests a rule on `call`."""
    given = [names.read(expression) for expression in (call.function, *call.args)]
    if not call.keywords:
        return ast.Call(ast.Name("test_rrule"), given, [])
    options = ast.Dict([ast.Constant(n) for n, _ in call.keywords], [names.read(v) for _, v in call.keywords])
    return ast.Call(ast.Name("test_rrule"), given, [ast.keyword("fkwargs", options)])
