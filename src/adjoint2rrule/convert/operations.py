"""What can be done to a statement: plain values, decided on elsewhere and carried out by `rewrite`.

An operation names the node that it changes by an `Address`, which the standard library's tree and
libcst's agree on, so that decisions are taken on the one and carried out on the other.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

# Where the two trees have the same nodes under other names.
_KINDS = {
    "Constant": "Name",  # None, True and False, which libcst has as names
    "AsyncFunctionDef": "FunctionDef",
    "BinOp": "BinaryOperation",
    "BoolOp": "BooleanOperation",
    "Compare": "Comparison",
    "UnaryOp": "UnaryOperation",
}
_LITERALS = {int: "Integer", float: "Float", complex: "Imaginary"}


@dataclass(frozen=True)
class Address:
    """A node of a file, named by its kind in libcst and its place.

    Attributes
    ----------
    kind
        libcst's class.  For a tuple, as many ``Tuple`` as start with the same entry from there on.
    start, end
        Line, from 1, and column, in UTF-8 bytes, as `ast` counts them, without parentheses.
        Statements and tuples are named by their start alone, a tuple by that of its first entry.
    """

    kind: str
    start: tuple[int, int]
    end: tuple[int, int] | None = None


def address(node: ast.expr | ast.stmt | ast.pattern) -> Address:
    """Return the address of `node`.

    Examples
    --------
    >>> address(ast.parse("x = (None, y)").body[0].value)
    Address(kind='Tuple', start=(1, 5), end=None)
    """
    if isinstance(node, ast.Tuple):
        if not node.elts:
            return Address("Tuple", (node.lineno, node.col_offset + 1))
        first = node.elts[0]
        inner = address(first.value if isinstance(first, ast.Starred) else first)
        return Address(f"Tuple {inner.kind}" if isinstance(first, ast.Tuple) else "Tuple", inner.start)
    kind = _KINDS.get(type(node).__name__, type(node).__name__)
    if isinstance(node, ast.Constant):
        kind = _LITERALS.get(type(node.value), kind)
    start = (node.lineno, node.col_offset)
    if isinstance(node, ast.stmt):
        return Address(kind, start)
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    return Address(kind, start, (node.end_lineno, node.end_col_offset))


@dataclass(frozen=True)
class Replace:
    """Put the expression `text` in place of the one at `at`."""

    at: Address
    text: str


@dataclass(frozen=True)
class ExtendTuple:
    """Add entries before the first and after the last of the tuple at `at`, in its own layout."""

    at: Address
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


@dataclass(frozen=True)
class SpreadTuple:
    """Make the sequence at `at` a tuple with its elements between other entries.

    Attributes
    ----------
    opened
        Whether that is a call of ``tuple`` or ``list``, of which the argument is spread.
    """

    at: Address
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    opened: bool = False


@dataclass(frozen=True)
class AsCall:
    """Make the display or call at `at` a call of `callee`, in its own layout.

    The entries of a tuple or list become positional arguments, the string keys of a dict
    keywords; a call keeps its arguments, of which `star` spreads the only one.  Those numbered in
    `dropped` are left out.
    """

    at: Address
    callee: str
    dropped: frozenset[int] = frozenset()
    star: bool = False


@dataclass(frozen=True)
class Redirect:
    """Let the call at `at` call `callee`, with `first` in front of its arguments.

    Attributes
    ----------
    replaced
        Whether `first` takes the place of the first argument.
    then
        What follows the call: ``[1:]``.
    """

    at: Address
    callee: str
    first: str
    replaced: bool = False
    then: str = ""


@dataclass(frozen=True)
class Append:
    """Put `text`, such as ``[1:]``, behind the call at `at`."""

    at: Address
    text: str


@dataclass(frozen=True)
class Wrap:
    """Make the expression at `at` the argument of `callee`; the entries in `dropped` of a dict go.

    Attributes
    ----------
    star
        Whether the argument is spread.
    more
        Arguments that follow.
    delayed
        Whether the argument is a function of no arguments that gives the expression.
    """

    at: Address
    callee: str
    dropped: frozenset[int] = frozenset()
    star: bool = False
    more: tuple[str, ...] = ()
    delayed: bool = False


@dataclass(frozen=True)
class AsAttribute:
    """Make the call at `at` the attribute `name` of its first argument, which may need parentheses."""

    at: Address
    name: str
    parenthesized: bool = False


@dataclass(frozen=True)
class AsInstanceTest:
    """Make the comparison at `at` a test of one side for the class `name`, in its own layout.

    Attributes
    ----------
    is_left
        Whether the left side is tested.
    negated
        Whether the test is for no instance.
    """

    at: Address
    name: str
    is_left: bool = True
    negated: bool = False


@dataclass(frozen=True)
class AsClassPattern:
    """Make the pattern ``None`` at `at` match the instances of the class `name`."""

    at: Address
    name: str


@dataclass(frozen=True)
class EditFunction:
    """Change the head of the function at `at`.

    Attributes
    ----------
    name
        Its new name, `None` to keep the one it has.
    parameters
        Parameters to put before all others.
    """

    at: Address
    name: str | None = None
    parameters: tuple[str, ...] = ()


@dataclass(frozen=True)
class AddStatements:
    """Put the simple statements `texts` into the body of the function at `at`, behind the first so many."""

    at: Address
    texts: tuple[str, ...]
    behind: int = 0


@dataclass(frozen=True)
class AddReturn:
    """Return `text` at the end of the function at `at`."""

    at: Address
    text: str


@dataclass(frozen=True)
class SplitReturn:
    """Bind the value of the ``return`` at `at` to `target`, and let the statement `then` follow.

    Of a tuple, a `target` of one name takes the first entry.
    """

    at: Address
    target: str
    then: str


@dataclass(frozen=True)
class ReplaceStatement:
    """Put the simple statements `texts` in place of the one at `at`; nothing takes it away.

    They may have comments, above and behind them, where that one stands on lines of its own.
    """

    at: Address
    texts: tuple[str, ...]


@dataclass(frozen=True)
class DropAliases:
    """Leave the names numbered in `dropped` out of the import at `at`."""

    at: Address
    dropped: frozenset[int]


@dataclass(frozen=True)
class AddAliases:
    """Import `names`, written ``name`` or ``name as alias``, with the ``from … import`` at `at`."""

    at: Address
    names: tuple[str, ...]


Operation = (
    DropAliases
    | AddAliases
    | AddReturn
    | AddStatements
    | Append
    | AsAttribute
    | AsCall
    | AsClassPattern
    | AsInstanceTest
    | EditFunction
    | ExtendTuple
    | Redirect
    | Replace
    | ReplaceStatement
    | SplitReturn
    | SpreadTuple
    | Wrap
)


def written_by(operation: Operation) -> str:
    """Return the code that `operation` writes into a function's body.

    Examples
    --------
    >>> written_by(ExtendTuple(Address("Tuple", (1, 1)), ("NoTangent()",)))
    'NoTangent()'
    """
    match operation:
        case Replace(text=text) | AddReturn(text=text) | SplitReturn(then=text):
            return text
        case Redirect(callee=callee, first=first):
            return f"{callee} {first}"
        case AsCall(callee=text):
            return text
        case Wrap(callee=text, more=more):
            return " ".join((text, *more))
        case AsInstanceTest(name=text):
            return f"isinstance {text}"
        case AsClassPattern(name=text):
            return text
        case ExtendTuple(before=before, after=after) | SpreadTuple(before=before, after=after):
            return " ".join((*before, *after))
        case ReplaceStatement(texts=texts) | AddStatements(texts=texts):
            return " ".join(texts)
    return ""
