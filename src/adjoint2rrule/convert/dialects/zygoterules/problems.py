"""Why something is not converted, as a value that a decision can carry."""

from __future__ import annotations

import ast
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """Why a definition cannot be converted as it stands.

    Attributes
    ----------
    slug
        The kind of problem, in words.
    node
        Where it is.
    message, hint
        What was found, and what its author can do.
    """

    slug: str
    node: ast.expr | ast.stmt
    message: str
    hint: str
