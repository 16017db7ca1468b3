"""Properties are read as Python has it: ``literal_getproperty(x, "a")`` -> ``x.a``; rules are on `getattr`.

Converting ZygoteRules, section "No such thing as ``literal_getproperty``".
"""

from __future__ import annotations

import ast
import keyword
import warnings
from collections.abc import Set as AbstractSet
from functools import cached_property
from unicodedata import normalize

from adjoint2rrule.convert.dialects.zygoterules import names as legacy
from adjoint2rrule.convert.dialects.zygoterules.names import Use
from adjoint2rrule.convert.dialects.zygoterules.problems import Problem
from adjoint2rrule.convert.model import Span
from adjoint2rrule.convert.operations import AsAttribute, Operation, Replace, address
from adjoint2rrule.convert.project import Project
from adjoint2rrule.convert.scopes import Scope
from adjoint2rrule.convert.units import Unit

FUNCTION = "getattr"  # what a rule on a property becomes a rule for
_PYTHONS_OWN = {"literal_getproperty": FUNCTION, "literal_getfield": "object.__getattribute__"}


class Properties:
    """Decides what becomes of the uses of ``literal_getproperty`` and ``literal_getfield`` in one file."""

    def __init__(self, unit: Unit, project: Project) -> None:
        self.unit = unit
        self.project = project

    @cached_property
    def _parents(self) -> dict[ast.AST, ast.AST]:
        nodes = ast.walk(self.unit.module.tree)
        return {child: node for node in nodes for child in ast.iter_child_nodes(node)}

    def place(self, use: Use) -> ast.expr:
        """Return the call that `use` stands in as what is called, or else its own expression."""
        parent = self._parents[use.node]
        return parent if isinstance(parent, ast.Call) and parent.func is use.node else use.node

    def operation(self, use: Use, calls: AbstractSet[ast.AST] = frozenset()) -> Operation | Problem:
        """Return what becomes of `use`; `calls` are the legacy names, which need the legacy form."""
        place = self.place(use)
        if isinstance(place, ast.Call):
            return self._of_call(place, use)
        if not self._is_handed_on(use, calls):
            message = f"`{ast.unparse(use.node)}` is used in another way than to read a property"
            return Problem("property-access", use.node, message, _VALUE)
        return self._named(use)

    def _of_call(self, call: ast.Call, use: Use) -> Operation | Problem:
        starred = any(isinstance(argument, ast.Starred) for argument in call.args)
        if call.keywords or (len(call.args) != 2 and not starred):
            message = f"`{ast.unparse(call)}` does not give an object and the name of a property alone"
            return Problem("property-access", call, message, _ARGUMENTS)
        if use.name == "literal_getproperty" and not starred:
            x, name = call.args[0], attribute_name(call.args[1])
            if name is not None and not self._has_comment(call, x):
                return AsAttribute(address(call), name, parenthesized=not self._stands_alone(x))
        return self._named(use)

    def _named(self, use: Use) -> Operation | Problem:
        text = _PYTHONS_OWN[use.name]
        problem = self.shadowing(text.partition(".")[0], use.scope, use.node)
        return problem or Replace(address(use.node), text)

    def shadowing(self, name: str, scope: Scope, node: ast.expr | ast.stmt) -> Problem | None:
        """Return what is wrong where `name`, one of the builtins, means something else in `scope`."""
        sources = [self.unit.absolute(statement) for statement in self.unit.scope.star_imports]
        starred = any(self.project.exported(source, name) for source in sources if source)
        if scope.find(name) is None and not starred:
            return None
        message = f"the conversion needs Python's own `{name}`, and that name is taken"
        return Problem("property-access", node, message, f"Give what is called `{name}` here another name.")

    def _has_comment(self, call: ast.Call, kept: ast.expr) -> bool:
        """Whether there is a comment in `call` that does not stand in `kept`."""
        module = self.unit.module
        span, inner = module.span(call), module.span(kept)
        return any(module.has_comment(s) for s in (Span(span.start, inner.start), Span(inner.end, span.end)))

    def _stands_alone(self, x: ast.expr) -> bool:
        """Whether an attribute can be put behind `x` as it is written, and is one of all of it."""
        text = self.unit.module.text(x)
        if text.startswith("{"):
            return False  # in an f-string, two braces are another thing
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # as where the file is parsed
                tree = ast.parse(f"{text}.a", mode="eval")
        except SyntaxError:  # `1.a`, or lines that only the brackets of the call join
            return False
        return isinstance(tree.body, ast.Attribute) and ast.dump(tree.body.value) == ast.dump(x)

    def _is_handed_on(self, use: Use, calls: AbstractSet[ast.AST]) -> bool:
        """Whether `use` gives the function to a name or a call that may as well be given Python's own."""
        node: ast.AST = use.node
        parent = self._parents[node]
        while isinstance(parent, ast.Tuple | ast.List | ast.Dict | ast.IfExp | ast.keyword | ast.Starred):
            node, parent = parent, self._parents[parent]
        match parent:
            case ast.Call(func=function):
                return function not in calls and not _compares(function)
            case ast.Assign(value=value) | ast.AnnAssign(value=value) | ast.NamedExpr(value=value):
                return value is node
            case ast.Return() | ast.arguments() | ast.Lambda():
                return True
        return False


def attribute_name(node: ast.expr) -> str | None:
    """Return the string that `node` is, where it can stand behind a dot and means the same there.

    Python folds names (NFKC), but not the strings that `getattr` takes, and gives names that start with
    two underscores the name of the class around them.

    Examples
    --------
    >>> [attribute_name(ast.parse(x).body[0].value) for x in ("'width'", "'class'", "'__width'", "'ﬁt'")]
    ['width', None, None, None]
    """
    if not isinstance(node, ast.Constant) or not isinstance(name := node.value, str):
        return None
    private = name.startswith("__") and not name.endswith("__")
    fits = name.isidentifier() and not keyword.iskeyword(name) and not private and _is_folded(name)
    return name if fits else None


def _is_folded(name: str) -> bool:
    return normalize("NFKC", name) == name


def _compares(function: ast.expr) -> bool:
    """Whether a call may look at which function it is given."""
    return isinstance(function, ast.Name) and function.id in {
        "id",
        "isinstance",
        "hash",
        "repr",
        "str",
        "type",
    }


def property_problem(name: str, node: ast.expr | ast.stmt) -> Problem | None:
    """Return why a rule on the legacy function `name` is not converted, if it is not."""
    if name == "literal_getproperty":
        return None
    what = "legacy on some paths only" if name == legacy.AMBIGUOUS else f"`{name}`, which no other AD knows"
    message = f"it is a rule on a function that is {what}"
    return Problem("property-rule", node, message, "Only rules on `literal_getproperty` have another form.")


_ARGUMENTS = 'Write it as `literal_getproperty(x, "a")`.'
_VALUE = "Hand on a function of your own, such as `lambda x, name: getattr(x, name)`."
