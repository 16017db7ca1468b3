"""The checks that CI makes, one session each: ``nox`` runs them all."""

import nox

nox.options.default_venv_backend = "none"  # they run where nox does: in the environment of the extra `dev`


@nox.session
def lint(session: nox.Session) -> None:
    """Look at format and style."""
    session.run("ruff", "format", "--check", ".")
    session.run("ruff", "check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Check the annotations."""
    session.run("mypy", "--strict", "src")


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests, and the examples in the documentation."""
    session.run("python", "-m", "pytest", *session.posargs)
    session.run(
        "python", "-m", "pytest", "--doctest-modules", "--doctest-glob=*.md", "src", "README.md", "docs"
    )
