"""Legacy modules at random: rules in the common forms, in many layouts, with the calls that exercise them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

# Some are names of the runtime, which the converted module has to do without.
NAMES = ("x", "y", "z", "alpha", "φ", "σ2", "ȳ", "ﬁ", "x̄", "_w", "rrule", "Tangent", "config", "f", "g_rrule")
SEEDS = ("dy", "Δ", "Ȳ", "seed")
COMMENTS = ("# note", "#", "# größer ← 2·π", "# adjoint(None), dict(a=None)", '# "quoted', "# noqa: E501")
UNRELATED = (
    "SETTINGS = {'adjoint': None, \"pullback\": (None, dict(a=None))}",
    "def helper(x, y=None):\n    return (x, None) if y is None else dict(x=x, y=None)",
    "TEXT = '''@adjoint\ndef f(x):\n    return x, lambda dy: (None,)\n'''",
    "if  SWITCH :\n    LIMIT = None;  OTHER = [ None,None ]",
    "class Unrelated :\n    adjoint=None\n    def nograd( self ): return None",
)


@dataclass(frozen=True)
class Program:
    """A legacy module, and calls of what it has rules for: expressions for a function and its arguments."""

    content: bytes
    calls: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Argument:
    """A parameter of a rule, and what belongs to it.

    `mark` is its annotation and default, `value` an expression for a call, `term` what it adds to the
    function's value, and `cotangent` an expression for its cotangent, in terms of `SEED`.
    """

    name: str
    mark: str
    value: str
    term: str
    cotangent: str


@st.composite
def programs(draw: DrawFn) -> Program:
    """Draw a module with one to three rules."""
    count = draw(st.integers(1, 3))
    rules = [draw(definitions(number)) for number in range(count)]
    adjoint, block = draw(imports())
    parts = ['"""A module."""'] if draw(st.booleans()) else []
    parts += [block, f"SWITCH = {draw(st.booleans())}", CLASSES]
    for text, _ in rules:
        if draw(st.booleans()):
            parts.append(draw(st.sampled_from(COMMENTS)))
        parts.append(text.replace("@adjoint", f"@{adjoint}"))
        if draw(st.booleans()):
            parts.append(draw(st.sampled_from(UNRELATED)))
    gap = draw(st.sampled_from(["\n\n\n", "\n\n", "\n"]))
    return Program(draw(encoded(gap.join(parts))), tuple(call for _, call in rules))


@st.composite
def encoded(draw: DrawFn, text: str) -> bytes:
    """Draw an indentation, line ends and the like for a module."""
    if draw(st.booleans()):
        text += "\n"
    indent = draw(st.sampled_from(["    ", "  ", "\t"]))
    lines = [indent * ((len(t) - len(t.lstrip(" "))) // 4) + t.lstrip(" ") for t in text.split("\n")]
    end = draw(st.sampled_from(["\n", "\r\n"]))
    mark = draw(st.sampled_from([b"", b"\xef\xbb\xbf"]))
    return mark + end.join(lines).encode()


@st.composite
def imports(draw: DrawFn) -> tuple[str, str]:
    """Draw what the module calls `adjoint`, and its imports."""
    adjoint, statement = draw(
        st.sampled_from(
            [
                ("adjoint", "from adjoint2rrule.legacy import adjoint"),
                ("adjoint", "from adjoint2rrule.legacy import *"),
                ("adjoint", "from adjoint2rrule.legacy import (\n    adjoint,\n)"),
                ("adjoint", TRIED),
                ("rule", "from adjoint2rrule.legacy import adjoint as rule"),
                ("ad.adjoint", "import adjoint2rrule.legacy as ad"),
                ("adjoint2rrule.legacy.adjoint", "import adjoint2rrule.legacy"),
            ]
        )
    )
    others = ["from dataclasses import dataclass", "from types import SimpleNamespace", "import numpy as np"]
    others.insert(draw(st.integers(2, 3)), statement)
    return adjoint, "\n".join(others)


TRIED = """\
try:
    from zygoterules import adjoint
except ImportError:
    from adjoint2rrule.legacy import adjoint"""
CLASSES = """\
@dataclass
class Pair:
    a: float
    b: float = 1.0
    note: str = ""


