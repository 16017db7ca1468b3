"""Uses of a tangent that would change their meaning."""

from __future__ import annotations

import ast
from dataclasses import dataclass


@dataclass(frozen=True)
class UseProblem:
    """A use of a tangent that would change its meaning.

    All of them can be adapted but ``mutated-seed``.

    Attributes
    ----------
    slug
        The kind of problem.
    node
        The use, in the pullback itself.
    what
        What is done to the tangent there, as the end of a sentence: "is compared with `None`".
    """

    slug: str
    node: ast.expr | ast.stmt
    what: str


def inspected(node: ast.expr | ast.stmt, what: str) -> UseProblem:
    """Return a problem of code that looks at the form of a tangent."""
    return UseProblem("inspected-seed", node, what)


def mutated(node: ast.expr | ast.stmt) -> UseProblem:
    """Return a problem of code that changes a tangent in place."""
    return UseProblem("mutated-seed", node, "is changed in place")


def unfollowed(node: ast.expr) -> UseProblem:
    """Return a problem of code in which a tangent is lost sight of."""
    return inspected(node, "is used in a way that cannot be followed")
