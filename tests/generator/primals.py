"""The arguments of generated rules: how they are annotated, what they are, and cotangents that fit them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.generator.cotangents import NOTHING, Choice, Cotangent, Each, Fields, Items, Leaves, Value
from tests.generator.drawing import chance, pick


@dataclass(frozen=True)
class Primal:
    """A kind of value.

    `type_name` is its annotation, `bare` others that fit, and `value` an expression for one of its kind.
    """

    type_name: str
    value: str
    bare: tuple[str, ...] = ()

    #: whether an argument of this kind can have a default
    has_default = False
    #: whether values of this kind cannot be perturbed
    is_rigid = False

    def term(self, path: str) -> str:
        """Return what a value adds to the number that a function computes."""
        raise NotImplementedError

    def cotangent(self, draw: Any, path: str, leaves: Leaves) -> Cotangent:
        """Draw a cotangent for the value at `path`: none at all, one by a condition, or a full one."""
        form = pick(draw, "full", "full", "full", "nothing", "nothing", "choice")
        if form == "nothing" or self.is_rigid:
            return NOTHING
        if form == "full":
            return self.full(draw, path, leaves)
        condition, yes, no = pick(draw, *leaves.choices())
        branches = [self._branch(draw, path, leaves) for leaves in (yes, no)]
        return Choice(condition, *branches)

    def _branch(self, draw: Any, path: str, leaves: Leaves) -> Cotangent:
        return NOTHING if chance(draw) else self.full(draw, path, leaves)

    def full(self, draw: Any, path: str, leaves: Leaves) -> Cotangent:
        """Draw a cotangent that is there."""
        raise NotImplementedError


@dataclass(frozen=True)
class Number(Primal):
    """A float."""

    has_default = True

    def term(self, path: str) -> str:
        return f"3 * {path}"

    def full(self, draw: Any, path: str, leaves: Leaves) -> Cotangent:
        if leaves.arrays and chance(draw):
            array = pick(draw, *leaves.arrays)
            return Value(pick(draw, f"np.sum({array})", f"({array}).sum()", f"{array} @ {array}"))
        s = pick(draw, *leaves.numbers)
        forms = (f"2 * {s}", f"{s} * {path}", s, f"-{s}", f"({s})", f"np.cos({path}) * {s}", "0.5")
        if chance(draw, 60):
            return Value(pick(draw, f"accum({s}, None)", f"accum({s}, {path} * {s})"))
        calls = (f"scaled({s}, {path})", f"float({s})", f"max({s}, 0.0)")
        return Value(pick(draw, *forms, f"{s} / 4", f"({s} + 1) * 2 + {s}", *calls))


@dataclass(frozen=True)
class Array(Primal):
    """An array of three numbers."""

    def term(self, path: str) -> str:
        return f"np.sum({path})"

    def full(self, draw: Any, path: str, leaves: Leaves) -> Cotangent:
        if leaves.arrays and chance(draw):
            s = pick(draw, *leaves.arrays)
            return Value(pick(draw, f"2 * {s}", s, f"{s} * {path}", f"{s}[::-1]", f"scaled({s}, {path})"))
        s = pick(draw, *leaves.numbers)
        return Value(pick(draw, f"{s} * {path}", f"{s} * np.ones(3)", f"np.cos({path}) * {s}"))


@dataclass(frozen=True)
class Rigid(Primal):
    """What cannot be perturbed."""

    has_default = True
    is_rigid = True

    def term(self, path: str) -> str:
        return f"bool({path})"


@dataclass(frozen=True)
class Sequence(Primal):
    """A tuple or a list with parts of some kinds."""

    brackets: str = "()"
    parts: tuple[Primal, ...] = ()

    def term(self, path: str) -> str:
        return " + ".join(part.term(f"{path}[{i}]") for i, part in enumerate(self.parts))

    def full(self, draw: Any, path: str, leaves: Leaves) -> Cotangent:
        if len(set(self.parts)) == 1 and chance(draw, 3):
            name = "e" if path != "e" else "e2"
            part = self.parts[0].cotangent(draw, name, leaves)
            start = "tuple(" if self.brackets == "()" else "["
            return Each(f"{start}{{0}} for {name} in {path}{')' if start != '[' else ']'}", part)
        values = (part.cotangent(draw, f"{path}[{i}]", leaves) for i, part in enumerate(self.parts))
        return Items(self.brackets, tuple(values))


@dataclass(frozen=True)
class Table(Primal):
    """A dict with strings for keys."""

    parts: tuple[tuple[str, Primal], ...] = ()

    def term(self, path: str) -> str:
        return " + ".join(part.term(f'{path}["{key}"]') for key, part in self.parts)

    def full(self, draw: Any, path: str, leaves: Leaves) -> Cotangent:
        if len({part for _, part in self.parts}) == 1 and chance(draw, 4):
            part = self.parts[0][1].cotangent(draw, "v", leaves)
            return Each(f"{{{{k: {{0}} for k, v in {path}.items()}}}}", part)
        parts = ((key, part, f'{path}["{key}"]') for key, part in self.parts)
        return fields(draw, parts, leaves, ("dict", "{"))


@dataclass(frozen=True)
class Object(Primal):
    """An instance of a class of the module."""

    parts: tuple[tuple[str, Primal], ...] = ()
    is_tuple: bool = False

    def term(self, path: str) -> str:
        return " + ".join(part.term(f"{path}.{name}") for name, part in self.parts)

    def full(self, draw: Any, path: str, leaves: Leaves) -> Cotangent:
        if self.is_tuple and chance(draw):
            values = (part.cotangent(draw, f"{path}.{name}", leaves) for name, part in self.parts)
            return Items("()", tuple(values))
        parts = ((name, part, f"{path}.{name}") for name, part in self.parts)
        return fields(draw, parts, leaves, ("dict", "{", "SimpleNamespace"))


def fields(draw: Any, parts: Any, leaves: Leaves, makers: tuple[str, ...]) -> Cotangent:
    """Draw the cotangent of something with named parts; those that get no gradient can be left out."""
    entries = [(name, part.cotangent(draw, path, leaves)) for name, part, path in parts]
    if chance(draw, 4):
        entries = [(name, value) for name, value in entries if value is not NOTHING]
    return Fields(pick(draw, *makers), tuple(entries))


NUMBER = Number("float", "1.25")
ARRAY = Array("np.ndarray", "np.array([1.0, 2.0, 4.0])", ("NDArray[np.float64]",))
PAIR = Object("Pair", "Pair(1.5, 2.5)", (), (("a", NUMBER), ("b", NUMBER)))
POINT = Object("Point", "Point(1.5, 2.5)", (), (("x", NUMBER), ("y", NUMBER)), is_tuple=True)
TEXT = Rigid("str", "'s'", ("Literal['s', 't']",))
COUNT = Rigid("int", "3")

CLASSES = {
    "Pair": "@dataclass\nclass Pair:\n    a: float\n    b: float = 1.0",
    "Point": "class Point(NamedTuple):\n    x: float\n    y: float",
    "Tagged": "@dataclass(frozen=True)\nclass Tagged:\n    a: float\n    note: str = ''\n    count: int = 1",
    "Loose": "class Loose:\n    def __init__(self, a, b):\n        self.a, self.b = a, b",
    "Slotted": (
        'class Slotted:\n    __slots__ = ("a", "b")\n\n'
        "    def __init__(self, a: float, b: np.ndarray):\n        self.a = a\n        self.b = b"
    ),
    "Stack": "@dataclass\nclass Stack:\n    inner: Pair\n    items: list[Pair]\n    note: str = ''",
    "Base": "@dataclass\nclass Base:\n    a: float",
    "Mode": "class Mode(Enum):\n    FAST = 1\n    SLOW = 2",
    "Special": "@dataclass\nclass Special(Base):\n    extra: float = 2.0",
}
OBJECTS = (
    PAIR,
    POINT,
    Object("Tagged", "Tagged(1.5, 'n', 2)", (), (("a", NUMBER), ("note", TEXT), ("count", COUNT))),
    Object("Loose", "Loose(1.5, 2.5)", (), (("a", NUMBER), ("b", NUMBER))),
    Object("Slotted", "Slotted(1.5, np.array([1.0, 2.0, 3.0]))", (), (("a", NUMBER), ("b", ARRAY))),
    Object(
        "Stack",
        "Stack(Pair(1.5, 2.5), [Pair(0.5), Pair(0.25, 2.0)], 'n')",
        (),
        (
            ("inner", PAIR),
            ("items", Sequence("list[Pair]", "", (), "[]", (PAIR, PAIR))),
            ("note", TEXT),
        ),
    ),
    Object("Base", "Base(1.5)", (), (("a", NUMBER),)),
    Object("Base", "Special(1.5, 3.5)", (), (("a", NUMBER),)),
)
SEQUENCES = (
    Sequence(
        "tuple[float, float]",
        "(1.5, 2.5)",
        ("tuple", "Sequence[float]", "tuple[float, ...]"),
        "()",
        (NUMBER, NUMBER),
    ),
    Sequence("list[float]", "[1.5, 2.5, 3.5]", ("list", "Sequence[float]"), "[]", (NUMBER,) * 3),
    Sequence("tuple[Pair, int]", "(Pair(1.5, 2.5), 2)", ("tuple",), "()", (PAIR, COUNT)),
    Sequence("list[Pair]", "[Pair(1.5, 2.5), Pair(0.5)]", ("list",), "[]", (PAIR, PAIR)),
    Sequence("list[np.ndarray]", "[np.ones(3), np.zeros(3)]", ("list",), "[]", (ARRAY, ARRAY)),
)
TABLES = (
    Table(
        "dict[str, float]",
        "{'a': 1.5, 'b': 2.5}",
        ("dict", "Mapping[str, float]"),
        (("a", NUMBER), ("b", NUMBER)),
    ),
    Table("dict[str, Pair]", "{'a': Pair(1.5)}", ("dict",), (("a", PAIR),)),
)
RIGID = (COUNT, TEXT, Rigid("bool", "True"), Rigid("Mode", "Mode.FAST"), Rigid("slice", "slice(1)"))
ALL = (NUMBER, NUMBER, ARRAY, *RIGID, *OBJECTS, *SEQUENCES, *TABLES)
