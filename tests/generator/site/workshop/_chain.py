"""The legacy names once more, at the end of a chain."""

from workshop import _ad as diff  # noqa: F401
from workshop._ad import *  # noqa: F403
from workshop._ad import _pullback  # noqa: F401
