"""The legacy names once more, at the end of a chain."""

from workshop import _ad as diff
from workshop._ad import *  # noqa: F403

__all__ = [*diff.__all__, "diff"]