class Loose:
    def __init__(self, a, b):
        self.a, self.b = a, b"""


# -- one rule ------------------------------------------------------------------------------------


@st.composite
def definitions(draw: DrawFn, number: int) -> tuple[str, tuple[str, str]]:
    """Draw a function with its rule, and a call."""
    return draw(st.sampled_from([plain_functions, explicit_functions, functors, constructors]))(draw, number)


def plain_functions(draw: DrawFn, number: int) -> tuple[str, tuple[str, str]]:
    """Draw a rule in the plain form."""
    return _function(draw, f"function{number}", None)


def explicit_functions(draw: DrawFn, number: int) -> tuple[str, tuple[str, str]]:
    """Draw a rule in the explicit form."""
    return _function(draw, f"function{number}", draw(st.sampled_from(["_", f"rule{number}"])))


def _function(draw: DrawFn, name: str, rule: str | None) -> tuple[str, tuple[str, str]]:
    arguments = draw(argument_lists())
    parameters = ", ".join(a.name + a.mark for a in arguments)
    given = ", ".join(a.name for a in arguments)
    body = draw(bodies(f"{name}({given})", [a.cotangent for a in arguments]))
    head = f"@adjoint\ndef {name}" if rule is None else f"@adjoint({name})\ndef {rule}"
    terms = " + ".join(a.term for a in arguments)
    text = f"def {name}({parameters}):\n    return {terms}\n\n\n{head}({parameters}):\n{body}"
    return text, (name, f"({', '.join(a.value for a in arguments)},)")


def functors(draw: DrawFn, number: int) -> tuple[str, tuple[str, str]]:
    """Draw a rule for calling the instances of a class."""
    name = f"Functor{number}"
    arguments = draw(argument_lists())
    parameters = ", ".join(a.name + a.mark for a in arguments)
    given = ", ".join(a.name for a in arguments)
    of_self = draw(structures(["scale", "shift"]))
    body = draw(bodies(f"self({given})", [of_self, *(a.cotangent for a in arguments)]))
    head = draw(
        st.sampled_from(
            [
                f"@adjoint\ndef __call__(self: {name}",
                f'@adjoint\ndef __call__(self: "{name}"',
                f"@adjoint({name}.__call__)\ndef _(self",
            ]
        )
    )
    terms = " + ".join(a.term for a in arguments)
    text = (
        f"@dataclass\nclass {name}:\n    scale: float\n    shift: float\n\n"
        f"    def __call__(self, {parameters}):\n        return self.shift + self.scale * ({terms})\n\n\n"
        f"{head}, {parameters}):\n{body}"
    )
    return text, (f"{name}(2.0, 0.5)", f"({', '.join(a.value for a in arguments)},)")


def constructors(draw: DrawFn, number: int) -> tuple[str, tuple[str, str]]:
    """Draw a rule for making an object, whose seed has its fields."""
    name = f"Made{number}"
    body = draw(bodies(f"{name}(a, b, note)", ["SEED['a']", 'SEED["b"]', "None"]))
    head = draw(st.sampled_from([f"@adjoint\ndef {name}", f"@adjoint({name})\ndef _"]))
    text = (
        f"@dataclass\nclass {name}:\n    a: float\n    b: float\n    note: str\n\n\n"
        f'{head}(a, b: float, note: str = ""):\n{body}'
    )
    return text, (name, "(1.5, 2.0, 'n')")


# -- arguments -----------------------------------------------------------------------------------


@st.composite
def argument_lists(draw: DrawFn) -> list[Argument]:
    """Draw one to four arguments; those with a default come last."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True))
    found = [draw(st.sampled_from(KINDS))(draw, name) for name in names]
    return sorted(found, key=lambda a: "=" in a.mark)


def _number(draw: DrawFn, name: str) -> Argument:
    mark = draw(st.sampled_from(["", ": float", ': "float"', "=1.0", ": float = 2"]))
    slope = draw(st.sampled_from(["2", "0.5", f"np.cos({name})"]))
    cotangent = draw(
        st.sampled_from([f"{slope} * SEED", f"SEED * ({slope})", "SEED", "None", "None if SWITCH else -SEED"])
    )
    return Argument(name, mark, "1.25", f"3 * {name}", cotangent)


def _array(draw: DrawFn, name: str) -> Argument:
    mark = draw(st.sampled_from(["", ": np.ndarray"]))
    cotangent = draw(st.sampled_from([f"np.full({name}.shape, SEED)", f"SEED * {name}[::-1]", "None"]))
    return Argument(name, mark, "np.array([1.0, 2.0, 4.0])", f"np.sum({name})", cotangent)


def _option(draw: DrawFn, name: str) -> Argument:
    mark, value = draw(
        st.sampled_from(
            [
                (": int", "3"),
                (": str", "'s'"),
                ("=True", "False"),
                (": bool = False", "True"),
                ("=None", "None"),
            ]
        )
    )
    return Argument(name, mark, value, "1.0", "None")


def _pair(draw: DrawFn, name: str) -> Argument:
    mark = draw(st.sampled_from(["", ": Pair", ': "Pair"']))
    return Argument(
        name, mark, "Pair(1.5, 2.5)", f"{name}.a * {name}.b", draw(structures(["a", "b", "note"]))
    )


def _loose(draw: DrawFn, name: str) -> Argument:
    mark = draw(st.sampled_from(["", ": Loose"]))
    return Argument(name, mark, "Loose(1.5, 2.5)", f"{name}.a - {name}.b", draw(structures(["a", "b"])))


def _two(draw: DrawFn, name: str) -> Argument:
    mark = draw(st.sampled_from(["", ": tuple", ": tuple[float, float]"]))
    parts = draw(st.lists(st.sampled_from(["SEED", "2 * SEED", "None"]), min_size=2, max_size=2))
    cotangent = draw(st.sampled_from(["None", draw(displays(parts, "(", ")"))]))
    return Argument(name, mark, "(1.5, 2.5)", f"{name}[0] + 2 * {name}[1]", cotangent)


