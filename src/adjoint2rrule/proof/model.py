"""What flows through the proof of a conversion: small frozen values, and nothing that acts."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from adjoint2rrule.convert.annotations import Place
from adjoint2rrule.convert.scopes import DefinitionNode
from adjoint2rrule.convert.units import Symbol


@dataclass(frozen=True, order=True)
class Import:
    """One import that an expression needs.

    Attributes
    ----------
    module
        The dotted name of the module.
    name
        What is imported from it; empty where the module itself is.
    alias
        The name after ``as``; empty where there is none.

    Examples
    --------
    >>> str(Import("numpy", alias="np")), Import("numpy", alias="np").bound
    ('import numpy as np', 'np')
    >>> str(Import("lab.layers", "Foo")), Import("scipy.special").bound
    ('from lab.layers import Foo', 'scipy')
    """

    module: str
    name: str = ""
    alias: str = ""

    @property
    def bound(self) -> str:
        """The name that the import binds."""
        return self.alias or self.name or self.module.partition(".")[0]

    def loads(self, module: str) -> bool:
        """Whether the import runs `module`, as that of anything in it does.

        Examples
        --------
        >>> Import("lab.layers", "Foo").loads("lab"), Import("lab", "layers").loads("lab.layers")
        (True, True)
        >>> Import("lab", "Foo").loads("lab.layers")
        False
        """
        return f"{self.module}.{self.name}.".startswith(f"{module}.")

    def __str__(self) -> str:
        front = f"from {self.module} import {self.name}" if self.name else f"import {self.module}"
        return f"{front} as {self.alias}" if self.alias else front


@dataclass(frozen=True)
class Expression:
    """A Python expression, and the imports that it needs."""

    text: str
    imports: frozenset[Import] = frozenset()

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Inputs:
    """One call of what a rule is for.

    Attributes
    ----------
    function
        What is called: a function, a class, an object.
    args, keywords
        What it is called with.
    origin
        Where the values come from, in words, such as ``a call in tests/test_films.py, line 12``.
    """

    function: Expression
    args: tuple[Expression, ...]
    keywords: tuple[tuple[str, Expression], ...] = ()
    origin: str = field(default="", compare=False)

    @property
    def expressions(self) -> tuple[Expression, ...]:
        """All that the call consists of."""
        return self.function, *self.args, *(value for _, value in self.keywords)

    @property
    def imports(self) -> frozenset[Import]:
        """All imports that the call needs."""
        return frozenset().union(*(expression.imports for expression in self.expressions))

    def __str__(self) -> str:
        given = (*map(str, self.args), *(f"{name}={value}" for name, value in self.keywords))
        return f"{self.function}({', '.join(given)})"

    def as_json(self) -> dict[str, object]:
        """Return the same in the types of JSON."""
        return {
            "function": self.function.text,
            "args": [arg.text for arg in self.args],
            "keywords": {name: value.text for name, value in self.keywords},
            "imports": sorted(map(str, self.imports)),
        }


class Take(Enum):
    """How a parameter takes its arguments."""

    ONE = "one"  # by position
    REST = "rest"  # `*xs`
    KEYWORD = "keyword"  # by keyword only
    OPTIONS = "options"  # `**kw`


@dataclass(frozen=True)
class Parameter:
    """A parameter of a function that is to be called.

    Attributes
    ----------
    name
        Its name.
    take
        How it takes its arguments.
    annotation, default
        What stands after the colon, and after the equals sign.
    place
        Where these two are to be read.
    """

    name: str
    take: Take
    annotation: ast.expr | None
    default: ast.expr | None
    place: Place


class Reach(Enum):
    """How a test gets hold of what a rule is for."""

    NAMED = "named"  # it can be imported
    INSTANCE = "instance"  # it is an object, which is to be made by calling its class
    MADE = "made"  # it is what a function of the project returns
    NONE = "none"  # not at all


@dataclass(frozen=True)
class Callee:
    """What a rule is for.

    Attributes
    ----------
    reach
        How a test gets hold of it.
    expression
        The function itself; for an instance its class, for what is made its maker.
    parameters
        Those of the maker, where it has to be made.
    symbol
        The class of an instance, where the project says what it is.
    problem
        Why a test cannot get hold of it, in words; empty where it can.
    """

    reach: Reach
    expression: Expression
    parameters: tuple[Parameter, ...] = ()
    symbol: Symbol | None = None
    problem: str = ""


@dataclass(frozen=True, eq=False)
class Body:
    """A function in which the use of parameters can be read.

    Attributes
    ----------
    node, place
        The definition, and the scope inside of it.
    names
        What the parameters of the rule are called there.
    """

    node: DefinitionNode
    place: Place
    names: Mapping[str, str]


@dataclass(frozen=True, eq=False)
class Subject:
    """A rule of a converted file, which is to be proved.

    Attributes
    ----------
    name
        What it is for, in the words of the source: ``solve``, ``np.linalg.inv``, ``RBF``.
    label
        A name for it that no other rule of the file has, and that can be part of an identifier.
    path, module
        The file it stands in, and the dotted name by which that is imported.
    line, last_line
        Where it stands in the converted file, from its first decorator on.
    callee
        What it is for.
    parameters
        What a call takes, as the rule has it, but for the config and the function.
    differentiable
        Whether it is a rule with a pullback, and no statement that there is none.
    bodies
        The rule itself and the function that it is for, as far as the project has them.
    """

    name: str
    label: str
    path: str
    module: str
    line: int
    last_line: int
    callee: Callee
    parameters: tuple[Parameter, ...]
    differentiable: bool = True
    bodies: tuple[Body, ...] = ()


@dataclass(frozen=True)
class Search:
    """What a rule may be called with.

    Attributes
    ----------
    found
        Calls that the sources vouch for, best first: from the project's own tests and examples, from
        annotations, from the way parameters are used.
    possible
        Guesses for a probe to try, those that reveal most first.
    missing
        What would have to be known for `found` to have any, in words.
    """

    found: tuple[Inputs, ...] = ()
    possible: Iterable[Inputs] = ()
    missing: tuple[str, ...] = ()


class Verdict(Enum):
    """What came of trying a rule on a call; the values are words for reports."""

    PASSES = "passes"
    VACUOUS = "vacuous"  # it passes, but nothing that it was given can be perturbed
    WRONG = "wrong"  # what it says contradicts the function
    UNSETTLED = "unsettled"  # the function has a kink here, or finite differences find no value
    UNFIT = "unfit"  # the rule raises, or its result has another form: it is not meant for such arguments
    REJECTED = "rejected"  # the function itself raises, or its value is not finite
    NO_RULE = "no rule"  # no rule takes these arguments
    HANGS = "hangs"  # not done within the time limit
    DIES = "dies"  # it ended the interpreter


@dataclass(frozen=True)
class Trial:
    """What came of one call.

    Attributes
    ----------
    inputs
        The call.
    verdict
        What came of it.
    message
        The reason, in words; empty where it passes.
    lines
        The lines of the rule that were run, in the converted file.
    printed
        What was written to standard output and standard error meanwhile, warnings included.
    """

    inputs: Inputs
    verdict: Verdict
    message: str = ""
    lines: frozenset[int] = frozenset()
    printed: str = ""


class Side(Enum):
    """Which of two copies of a package is run."""

    LEGACY = "legacy"
    CONVERTED = "converted"


@dataclass(frozen=True)
class Leaf:
    """What stands at one place of a value: numbers, or anything else as text.

    Attributes
    ----------
    path
        The way from the value to the place, such as ``.a[3]``; empty for the value itself.
    shape
        The shape of the array; `None` where there are no numbers.
    numbers
        The numbers, flat and exact.
    dtype
        numpy's name for the type of the numbers, such as ``float32``.
    text
        What stands there instead of numbers, as Python prints it; empty where there are numbers.
    """

    path: str
    shape: tuple[int, ...] | None = None
    numbers: tuple[complex, ...] = ()
    dtype: str = ""
    text: str = ""


@dataclass(frozen=True)
class Cotangent:
    """What a pullback gave for one argument.

    Attributes
    ----------
    place
        The argument, as reports call it: ``args[1]``, ``f`` for the function itself.
    name
        The function's own name for it; empty where that is not known.
    leaves
        Its numbers, in the tangent space of the argument; those of zeros are zeros, and an argument that
        cannot be perturbed has none. Where `problem` is set, what was given as it is.
    problem
        Why it is no tangent of its argument; empty where it is one.
    """

    place: str
    name: str
    leaves: tuple[Leaf, ...]
    problem: str = ""


@dataclass(frozen=True)
class Pulled:
    """What a pullback made of one seed.

    Attributes
    ----------
    seed
        The seed in words: ``a random seed``, ``a random seed without [1]``.
    cotangents
        One for the function, and one for each positional argument.
    failure
        What went wrong instead; empty where nothing did.
    """

    seed: str
    cotangents: tuple[Cotangent, ...] = ()
    failure: str = ""

    @property
    def lacks_part(self) -> bool:
        """Whether a part is left out of the seed."""
        return " without " in self.seed


@dataclass(frozen=True)
class Run:
    """What one side makes of a call, to be compared with the other side.

    Attributes
    ----------
    inputs
        The call.
    value
        What stands where in the value that the rule gives.
    pulled
        What the pullback makes of each seed; the seeds of both sides are the same for equal values.
    changes
        Which of its arguments the call changed, in words; empty where none.
    verdict
        `Verdict.PASSES` where the rule gave a value and a pullback; `Verdict.UNFIT` where it raised;
        `Verdict.REJECTED`, where the arguments could not be made; `Verdict.NO_RULE`, `Verdict.HANGS`,
        `Verdict.DIES`.
    failure
        What went wrong, in words; empty where nothing did.
    lines
        The lines of the rule that were run, in the converted file; none on the legacy side.
    printed
        What was written to standard output and standard error meanwhile, warnings included.
    """

    inputs: Inputs
    value: tuple[Leaf, ...] = ()
    pulled: tuple[Pulled, ...] = ()
    changes: str = ""
    verdict: Verdict = Verdict.PASSES
    failure: str = ""
    lines: frozenset[int] = frozenset()
    printed: str = ""
