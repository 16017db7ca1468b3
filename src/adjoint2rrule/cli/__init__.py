"""The command line: `main` is what the ``adjoint2rrule`` script runs.

Each command is a module of this package, and is imported only when it is called.
"""

from __future__ import annotations

import sys

_INTERRUPTED = 130  # what shells say of a program that Ctrl-C ended: 128 + SIGINT


def main() -> None:
    """Run the command that ``sys.argv`` names, and exit with its code.

    0: nothing is left to do. 1: something needs a person. 2: a mistake on the command line. 130: Ctrl-C.
    """
    try:
        # Imported in here, since Ctrl-C may come this early.
        from adjoint2rrule.cli.app import run

        status = run()
    except KeyboardInterrupt:
        print("Interrupted: what was written until now is complete, the rest is as it was.", file=sys.stderr)
        status = _INTERRUPTED
    sys.exit(status)