def _table(draw: DrawFn, name: str) -> Argument:
    mark = draw(st.sampled_from([": dict", ": dict[str, float]"]))
    return Argument(name, mark, "{'a': 1.5, 'b': 2.5}", f"{name}['a']", draw(structures(["a", "b"])))


KINDS = (_number, _number, _array, _option, _pair, _loose, _two, _table)


@st.composite
def structures(draw: DrawFn, fields: Sequence[str]) -> str:
    """Draw the cotangent of an object or a dict with these fields, some of which get no gradient."""
    if draw(st.integers(0, 5)) == 0:
        return "None"
    values = [draw(st.sampled_from(["SEED", "2 * SEED", "None"])) for _ in fields]
    values = [value if field != "note" else "None" for field, value in zip(fields, values, strict=True)]
    kind = draw(st.sampled_from(["dict(", "SimpleNamespace(", "{"]))
    quote = draw(st.sampled_from(["'", '"']))
    sign = f"{quote}: " if kind == "{" else "="
    start = quote if kind == "{" else ""
    entries = [f"{start}{field}{sign}{value}" for field, value in zip(fields, values, strict=True)]
    return draw(displays(entries, kind, "}" if kind == "{" else ")"))


# -- pullbacks and layouts -----------------------------------------------------------------------


@st.composite
def bodies(draw: DrawFn, value: str, cotangents: Sequence[str]) -> str:
    """Draw the body of a rule with these cotangents of its arguments."""
    seed = draw(st.sampled_from(SEEDS))
    lines = draw(pullbacks(value, [cotangent.replace("SEED", seed) for cotangent in cotangents], seed))
    return "\n".join(f"    {line}" if line else line for line in lines.split("\n"))


@st.composite
def pullbacks(draw: DrawFn, value: str, cotangents: list[str], seed: str) -> str:
    """Draw a pullback in one of its forms, with the `return` of the pair."""
    form = draw(st.sampled_from(["lambda", "named lambda", "def", "variables", "branches", "two"]))
    whole = draw(results(cotangents))
    comment = draw(st.sampled_from(["", f"  {draw(st.sampled_from(COMMENTS))}"]))
    if form == "lambda":
        return f"return {value}, lambda {seed}: {whole}{comment}"
    if form == "named lambda":
        return f"back = lambda {seed}: {whole}{comment}\nreturn {value}, back"
    if form == "def":
        bare = whole[1:-1] if "\n" not in whole and whole.startswith("(") and whole != "()" else whole
        result = draw(st.sampled_from([whole, bare]))
        return f"def back({seed}):\n    return {_deeper(result)}{comment}\n\nreturn {value}, back"
    if form == "variables":
        steps = "".join(f"    d{i} = {_deeper(c)}{comment}\n" for i, c in enumerate(cotangents))
        names = "".join(f"d{i}, " for i in range(len(cotangents)))
        return f"def back({seed}):\n{steps}    return ({names[:-1]})\n\nreturn {value}, back"
    other = draw(st.sampled_from(["None", draw(results(cotangents))]))
    if form == "branches":
        return (
            f"def back({seed}):\n    if SWITCH:\n        return {_deeper(whole, 2)}{comment}\n"
            f"    return {_deeper(other)}\n\nreturn {value}, back"
        )
    first = f"if SWITCH:\n    return {value}, lambda {seed}: {_deeper(whole)}"
    return f"{first}\nreturn {value}, lambda {seed}: {other}"


def _deeper(text: str, steps: int = 1) -> str:
    return text.replace("\n", "\n" + "    " * steps)


@st.composite
def results(draw: DrawFn, cotangents: list[str]) -> str:
    """Draw the tuple of some cotangents; `None`s at its end can be left out."""
    entries = list(cotangents)
    while entries and entries[-1] == "None" and draw(st.booleans()):
        entries.pop()
    return draw(displays(entries, "(", ")"))


@st.composite
def displays(draw: DrawFn, entries: Sequence[str], opening: str, closing: str) -> str:
    """Draw a layout for a tuple, a dict or a call: on one line, or one entry a line, with comments."""
    is_alone = opening == "(" and len(entries) == 1
    comma = "," if is_alone or (entries and draw(st.booleans())) else ""
    if not entries or draw(st.booleans()):
        space = draw(st.sampled_from(["", "", " "])) if entries else ""
        return f"{opening}{space}{', '.join(entries)}{comma}{space}{closing}"
    lines = [opening]
    for i, entry in enumerate(entries):
        if draw(st.integers(0, 3)) == 0:
            lines.append(f"    {draw(st.sampled_from(COMMENTS))}")
        after = f"  {draw(st.sampled_from(COMMENTS))}" if draw(st.integers(0, 3)) == 0 else ""
        lines.append(f"    {_deeper(entry)}{comma if i + 1 == len(entries) else ','}{after}")
    return "\n".join([*lines, closing])
