"""Lines of JSON to and from the process that started this one."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

STDIN, STDOUT, STDERR = 0, 1, 2


@dataclass(frozen=True)
class Channel:
    """Both directions.

    Attributes
    ----------
    requests, answers
        Where the lines come from, and where they go.
    """

    requests: BinaryIO
    answers: BinaryIO

    @classmethod
    def take_over(cls) -> Channel:
        """Return the channel over what standard input and output were, which then lead nowhere.

        What user code reads and prints after this cannot get in between; the copies are not inherited
        by the programs that it starts.
        """
        requests, answers = os.fdopen(os.dup(STDIN), "rb"), os.fdopen(os.dup(STDOUT), "wb")
        nowhere = os.open(os.devnull, os.O_RDWR)
        os.dup2(nowhere, STDIN)
        os.dup2(nowhere, STDOUT)
        os.close(nowhere)
        return cls(requests, answers)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield the requests until there are no more."""
        while line := self.requests.readline():
            yield json.loads(line)

    def send(self, answer: dict[str, Any]) -> None:
        """Send an answer."""
        self.answers.write(encoded(answer))
        self.answers.flush()


def encoded(message: dict[str, Any]) -> bytes:
    """Return a message as one line."""
    # ASCII, since a string of Python may hold lone surrogates.
    return json.dumps(message).encode("ascii") + b"\n"
