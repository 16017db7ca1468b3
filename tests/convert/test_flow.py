"""`flow`: whether the end of a function's body can be reached."""

from __future__ import annotations

import pytest

from adjoint2rrule.convert.flow import falls_through
from tests.convert.building import parsed

REACH_THE_END = {
    "nothing": "pass",
    "a call": "g()",
    "an `if` without `else`": "if a:\n    return 1",
    "an `elif` without `else`": "if a:\n    return 1\nelif b:\n    return 2",
    "an `else` that goes on": "if a:\n    return 1\nelse:\n    g()",
    "an `if` that goes on": "if a:\n    g()\nelse:\n    return 1",
    "a loop that may run no times": "for i in a:\n    return i",
    "a loop's `else` after a `break`": "for i in a:\n    break\nelse:\n    return 1",
    "a loop with a condition": "while a:\n    return 1",
    "an endless loop with a way out": "while True:\n    if a:\n        break\n    g()",
    "a way out in the `else` of a loop inside": (
        "while True:\n    for i in a:\n        g()\n    else:\n        break"
    ),
    "a way out in a `with`": "while True:\n    with a:\n        break",
    "a handler that goes on": "try:\n    return 1\nexcept E:\n    pass",
    "one handler of two that goes on": "try:\n    return 1\nexcept E:\n    return 2\nexcept F:\n    g()",
    "a `try` that goes on": "try:\n    g()\nexcept E:\n    return 1",
    "a `finally` alone": "try:\n    g()\nfinally:\n    h()",
    "a `match` without a last resort": "match a:\n    case 1:\n        return 1",
    "a last resort on a condition": "match a:\n    case _ if b:\n        return 1",
    "a case that goes on": "match a:\n    case 1:\n        g()\n    case _:\n        return 1",
    "a `with` that goes on": "with open(a):\n    g()",
    "a `with` that may swallow exceptions": "with suppress(E):\n    return 1",
    "a `with` of a dotted name that may": "with contextlib.suppress(E):\n    return 1",
    "a `with` that cannot be told": "with a:\n    return 1",
    "a `with` of which one may": "with open(a), suppress(E):\n    return 1",
    "a `return` of a function inside": "def g():\n    return 1",
    "a `return` of a class's method": "class C:\n    def g(self):\n        return 1",
}
LEAVE_BEFORE = {
    "a `return`": "return 1",
    "a `return` before dead code": "return 1\ng()",
    "a `raise`": "g()\nraise E",
    "both branches": "if a:\n    return 1\nelse:\n    raise E",
    "every `elif`": "if a:\n    return 1\nelif b:\n    return 2\nelse:\n    return 3",
    "a `with` that passes exceptions on": "with np.errstate(all='ignore'):\n    return 1",
    "several of them": "with open(a) as b, warnings.catch_warnings():\n    return 1",
    "a `try` and its handlers": "try:\n    return 1\nexcept E:\n    raise\nexcept F:\n    return 2",
    "a `try` and its `else`": "try:\n    g()\nexcept E:\n    return 1\nelse:\n    return 2",
    "a `try` with a `finally` that goes on": "try:\n    return 1\nfinally:\n    g()",
    "a `finally`": "try:\n    g()\nfinally:\n    return 1",
    "an endless loop": "while True:\n    g()",
    "an endless loop by a number": "while 1:\n    return 1",
    "an endless loop around one with a `break`": "while True:\n    for i in a:\n        break",
    "a `match` with a last resort": "match a:\n    case 1:\n        return 1\n    case _:\n        return 2",
    "a last resort with a name": "match a:\n    case None:\n        return 1\n    case x:\n        raise E",
    "a last resort among others": "match a:\n    case 1 | _:\n        return 2",
    "a last resort with two names": "match a:\n    case _ as x:\n        return x",
}


@pytest.mark.parametrize("text", REACH_THE_END.values(), ids=REACH_THE_END)
def test_control_goes_past(text):
    assert falls_through(parsed("async def f():\n    " + text.replace("\n", "\n    ")).tree.body[0].body)


@pytest.mark.parametrize("text", LEAVE_BEFORE.values(), ids=LEAVE_BEFORE)
def test_control_does_not_go_past(text):
    assert not falls_through(parsed("async def f():\n    " + text.replace("\n", "\n    ")).tree.body[0].body)


def test_empty_body_is_gone_through():
    assert falls_through([])
