"""Runs the command line as ``python -m adjoint2rrule``."""

from adjoint2rrule.cli import main

main()
